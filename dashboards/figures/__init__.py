"""Charts: from rows to what Plotly draws. Plain dictionaries, so that building one costs nothing to import."""

from typing import Any

Figure = dict[str, Any]
"""`{"data": [trace, …], "layout": {…}}`, as plotly.js takes it."""
