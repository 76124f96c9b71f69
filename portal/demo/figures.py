"""Made-up figures of one unit through the years: drawn, checked against the form's own rules, and drawn again."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from portal.demo.chance import chance
from portal.demo.profile import NO_STORY, Profile, Told
from portal.demo.seeds import Seeds
from portal.demo.ways import FIRST_YEAR, DemoUnit, Scene
from portal.domain.calculation import completed
from portal.domain.expressions import Context
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.rules import check
from portal.domain.values import NOT_APPLICABLE, Value, Values

_ATTEMPTS = 16
_CALMER = 0.6
"""How much less each further attempt may move away from last year."""


class ProfileContradictsFormError(RuntimeError):
    """However little moves, the form's rules find something: profile and form do not fit together."""


@dataclass(frozen=True)
class PeriodFigures:
    """What one unit reports for one period.

    Attributes:
        values: typed answers by indicator; what is left blank is left out.
        table: every indicator as the next period sees it, once the report is accepted.
        told: the reasons given for the findings there are; there are no others.
        published: the figures are a published report's, not made up, and far from complete.
    """

    period: Period
    values: Values
    table: Values = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    published: bool = False


def list_years(form: FormVersion, profile: Profile, seeds: Seeds, unit: DemoUnit, last: int) -> Iterator[PeriodFigures]:
    """The unit's figures from the first year to the last; each year follows from the one before.

    A published report is taken as it is and never accepted: the year after it begins anew.
    """
    before: Values = {}
    for year in range(FIRST_YEAR, last + 1):
        seed = seeds.get((unit.code, year))
        if seed is None:
            figures = draw_year(form, profile, unit, year, before)
        else:
            figures = PeriodFigures(Period(year), seed, published=True)
        yield figures
        before = figures.table


def draw_year(form: FormVersion, profile: Profile, unit: DemoUnit, year: int, last_year: Values) -> PeriodFigures:
    """Draw a year until the form's rules find nothing but what the unit has a reason for.

    Raises:
        ProfileContradictsFormError: that never happens.
    """
    told = profile.stories.get((unit.code, year), NO_STORY).explained
    foreseen = {each.key for each in told}
    found: set[tuple[str, str, str]] = set()
    for attempt in range(_ATTEMPTS):
        values = _drawn(form, profile, unit, year, last_year, _CALMER**attempt)
        found = {finding.key for finding in check(form, unit.level, values, last_year).findings}
        if found == foreseen:
            values = _with_remarks(profile, unit, year, values)
            return PeriodFigures(Period(year), values, completed(form, unit.level, values, None), told)
    message = f"{unit.code} {year}: {sorted(found ^ foreseen)}"
    raise ProfileContradictsFormError(message)


def _drawn(
    form: FormVersion, profile: Profile, unit: DemoUnit, year: int, last_year: Values, pull: float
) -> dict[str, Value]:
    inapplicable = profile.inapplicable(unit)
    values: dict[str, Value] = {}
    for code, way in profile.ways(unit, year):
        indicator = form.by_code[code]
        if unit.level not in indicator.filled_by:
            values[code] = NOT_APPLICABLE  # so that expressions count it as 0; taken out below
        elif code in inapplicable:
            values[code] = NOT_APPLICABLE
        else:
            scene = Scene(unit, indicator, year, Context(values, last_year), pull, profile.local(unit, code))
            answer = way.answer(scene)
            if answer is not None:
                values[code] = Value.of(answer)
    return {code: value for code, value in values.items() if unit.level in form.indicator(code).filled_by}


def _with_remarks(profile: Profile, unit: DemoUnit, year: int, values: Values) -> dict[str, Value]:
    """The figures, some of them with a note, a day, or as an approximate number."""
    remarked = dict(values)
    throw = chance(unit.code, year, "remarks")
    for remark in profile.remarks:
        value = values.get(remark.code)
        if throw.random() < remark.odds and value is not None and value.number:
            as_of_on = date.fromisoformat(f"{year}-{remark.as_of}") if remark.as_of else None
            remarked[remark.code] = replace(value, note=remark.note, approximate=remark.approximate, as_of_on=as_of_on)
    return remarked
