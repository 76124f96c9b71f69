"""Dashboards: one Dash app at `/dashboards/`. They read through `portal.queries` and change nothing."""
