"""地图: where an indicator is high or low."""
