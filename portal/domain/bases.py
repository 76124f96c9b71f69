"""What figures are worked out from that is not in the same answer: earlier periods, other forms, units below.

An accepted answer keeps them as they were looked at: its calculated figures stay as they were accepted, whatever is
corrected elsewhere afterwards, and can be worked out again at any time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.domain.calculation import completed
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import FormVersion
from portal.domain.lists import Lists
from portal.domain.quantities import Context, Reference, When
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import Value, Values, value_from_json, value_to_json


@dataclass(frozen=True)
class Seen:
    """A figure as it was looked at.

    Attributes:
        value: without the note beside it, in the words and measures of the form that looks at it.
        version: of the answer that it stood in; None: none was accepted, or it is a sum over units below.
        below: of such a sum, the versions of the answers that it is of, by unit id; empty if they were not kept.
    """

    value: Value
    version: int | None = None
    below: Mapping[int, int] = field(default_factory=dict)


Basis = Mapping[Reference, Seen]
"""By what the formulas call them."""


def looked_at(form: FormVersion) -> frozenset[Reference]:
    """Everything outside of an answer that its figures are worked out from."""
    return form.kept(
        looked_at,
        lambda: frozenset(
            reference
            for indicator in form
            for source in worked_out_from(form, indicator)
            for reference in source.references
            if not reference.own and not reference.of_list
        ),
    )


def behind(form: FormVersion, code: str) -> frozenset[Reference]:
    """Those of them that an indicator comes of, or what it adds to roll-ups: directly or through others of the form."""
    return form.kept((behind, code), lambda: frozenset(_references_behind(form, code)) & looked_at(form))


def _references_behind(form: FormVersion, code: str) -> Iterator[Reference]:
    waiting, met = [code], {code}
    while waiting:
        indicator = form.by_code[waiting.pop()]
        references = [each for source in worked_out_from(form, indicator) for each in source.references]
        yield from references
        way = indicator.aggregation
        others = {each.code for each in references if each.own} | {way.of, way.weight}
        waiting += (others & form.by_code.keys()) - met
        met |= others


def resting_elsewhere(form: FormVersion) -> frozenset[str]:
    """The indicators whose figures, or what they add to roll-ups, come of such figures."""
    return frozenset(code for code in form.codes if behind(form, code))


def completed_on(basis: Basis, form: FormVersion, level: Level, values: Values, lists: Lists) -> dict[str, Value]:
    """Every indicator of the form with its value at a unit of that level, worked out from what was looked at."""
    tables: defaultdict[tuple[str, When], dict[str, Value]] = defaultdict(dict)
    for reference, seen in basis.items():
        tables[reference.form, reference.when][reference.code] = seen.value
    others = {
        other: Context(tables[other, When.NOW], tables[other, When.LAST_YEAR], tables[other, When.PREVIOUS])
        for other in {reference.form for reference in basis} - {""}
    }
    around = Surroundings(others=others, below=tables["", When.BELOW], lists=lists)
    return completed(form, level, values, tables["", When.LAST_YEAR], tables["", When.PREVIOUS], around)


def as_accepted(
    basis: Basis | None,
    form: FormVersion,
    level: Level,
    values: Values,
    last_year: Values | None,
    previous: Values | None,
    around: Surroundings,
) -> dict[str, Value]:
    """The same of an answer that keeps its basis; of any other (None) as `completed` works it out now."""
    if basis is None:
        return completed(form, level, values, last_year, previous, around)
    return completed_on(basis, form, level, values, around.lists)


def basis_to_json(basis: Basis) -> list[dict[str, object]]:
    """The basis as it is stored, in the order of its names."""
    return [
        {"of": str(reference), "version": seen.version, **value_to_json(seen.value)}
        | ({"below": {str(unit_id): version for unit_id, version in seen.below.items()}} if seen.below else {})
        for reference, seen in sorted(basis.items(), key=lambda each: str(each[0]))
    ]


def basis_from_json(form: FormVersion, stored: Sequence[Mapping[str, Any]]) -> dict[Reference, Seen]:
    """What `basis_to_json` wrote, as far as the form looks at it."""
    names = {str(reference): reference for reference in looked_at(form)}
    found = {}
    for each in stored:
        if each["of"] in names:
            below = {int(unit_id): version for unit_id, version in each.get("below", {}).items()}
            found[names[each["of"]]] = Seen(value_from_json(each), each["version"], below)
    return found


def of_earlier(references: Collection[Reference]) -> frozenset[str]:
    """The indicators of the same form whose earlier figures are among them."""
    return frozenset(each.code for each in references if not each.form and each.when in {When.LAST_YEAR, When.PREVIOUS})
