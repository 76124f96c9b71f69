"""The receipt (回执) of a version that was handed in."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import segno

from portal.domain.forms import Sheet
from portal.domain.submissions import receipt_number
from portal.queries.submissions import SubmissionView, VersionRow
from portal.web.present.sheet import Row, sheet_progress, sheet_rows

KEY_FIGURES_PER_SHEET = 1


@dataclass(frozen=True)
class Receipt:
    """What a receipt says.

    Attributes:
        number: 受理编号.
        sealed_at: when the server took the version in.
        sha256: digest of the version's canonical text, in hex.
        sm3: the same by the Chinese standard; empty where the server cannot compute it.
        answered: typed indicators with an answer in this version.
        of: typed indicators that the unit answers.
        key_figures: a few figures by which a reader recognises the version.
        lists: the lists that are answered, and how many rows they have.
        qr: the number and the digest as an inline SVG.
    """

    number: str
    version: int
    sealed_at: datetime
    sealed_by: str
    sha256: str
    sm3: str
    answered: int
    of: int
    key_figures: list[Row]
    lists: list[tuple[Sheet, int]]
    qr: str


def receipt_of(view: SubmissionView, version: VersionRow) -> Receipt:
    """The receipt of a sealed version; `view` shows that version's figures."""
    if version.sealed_at is None or version.sha256 is None:
        message = f"version {version.number} of {view.key} is not sealed"
        raise ValueError(message)
    progress = sheet_progress(view, ())
    number = receipt_number(view.key, version.number, version.sha256)
    return Receipt(
        number,
        version.number,
        version.sealed_at,
        version.sealed_by or "",
        version.sha256,
        version.sm3 or "",
        sum(each.answered for each in progress if each.listed is None),
        sum(each.of for each in progress if each.listed is None),
        _key_figures(view),
        [(each.sheet, len(each.listed.items)) for each in progress if each.listed and each.listed.answered],
        segno.make(f"{number} SHA256:{version.sha256}", error="m").svg_inline(
            omitsize=True, border=2, svgclass=None, lineclass=None
        ),
    )


def _key_figures(view: SubmissionView) -> list[Row]:
    """The first reported number of every sheet."""
    found: list[Row] = []
    for sheet in view.form.sheets:
        numbers = (row for row in sheet_rows(view, sheet) if row.value.number is not None and row.indicator.typed)
        found += islice(numbers, KEY_FIGURES_PER_SHEET)
    return found
