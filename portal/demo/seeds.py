"""Figures of two published reports, exactly as published, in `seed_values.csv`.

They are the reports on rule-of-law government of 清远市清城区民政局 for 2023 and of 宁夏回族自治区民政厅 for 2019.
Notes say where a figure was not stated outright, or covers something else than what is asked.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files

from portal.domain.values import Value, Values

Seeds = Mapping[tuple[str, int], Values]
"""By unit code and year."""


def read_seeds() -> Seeds:
    """The figures of the published reports; what a report does not say is missing."""
    text = files("portal.demo").joinpath("seed_values.csv").read_text(encoding="utf-8")
    found: dict[tuple[str, int], dict[str, Value]] = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(text)):
        found[row["unit"], int(row["period"])][row["code"]] = Value.of(
            Decimal(row["value"]), note=row["note"], approximate=bool(row["approximate"])
        )
    return dict(found)
