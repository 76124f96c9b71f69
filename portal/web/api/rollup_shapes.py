"""What the API answers about numbers over units: what they rest on, where they come from, where they break."""

from portal.domain.values import value_to_json
from portal.queries.progress import CompletenessRow
from portal.queries.recalculated_rows import Recalculated
from portal.queries.rollups.differences import DifferenceRow
from portal.queries.rollups.entries import EntryRow
from portal.queries.rollups.lineage import Contribution, Figure
from portal.queries.rollups.provenance import Absent
from portal.queries.rollups.records import coverage_record
from portal.queries.rollups.series import SeriesBreak
from portal.web.api.resource import Json
from portal.web.api.shapes import instant, number_text, text_shape, unit_shape


def completeness_shape(row: CompletenessRow) -> Json:
    """Counts of submissions of a unit and all below it."""
    return unit_shape(row.unit) | {"form": row.form} | vars(row.completeness)


def difference_shape(row: DifferenceRow) -> Json:
    """A unit's own figure beside the sum of those below it."""
    return {
        "indicator": row.indicator.code,
        "name": text_shape(row.indicator.name),
        "unit_of_measure": row.indicator.unit,
        "scope": str(row.indicator.scope),
        "own": number_text(row.own),
        "children": number_text(row.children),
        "difference": number_text(row.difference),
        "eliminated": number_text(row.eliminated),
        "adjusted": number_text(row.adjusted),
        "whole": number_text(row.whole),
        "verdict": str(row.verdict),
        "reported": row.reported,
        "expected": row.expected,
        "not_applicable": row.coverage and row.coverage.not_applicable,
        **coverage_record(row.coverage),
        "parts": [
            {
                "unit": part.unit_code,
                "unit_name": part.unit_name,
                "value": part.text or None,
                "reported": part.reported,
                "expected": part.expected,
                "not_applicable": part.not_applicable,
                **coverage_record(part.coverage),
            }
            for part in row.parts
        ],
    }


def entry_shape(row: EntryRow) -> Json:
    """An elimination or adjustment of a roll-up; what was withdrawn does not count."""
    withdrawn = row.withdrawal
    return {
        "unit": row.unit.code,
        "form": row.form,
        "indicator": row.indicator,
        "number": row.number,
        "kind": str(row.entry.kind),
        "amount": number_text(row.entry.amount),
        "reason": row.reason,
        "entered_by": row.by,
        "entered_at": instant(row.at),
        "withdrawn": withdrawn and {"reason": withdrawn.reason, "by": withdrawn.by, "at": instant(withdrawn.at)},
    }


def recalculated_shape(row: Recalculated) -> Json:
    """A published number beside what it would be today, and what makes it another."""
    return {
        "period": str(row.period),
        "unit": row.published.unit_code,
        "form": row.form,
        "indicator": row.indicator.code,
        "name": text_shape(row.indicator.name),
        "unit_of_measure": row.indicator.unit,
        "collected_as": row.collected.code,
        "collected_unit_of_measure": row.collected.unit,
        "published": row.published.text or None,
        "anew": row.anew.text or None,
        "difference": number_text(row.difference),
        "reported": row.published.reported,
        "expected": row.published.expected,
        "not_applicable": row.published.not_applicable,
        "partial": row.published.partial,
        **coverage_record(row.published.coverage),
        "recalculated": row.anew.reported,
        "own": row.own,
        "formula_before": row.formulas[0],
        "formula": row.formulas[1],
        "changed_by": [
            {"unit": each.unit or None, "number": each.number, "published_at": instant(each.published_at)}
            for each in row.editions
        ],
        "corrected": [
            {
                "unit": each.unit.code,
                "submission": str(each.submission),
                "figure": str(each.correction.reference),
                "name": text_shape(each.name),
                "version_before": each.correction.versions[0],
                "version": each.correction.versions[1],
                "before": value_to_json(each.correction.values[0]),
                "now": value_to_json(each.correction.values[1]),
            }
            for each in row.corrections
        ],
    }


def break_shape(mark: SeriesBreak) -> Json:
    """Where a series breaks, and why."""
    words = text_shape(mark.words)
    return {"period": str(mark.period), "kind": str(mark.kind), "words": words, "within": mark.within}


def contribution_shape(one: Contribution) -> Json:
    """What a unit adds to a rolled-up number, and where that comes from."""
    return {
        "unit": one.unit.code,
        "unit_name": one.unit.name,
        "level": str(one.unit.level),
        "submission": str(one.submission),
        "version": one.version,
        "status": str(one.status),
        "value": number_text(one.number) or one.category or None,
        "amount": number_text(one.amount),
        "weight": number_text(one.weight),
        "pending": one.pending,
        "in_sight": one.in_sight,
        "figures": [_figure(figure) for figure in one.figures],
    }


def absent_shape(one: Absent) -> Json:
    """A unit that is not in a rolled-up number, and why."""
    return {
        "unit": one.unit.code,
        "unit_name": one.unit.name,
        "level": str(one.unit.level),
        "absence": str(one.absence),
        "reason": one.reason,
    }


def _figure(figure: Figure) -> Json:
    return {
        "submission": str(figure.submission),
        "version": figure.version,
        "indicator": figure.indicator,
        **value_to_json(figure.value),
        "entered_by": figure.entered_by,
        "entered_at": instant(figure.entered_at),
        "upload": str(figure.upload_id) if figure.upload_id else None,
        "file": figure.filename,
        "cell": figure.cell,
    }
