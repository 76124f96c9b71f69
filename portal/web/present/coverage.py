"""What a rolled-up number rests on, in words and counts: the same on every page and in every file."""

from collections.abc import Sequence

from importers.list_workbook import Content
from portal.domain.coverage import Coverage
from portal.web.language import gettext as _


def coverage_counts(coverage: Coverage | None) -> list[tuple[str, int]]:
    """Each count with its name; nothing where all who might have answered are in the number.

    Counts that are no business of the reader are left out, as are the rarer ones that are 0.
    """
    if coverage is None or (coverage.expected == coverage.reported and not _beside(coverage)):
        return []
    always = (
        (_("应报"), coverage.expected),
        (_("已报"), coverage.reported),
        (_("待审核"), coverage.pending),
        (_("逾期未报"), coverage.late),
        (_("免报"), coverage.exempt),
        (_("不适用"), coverage.not_applicable),
    )
    rarer = (
        (_("待审核（已计入）"), coverage.included),
        (_("未到期"), coverage.in_time),
        (_("此项未填"), coverage.unanswered),
    )
    told = [(name, count) for name, count in always if count is not None]
    return told + [(name, count) for name, count in rarer if count]


def coverage_words(coverage: Coverage | None) -> str:
    """The counts in one line; that all are in the number, where they are."""
    return _("，").join(f"{name} {count}" for name, count in coverage_counts(coverage)) or _("齐全")


def _beside(coverage: Coverage) -> int:
    return coverage.not_applicable + coverage.exempt + (coverage.included or 0)


def coverage_columns() -> Sequence[tuple[str, int]]:
    """Names and widths of the columns that `coverage_cells` fills."""
    return [
        (_("已报"), 8),
        (_("应报"), 8),
        (_("不适用"), 8),
        (_("免报"), 8),
        (_("待审核"), 8),
        (_("逾期未报"), 10),
        (_("未到期"), 8),
        (_("已验收未填"), 10),
    ]


def coverage_cells(coverage: Coverage | None) -> Sequence[Content]:
    """The counts; empty where they are no business of the reader."""
    if coverage is None:
        return [None] * len(coverage_columns())
    return [
        coverage.reported,
        coverage.expected,
        coverage.not_applicable,
        coverage.exempt,
        coverage.pending,
        coverage.late,
        coverage.in_time,
        coverage.unanswered,
    ]
