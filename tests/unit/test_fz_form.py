"""The first form, as delivered: its catalogue, its rules, and the two published reports it was drawn from."""

from collections import Counter
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import product

import pytest

from portal.domain.expressions import Context, parse
from portal.domain.findings import Finding
from portal.domain.form_file import read_form, write_form
from portal.domain.forms import AggregationKind, Rule, Scope, Severity, Source
from portal.domain.rules import admissible, calculated, check
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value, Values, exact_text

FORM = read_form(resources.files("portal.reference.forms").joinpath("FZ.yaml").read_text("utf-8"))
ALL = {Level.PROVINCE, Level.CITY, Level.UNDIVIDED_CITY, Level.DISTRICT}

QINGCHENG_2023 = {
    "FZ0410": "28", "FZ0411": "1", "FZ0412": "27", "FZ0413": "2", "FZ0414": "0", "FZ0415": "28", "FZ0416": "28",
    "FZ0501": "659", "FZ0505": "32", "FZ0508": "57", "FZ0513": "19", "FZ0514": "14", "FZ0515": "14", "FZ0516": "3.7",
    "FZ0606": "36", "FZ0607": "9.027178", "FZ0609": "17778", "FZ0701": "71", "FZ0702": "71", "FZ0801": "12",
    "FZ0803": "优秀", "FZ1004": "4", "FZ1005": "5",
}  # fmt: skip
NINGXIA_2019 = {
    "FZ0301": "81", "FZ0302": "7", "FZ0303": "62", "FZ0304": "3", "FZ0305": "2", "FZ0306": "3", "FZ0307": "2",
    "FZ0308": "2", "FZ0309": "0", "FZ0310": "119", "FZ0401": "43", "FZ0704": "529", "FZ0705": "69", "FZ0706": "460",
    "FZ0804": "189", "FZ0901": "63", "FZ0902": "40", "FZ0903": "19", "FZ0904": "4", "FZ0905": "53", "FZ0906": "150",
    "FZ0911": "7", "FZ0912": "47", "FZ0913": "21", "FZ0914": "26", "FZ1004": "2", "FZ1005": "3",
}  # fmt: skip


def values(figures: dict[str, str]) -> dict[str, Value]:
    return {code: Value.of(figure if figure == "优秀" else Decimal(figure)) for code, figure in figures.items()}


class TestCatalogue:
    def test_its_size(self) -> None:
        assert [len(sheet.indicators) for sheet in FORM.sheets] == [9, 9, 16, 17, 16, 12, 8, 8, 16, 5]
        assert Counter(indicator.core for indicator in FORM) == {True: 93, False: 23}
        assert len(FORM.rules) == 50

    def test_every_text_is_in_both_languages(self) -> None:
        texts = [FORM.name, FORM.issuer, FORM.approval, *(sheet.name for sheet in FORM.sheets)]
        texts += [text for indicator in FORM for text in (indicator.name, indicator.definition)]
        assert all(text.zh and text.en for text in texts)

    def test_how_everything_rolls_up(self) -> None:
        assert Counter(indicator.aggregation.kind for indicator in FORM) == {
            AggregationKind.SUM: 86,
            AggregationKind.RATIO_OF_SUMS: 11,
            AggregationKind.RANGE: 10,
            AggregationKind.NONE: 4,
            AggregationKind.WEIGHTED_MEAN: 3,
            AggregationKind.COUNT_YES: 1,
            AggregationKind.DISTRIBUTION: 1,
        }
        assert FORM.indicator("FZ0912").aggregation.of == "FZ0913"
        assert FORM.indicator("FZ0603").aggregation.weight == "FZ0601"

    def test_who_fills_what(self) -> None:
        assert FORM.indicator("FZ0101").filled_by == ALL
        assert FORM.indicator("FZ0209").filled_by == FORM.indicator("FZ0504").filled_by == ALL - {Level.DISTRICT}
        of_the_place = {Level.DISTRICT, Level.UNDIVIDED_CITY}
        assert all(i.filled_by == of_the_place for i in FORM if i.scope is Scope.TERRITORIAL)
        assert {i.code for i in FORM if i.typed} == {i.code for i in FORM.typed_at(Level.UNDIVIDED_CITY)}
        assert len(FORM.typed_at(Level.PROVINCE)) == 86

    def test_what_nobody_types(self) -> None:
        assert [i.code for i in FORM if i.source is Source.CARRIED] == ["FZ1001"]
        assert sum(i.source is Source.CALCULATED for i in FORM) == 11
        assert all(i.change_explain_percent is None for i in FORM if not i.typed)

    def test_the_file_is_as_it_would_be_written(self) -> None:
        text = resources.files("portal.reference.forms").joinpath("FZ.yaml").read_text("utf-8")
        assert text.endswith(write_form(FORM))


class TestPublishedReports:
    @pytest.mark.parametrize(
        ("figures", "level", "broken"),
        [(QINGCHENG_2023, Level.DISTRICT, ["FZ0410-B1"]), (NINGXIA_2019, Level.PROVINCE, [])],
    )
    def test_exactly_one_rule_is_broken(self, figures: dict[str, str], level: Level, broken: list[str]) -> None:
        result = check(FORM, level, values(figures), None)
        assert [finding.rule for finding in result.findings if finding.code != "required"] == broken
        assert len(result.not_evaluated) > 20

    def test_what_is_said_about_it(self) -> None:
        (finding,) = (f for f in check(FORM, Level.DISTRICT, values(QINGCHENG_2023), None).findings if f.rule)
        assert finding.message.zh == "行政检查次数 填报 28，应等于 其中各项之和 30（1+27+2+0），相差 -2"
        assert finding.severity is Severity.BLOCKING

    def test_last_years_figure_of_the_district_fits(self) -> None:
        last_year = values({"FZ0508": "68", "FZ1004": "4"})
        result = check(FORM, Level.DISTRICT, values(QINGCHENG_2023), last_year)
        assert [f.rule for f in result.findings if f.code != "required"] == ["FZ0410-B1"]

    def test_ratios_of_the_district(self) -> None:
        ratios = calculated(FORM, values(QINGCHENG_2023) | values({"FZ0611": "17787"}))
        assert exact_text(ratios["FZ0509"].number or Decimal(0)).startswith("8.6494")
        assert exact_text(ratios["FZ0610"].number or Decimal(0)).startswith("99.949")
        assert ratios["FZ0703"] == Value.of(100)

    def test_figures_of_the_whole_region_would_be_refused_on_entry(self) -> None:
        refused = [
            finding.indicator
            for code, value in values(NINGXIA_2019).items()
            if (finding := admissible(FORM.indicator(code), Level.PROVINCE, value))
        ]
        assert refused == ["FZ0704", "FZ0705", "FZ0706"]

    def test_a_county_without_foundations(self) -> None:
        figures = values({"FZ0501": "123", "FZ0502": "60", "FZ0503": "63"})
        for foundations in ({}, {"FZ0504": NOT_APPLICABLE}):
            result = check(FORM, Level.DISTRICT, figures | foundations, None)
            assert not any(finding.rule for finding in result.findings)
            assert "FZ0501-B1" not in dict(result.not_evaluated)


FIGURES = [Value.of(figure) for figure in (0, 1, 2, 5, 50, 100, 1000)]


def _level(rule: Rule) -> Level:
    return Level.DISTRICT if Level.DISTRICT in FORM.indicator(rule.indicator).filled_by else Level.CITY


@cache
def examples(rule: Rule) -> dict[bool, tuple[Values, Values]]:
    """Figures under which the rule holds, and some under which it is the only one about them that does not."""
    expression = parse(rule.expression)
    sources = [FORM.indicator(code) for code in expression.codes]
    ratios = [parse(side) for i in sources if i.source is Source.CALCULATED for side in _sides(i.code)]
    now = [i.code for i in sources if i.source is not Source.CALCULATED] + [c for side in ratios for c in side.codes]
    places = [(code, 0) for code in dict.fromkeys(now)] + [(code, 1) for code in expression.last_year_codes]
    found: dict[bool, tuple[Values, Values]] = {}
    for base, changed, place in product(FIGURES, FIGURES, places):
        figures = dict.fromkeys(places, base) | {place: changed}
        values, last_year = ({code: v for (code, year), v in figures.items() if year == wanted} for wanted in (0, 1))
        table = {**calculated(FORM, values), **values}
        holds = expression.evaluate(Context(table, last_year))
        if holds is not None and holds not in found and (holds or _finding(rule, values, last_year)):
            found[bool(holds)] = (values, last_year)
    return found


def _sides(code: str) -> tuple[str, str]:
    way = FORM.indicator(code).aggregation
    return way.numerator, way.denominator


def _finding(rule: Rule, values: Values, last_year: Values) -> Finding | None:
    findings = check(FORM, _level(rule), values, last_year).findings
    return next((finding for finding in findings if finding.rule == rule.id), None)


@pytest.mark.parametrize("rule", FORM.rules, ids=lambda rule: rule.id)
class TestEveryRule:
    def test_passes(self, rule: Rule) -> None:
        assert _finding(rule, *examples(rule)[True]) is None

    def test_fails(self, rule: Rule) -> None:
        finding = _finding(rule, *examples(rule)[False])
        assert finding is not None
        assert finding.severity is rule.severity
        assert FORM.indicator(finding.indicator).source is not Source.CALCULATED
        assert finding.message.zh
        assert finding.message.en
        assert finding.advice.zh
        wanted = Decimal(finding.expected.lstrip("≤≥<>"))
        assert Decimal(finding.found) - wanted == Decimal(finding.difference)
        assert set(finding.operands) == {str(reference) for reference in parse(rule.expression).references}
        assert "相差" in finding.message.zh

    def test_is_not_evaluated_without_figures(self, rule: Rule) -> None:
        result = check(FORM, _level(rule), {}, None)
        assert rule.id in dict(result.not_evaluated)
        assert not any(finding.rule for finding in result.findings)
