"""Made-up figures obey every rule of the form, within a year and across years."""

from decimal import Decimal
from itertools import pairwise

import pytest

from portal.demo.figures import PeriodFigures, ProfileContradictsFormError, draw_year, list_years
from portal.demo.profile import Profile
from portal.demo.seeds import Seeds
from portal.demo.ways import FIRST_YEAR, DemoUnit, Typical
from portal.domain.calculation import completed
from portal.domain.forms import FormVersion
from portal.domain.rules import check
from portal.domain.units import Level
from portal.domain.values import MISSING, Value, ValueStatus

LAST_YEAR = 2023
URBAN = "440304"
VILLAGES = ("FZ0602", "FZ0604", "FZ0701", "FZ0702", "FZ0706")


@pytest.fixture(scope="module")
def sample(units: dict[str, DemoUnit], profile: Profile) -> list[DemoUnit]:
    """Both provinces, a city without districts, all of Ningxia, 清远 and 深圳, and every unit with a story."""
    named = {"440000", "441900", "442000", *(unit for unit, _ in profile.stories)}
    return [unit for code, unit in units.items() if code in named or code.startswith(("64", "4418", "4403"))]


@pytest.fixture(scope="module")
def years(form: FormVersion, profile: Profile, seeds: Seeds, sample: list[DemoUnit]) -> dict[str, list[PeriodFigures]]:
    return {unit.code: list(list_years(form, profile, seeds, unit, LAST_YEAR)) for unit in sample}


def test_the_profile_covers_the_form(form: FormVersion, profile: Profile) -> None:
    assert {indicator.code for indicator in form if indicator.typed} == set(profile.figures)
    short = [
        code
        for code, way in profile.figures.items()
        if isinstance(way, Typical) and not form.indicator(code).filled_by <= set(way.typical)
    ]
    assert short == []


def test_rules_find_nothing_but_what_is_explained(
    form: FormVersion, sample: list[DemoUnit], years: dict[str, list[PeriodFigures]]
) -> None:
    checked = 0
    for unit in sample:
        before: PeriodFigures | None = None
        for figures in years[unit.code]:
            if not figures.published:
                last_year = before and completed(form, unit.level, before.values, None)
                found = check(form, unit.level, figures.values, last_year).findings
                assert {each.key for each in found} == {told.key for told in figures.told}, (unit.code, figures.period)
                checked += 1
            before = None if figures.published else figures
    assert checked == 5 * len(sample) - 2


def test_every_story_is_told(profile: Profile, years: dict[str, list[PeriodFigures]]) -> None:
    told = {(unit, each.period.year) for unit, series in years.items() for each in series if each.told}
    assert told == {place for place, story in profile.stories.items() if story.explained}


def test_answers_are_those_the_level_types(
    form: FormVersion, sample: list[DemoUnit], years: dict[str, list[PeriodFigures]]
) -> None:
    for unit in sample:
        typed = {indicator.code for indicator in form.typed_at(unit.level)}
        core = {indicator.code for indicator in form.typed_at(unit.level) if indicator.core}
        for figures in years[unit.code]:
            if not figures.published:
                assert core <= figures.values.keys() <= typed


def test_missing_zero_and_not_applicable_all_occur(years: dict[str, list[PeriodFigures]]) -> None:
    values = [figures.values for series in years.values() for figures in series if not figures.published]
    assert any("FZ0208" not in each for each in values)
    assert any(each["FZ0408"].number == 0 for each in values)
    assert all(
        each[code].status is ValueStatus.NOT_APPLICABLE for each in [years[URBAN][0].values] for code in VILLAGES
    )


def test_remarks_occur(years: dict[str, list[PeriodFigures]]) -> None:
    values = [value for series in years.values() for figures in series for value in figures.values.values()]
    assert any(value.approximate for value in values)
    assert any(value.note for value in values)
    assert any(value.as_of_on for value in values)


def test_stocks_follow_from_the_year_before(years: dict[str, list[PeriodFigures]]) -> None:
    for series in (series for series in years.values() if not any(each.published for each in series)):
        for before, now in pairwise(series):
            got = {code: now.values[code].number for code in ("FZ0501", "FZ0505", "FZ0506", "FZ0507", "FZ0806")}
            assert got["FZ0501"] == before.values["FZ0501"].number + got["FZ0505"] - got["FZ0506"] - got["FZ0507"]
            assert got["FZ0806"] == before.values["FZ0808"].number


def test_one_city_has_one_standard(units: dict[str, DemoUnit], years: dict[str, list[PeriodFigures]]) -> None:
    yinchuan = [code for code, unit in units.items() if unit.parent_code == "640100"]
    assert len({years[code][4].values["FZ0603"].number for code in yinchuan}) == 1


def test_figures_are_the_same_every_time(
    form: FormVersion, profile: Profile, seeds: Seeds, units: dict[str, DemoUnit], years: dict[str, list[PeriodFigures]]
) -> None:
    again = list(list_years(form, profile, seeds, units[URBAN], 2021))
    assert again == years[URBAN][:3]


def test_published_figures_break_one_rule_in_all(
    form: FormVersion, seeds: Seeds, years: dict[str, list[PeriodFigures]]
) -> None:
    before = completed(form, Level.DISTRICT, years["441802"][3].values, None)
    findings = [
        *check(form, Level.DISTRICT, seeds["441802", 2023], before).findings,
        *check(form, Level.PROVINCE, seeds["640000", 2019], None).findings,
    ]
    assert [each.rule for each in findings if each.code != "required"] == ["FZ0410-B1"]
    assert next(each for each in findings if each.rule).difference == "-2"


def test_published_figures_are_taken_as_they_are(years: dict[str, list[PeriodFigures]]) -> None:
    qingcheng, ningxia = years["441802"][4], years["640000"][0]
    assert qingcheng.published
    assert ningxia.published
    assert qingcheng.values["FZ0607"].number == Decimal("9.027178")
    assert qingcheng.values["FZ0516"].approximate
    assert qingcheng.values.get("FZ0101", MISSING) is MISSING
    assert ningxia.values["FZ0906"].approximate
    assert len(qingcheng.values) + len(ningxia.values) == 49


def test_the_years_before_lead_up_to_a_published_report(years: dict[str, list[PeriodFigures]]) -> None:
    """The register of 659 can be reached from 2022 with 32 newly registered; 57 is 11 fewer than the year before."""
    before = years["441802"][3].values
    assert before["FZ0508"].number == 68
    assert before["FZ0701"].number == 71
    assert 0 <= before["FZ0501"].number + 32 - 659 <= 40


def test_a_profile_that_cannot_fit_is_refused(form: FormVersion, profile: Profile, units: dict[str, DemoUnit]) -> None:
    unit = units["640121"]
    before = dict(draw_year(form, profile, unit, FIRST_YEAR, {}).table)
    before["FZ0808"] = Value.of(10**6)  # carried in this year, and not to be believed
    with pytest.raises(ProfileContradictsFormError, match="FZ0806"):
        draw_year(form, profile, unit, FIRST_YEAR + 1, before)
