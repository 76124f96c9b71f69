"""Ids of components that callbacks name."""

LOCATION = "location"
CONTENT = "content"
HEADING = "heading"
PROGRESS_BARS = "progress-bars"
MAP = "map"
