"""Load the demonstration: units, the form, accounts, and five years of reports. What is there already stays."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import chain
from pathlib import Path

from sqlalchemy import select

from portal.db import transaction
from portal.demo import accounts, additions, disclosure, problems, quarters, rollup_entries
from portal.demo.courses import CURRENT_YEAR
from portal.demo.figures import PeriodFigures, list_years
from portal.demo.profile import read_profile
from portal.demo.reports import Figures, Province, list_loaded, load_period
from portal.demo.seeds import read_seeds
from portal.demo.ways import FIRST_YEAR
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.periods import Period, PeriodKind
from portal.domain.reorganisation_file import reorganisation_of
from portal.domain.unit_file import read_units
from portal.domain.units import Placement
from portal.models import Unit
from portal.queries.forms import find_form
from portal.queries.people import portal_actor
from portal.queries.units import list_units
from portal.services import forms, reorganisations, units

ROOTS = ("440000", "640000")
REORGANISED = "640000"
"""The one whose tree was another before an invented reorganisation."""

DISCLOSING = ("440000",)
"""Of these, the ones that also report on information disclosure."""

QUARTERLY = ("640000",)
"""The ones whose cities and districts also report every quarter."""

YEARS = tuple(range(FIRST_YEAR, CURRENT_YEAR + 1))

Progress = Callable[[int, int], None]
"""Called with how many reports are made up, and how many there will be."""


def load(
    data_dir: Path, progress: Progress | None = None, *, roots: Sequence[str] = ROOTS, years: Sequence[int] = YEARS
) -> None:
    """Load the demonstration into the database in use; calling it again adds what is missing, and nothing else.

    A province's year is one transaction: it is loaded as a whole or not at all.

    Args:
        data_dir: where the list of accounts and their password goes.
        progress: called after each report.
        roots: codes of the top units whose trees are loaded.
        years: which years; the figures are the same whichever are chosen.
    """
    form = _load_reference()
    user_ids = accounts.create(data_dir, roots)
    provinces = [_province(form, root, user_ids) for root in roots]
    missing = [(province, _not_loaded(province, years)) for province in provinces]
    work = [(province, wanted) for province, wanted in missing if wanted]
    total = sum(len(province.units) * (wanted[-1] - FIRST_YEAR + 1) for province, wanted in work)
    made_up = chain.from_iterable(_load_province(province, wanted) for province, wanted in work)
    for done, _ in enumerate(made_up, start=1):
        if progress is not None:
            progress(done, total)


def _not_loaded(province: Province, years: Sequence[int]) -> list[int]:
    loaded = list_loaded(province)
    return sorted(year for year in years if Period(year) not in loaded)


def _load_reference() -> FormVersion:
    """Units and form, as far as the installation does not have them; what it has stays as it is."""
    reference = files("portal").joinpath("reference")
    placements, successions = read_units(reference.joinpath("units.csv").read_text(encoding="utf-8"))
    with transaction(None) as session:
        known = set(session.scalars(select(Unit.code)))
        new = [placement for placement in placements if placement.code not in known]
        if new:
            codes = {placement.code for placement in new}
            invented = _invented() if REORGANISED in codes else {}
            also = [invented.pop(each.code, each) for each in new]
            units.import_units(
                session, [*also, *invented.values()], [each for each in successions if each.new_code in codes]
            )
    if new and REORGANISED in codes:
        _reorganise()
    return _published("FZ.yaml")


def _invented() -> dict[str, Placement]:
    """Units that never were, by code, and a real one where it never stood: all of them marked as examples."""
    placements, _none = read_units(files("portal.demo").joinpath("units.csv").read_text(encoding="utf-8"))
    return {placement.code: placement for placement in placements}


def _reorganise() -> None:
    """Bring the invented tree into line with the real one, so that a merger, a split and a move show in the figures."""
    lines = files("portal.demo").joinpath("reorganisation.csv").read_text(encoding="utf-8").splitlines()
    said = reorganisation_of(dict(enumerate(csv.DictReader(lines), start=2)))
    with transaction(None) as session:
        actor = portal_actor(session, REORGANISED)
    with transaction(actor) as session:
        row = reorganisations.begin(session, actor, said.effective_on, said.basis, said.changes)
        reorganisations.apply(session, actor, row.number, row.row_version)
        reorganisations.publish(session, actor, row.number, row.row_version)


def _published(name: str) -> FormVersion:
    """A delivered form, as the installation has it, or as it has it now."""
    ours = read_form(files("portal").joinpath("reference", "forms", name).read_text(encoding="utf-8"))
    with transaction(None) as session:
        published = find_form(session, ours.code, ours.number)
        if published is None:
            forms.publish(session, ours)
        return published or ours


def _province(form: FormVersion, root: str, user_ids: Mapping[str, int]) -> Province:
    with transaction(None) as session:
        trees = [
            list_units(session, under=root),
            *(list_units(session, under=root, period=Period(year)) for year in YEARS),
        ]
        addressed = {unit.code: unit for tree in reversed(trees) for unit in tree if unit.level in form.levels}
        return Province(form, portal_actor(session, root), list(addressed.values()), user_ids)


def _load_province(province: Province, years: Sequence[int]) -> Iterator[str]:
    """Make up every unit's reports year by year, and load those of `years`; gives the unit's code after each report."""
    profile, seeds = read_profile(), read_seeds()
    series = {
        unit.code: list_years(
            province.form, profile, seeds, profile.unit(unit.code, unit.parent_code, unit.level), years[-1]
        )
        for unit in province.units
    }
    figures: dict[str, PeriodFigures] = {}
    for year in range(FIRST_YEAR, years[-1] + 1):
        before, figures = figures, {}
        for code, made_up in series.items():
            figures[code] = next(made_up)
            yield code
        if year == CURRENT_YEAR and additions.CITY in series:
            additions.publish()
        if year in years:
            load_period(province, Period(year), figures)
            if province.actor.place.code in QUARTERLY and year in quarters.YEARS:
                _load_quarters(province, year, before, figures)
            if year == CURRENT_YEAR and {rollup_entries.ELIMINATING, rollup_entries.ADJUSTING} <= series.keys():
                rollup_entries.load(province)
        if year == CURRENT_YEAR and province.actor.place.code in DISCLOSING:
            _load_disclosure(province, figures)
        if year == CURRENT_YEAR and problems.CITY in series:
            _load_problems(province, figures)


def _load_problems(province: Province, elsewhere: Figures) -> None:
    """Send the form of lists down in one city, if it was not, and make up its answers."""
    form = _published("ZG.yaml")
    if Period(CURRENT_YEAR) not in list_loaded(replace(province, form=form)):
        problems.load(province, form, province.units, elsewhere)


def _load_disclosure(province: Province, elsewhere: Figures) -> None:
    """Send the second form down for the current year, if it was not, and make up its answers."""
    also = replace(province, form=_published("XG.yaml"))
    if Period(CURRENT_YEAR) not in list_loaded(also):
        figures = {
            unit.code: disclosure.made_up(also.form, unit.code, unit.level, CURRENT_YEAR, elsewhere[unit.code].values)
            for unit in also.units
        }
        load_period(also, Period(CURRENT_YEAR), figures)


def _load_quarters(province: Province, year: int, before: Figures, elsewhere: Figures) -> None:
    """Send the quarterly form down for the year's quarters for which it was not, and make up its answers."""
    also = replace(province, form=_published("JB.yaml"))
    made_up = {
        unit.code: quarters.made_up(also.form, unit.code, unit.level, year, before[unit.code], elsewhere[unit.code])
        for unit in also.units
        if unit.level in also.form.levels
    }
    for quarter in sorted(set(Period(year).parts(PeriodKind.QUARTER)) - list_loaded(also)):
        load_period(also, quarter, {code: each[quarter] for code, each in made_up.items()})
