"""Whether a form makes sense: what it refers to is there, and every indicator says how it rolls up."""

import re
from collections.abc import Iterator, Mapping, Sequence

from portal.domain.careful_yaml import PlainPath
from portal.domain.cross_checks import check_layout, place_in_file
from portal.domain.cross_tables import rules_along
from portal.domain.expression_checks import ExpressionChecks
from portal.domain.expressions import ExpressionInvalid
from portal.domain.form_expressions import parse_in
from portal.domain.forms import Aggregation, AggregationKind, DataType, FormVersion, Incomplete, Indicator, Rule, Source
from portal.domain.implied_rules import implied_rules, rules_of
from portal.domain.list_form_checks import check_list_tables
from portal.domain.mapping import check_changes
from portal.domain.measures import read_measure
from portal.domain.over_time import ways_of
from portal.domain.quantities import When
from portal.domain.record_kinds import Mistakes
from portal.domain.rule_checks import check_rule, try_examples

_Coded = tuple[PlainPath, str]
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,31}", re.ASCII)
_TYPES = {
    AggregationKind.SUM: {kind for kind in DataType if kind.is_number},
    AggregationKind.RATIO_OF_SUMS: {kind for kind in DataType if kind.is_number},
    AggregationKind.WEIGHTED_MEAN: {kind for kind in DataType if kind.is_number},
    AggregationKind.MEAN: {kind for kind in DataType if kind.is_number},
    AggregationKind.MINIMUM: {kind for kind in DataType if kind.is_number},
    AggregationKind.MAXIMUM: {kind for kind in DataType if kind.is_number},
    AggregationKind.RANGE: {kind for kind in DataType if kind.is_number},
    AggregationKind.COUNT_YES: {DataType.YES_NO},
    AggregationKind.DISTRIBUTION: {DataType.RATING, DataType.YES_NO},
    AggregationKind.NONE: set(DataType),
}
_DETAILS = {
    AggregationKind.SUM: {"of"},
    AggregationKind.RATIO_OF_SUMS: {"numerator", "denominator"},
    AggregationKind.WEIGHTED_MEAN: {"weight"},
}


def examine(form: FormVersion) -> Mistakes:
    """Everything about the form that does not fit together; places are those of the form file."""
    found = _Examination(form).mistakes.found
    return Mistakes(list(dict.fromkeys((place_in_file(form, path), problem) for path, problem in found)))


class _Examination:
    def __init__(self, form: FormVersion) -> None:
        self.form = form
        self.mistakes = Mistakes()
        self.expressions = ExpressionChecks(form, self.mistakes)
        for number, sheet in enumerate(form.sheets):
            check_layout(sheet, ("sheets", number), self.mistakes)
        check_list_tables(form, self.mistakes)
        check_changes(form, self.mistakes)
        self._something_asked()
        self._codes()
        for path, indicator in self._placed():
            self._source(indicator, path)
            self._roll_up(indicator, (*path, "roll_up"))
            self._over_time(indicator, path)
            self._eliminate(indicator, (*path, "eliminate"))
            self._answers(indicator, path)
            self._whole(indicator, path)
            self._implied(indicator, path)
        self._cycles()
        rules: list[tuple[Rule, PlainPath]] = [(rule, ("rules", place)) for place, rule in enumerate(form.rules)]
        for number, sheet in enumerate(form.sheets):
            along = rules_along(sheet.code, sheet.cross) if sheet.cross else ()
            rules += [(rule, ("sheets", number, "cross", "rules", place)) for place, rule in along]
        readable = [(rule, path) for rule, path in rules if check_rule(self.expressions, rule, path)]
        if not self.mistakes.found:  # an example may rest on anything in the form
            for rule, path in readable:
                try_examples(self.expressions, rule, path)

    def _add(self, path: PlainPath, zh: str, en: str) -> None:
        self.mistakes.add(path, zh, en)

    def _something_asked(self) -> None:
        if not self.form.sheets:
            self._add(("sheets",), "至少要有一张表", "needs at least one sheet")

    def _placed(self) -> Iterator[tuple[PlainPath, Indicator]]:
        for number, sheet in enumerate(self.form.sheets):
            for position, indicator in enumerate(sheet.indicators):
                yield ("sheets", number, "indicators", position), indicator

    def _codes(self) -> None:
        """The form's code stands in keys and rights, indicators' codes in expressions, and no code comes twice."""
        if not _CODE.fullmatch(self.form.code):
            self._add(
                ("code",),
                f"报表代码“{self.form.code}”须由大写字母、数字、下划线组成，以字母开头",
                f'form code "{self.form.code}" must be capital letters, digits and underscores, a letter first',
            )
        indicators: list[_Coded] = [((*path, "code"), each.code) for path, each in self._placed()]
        sheets: list[_Coded] = [(("sheets", n, "code"), each.code) for n, each in enumerate(self.form.sheets)]
        rules: list[_Coded] = [(("rules", n, "id"), each.id) for n, each in enumerate(rules_of(self.form))]
        for path, code in indicators:
            if not _CODE.fullmatch(code) or code in {When.LAST_YEAR, When.PREVIOUS, When.BELOW}:
                self._add(
                    path,
                    f"指标代码“{code}”须由大写字母、数字、下划线组成，以字母开头",
                    f'indicator code "{code}" must be capital letters, digits and underscores, a letter first',
                )
        sections: list[_Coded] = [(("outline", n, "code"), each.code) for n, each in enumerate(self.form.outline)]
        for path, code in sections:
            if not _CODE.fullmatch(code):
                self._add(
                    path,
                    f"章节代码“{code}”须由大写字母、数字、下划线组成，以字母开头",
                    f'section code "{code}" must be capital letters, digits and underscores, a letter first',
                )
        for group in (indicators, sheets, sections, rules):
            seen: set[str] = set()
            for path, code in group:
                if code in seen:
                    self._add(path, f"“{code}”重复", f'"{code}" comes twice')
                seen.add(code)

    def _source(self, indicator: Indicator, path: PlainPath) -> None:
        """A ratio is never typed; what is calculated says from what, and so does what is carried."""
        is_ratio = indicator.aggregation.kind is AggregationKind.RATIO_OF_SUMS
        if (indicator.source is Source.CALCULATED) != (is_ratio or bool(indicator.formula)):
            zh = "calculated 的指标须有 formula 或按 ratio_of_sums 汇总，其他指标不得有"
            en = "calculated goes with a formula or with rolling up as ratio_of_sums, and only with them"
            self._add((*path, "source"), zh, en)
        elif indicator.type is DataType.RATIO and not is_ratio:
            self._add((*path, "source"), "比率不能填报，只能计算", "a ratio is never typed, it is calculated")
        if indicator.formula:
            self._formula(indicator, (*path, "formula"), is_ratio=is_ratio)
        at = (*path, "carried_from")
        if (indicator.source is Source.CARRIED) != bool(indicator.carried_from):
            self._add(at, "carried 的指标须有 carried_from，其他指标不得有", "carried_from goes with source: carried")
        if indicator.carried_from:
            expression = self.expressions.quantity(indicator.carried_from, at)
            earlier = {When.LAST_YEAR, When.PREVIOUS}
            if expression and any(each.when not in earlier for each in expression.references):
                self._add(at, "只能引用 LY(…) 或 PREV(…)", "may look at LY(…) and PREV(…) only")

    def _formula(self, indicator: Indicator, path: PlainPath, *, is_ratio: bool) -> None:
        """Worked out in the indicator's own unit; what rolls up rests on the unit's own figures alone."""
        if is_ratio:
            self._add(path, "ratio_of_sums 不用 formula", "ratio_of_sums takes no formula")
        expression = self.expressions.quantity(indicator.formula, path)
        if expression is None:
            return
        adds_up = indicator.aggregation.kind is not AggregationKind.NONE
        if adds_up and any(each.form or each.when is When.BELOW for each in expression.references):
            zh = "要汇总的指标不能引用下级或其他报表"
            en = "what rolls up must not look at units below or at other forms"
            self._add(path, zh, en)
        known = [self.form.by_code[code] for code in expression.codes if code in self.form.by_code]
        ratios = any(each.aggregation.kind is AggregationKind.RATIO_OF_SUMS for each in known)
        if ratios and indicator.aggregation.kind is AggregationKind.SUM:
            self._add(path, "比率不能相加", "ratios are not added up")
        measure = self.expressions.measure(expression, path) if len(known) == len(expression.codes) else None
        own = read_measure(indicator.unit, indicator.unit_synonyms)
        if measure and own and not own.same_as(measure):
            self._add(path, f"得数以{measure.text}计，不是{own.text}", f"comes to {measure.text}, not {own.text}")

    def _cycles(self) -> None:
        """No calculated indicator rests on itself."""
        rests_on = {
            indicator.code: [code for text in _texts(indicator) for code in _codes_in(self.form, text)]
            for indicator in self.form
            if indicator.source is Source.CALCULATED
        }
        for path, indicator in self._placed():
            circle = _circle(indicator.code, rests_on)
            if circle:
                way = " → ".join(circle)
                self._add(
                    (*path, "formula" if indicator.formula else "roll_up"), f"循环引用：{way}", f"a circle: {way}"
                )

    def _implied(self, indicator: Indicator, path: PlainPath) -> None:
        """What the rules that follow from an indicator need is there."""
        if indicator.parts and not self.form.parts.get(indicator.code, []):
            self._add((*path, "parts"), "没有以它为 part_of 的指标", "no indicator is part_of it")
            return
        if indicator.balance and not (indicator.balance.plus or indicator.balance.minus):
            self._add((*path, "balance"), "须有 plus 或 minus", "needs plus or minus")
        unwritten = ExpressionChecks(self.form, self.mistakes, written=False)
        for rule in implied_rules(self.form, indicator):
            unwritten.condition(rule.expression, (*path, rule.id.rpartition("-")[2]))

    def _roll_up(self, indicator: Indicator, path: PlainPath) -> None:
        way = indicator.aggregation
        if indicator.type not in _TYPES[way.kind]:
            zh, en = f"{indicator.type} 不能按 {way.kind} 汇总", f"{indicator.type} cannot roll up as {way.kind}"
            self._add(path, zh, en)
        allowed = _DETAILS.get(way.kind, set())
        for key in ("of", "numerator", "denominator", "weight"):
            if getattr(way, key) and key not in allowed:
                self._add((*path, key), f"{way.kind} 不用 {key}", f"{way.kind} takes no {key}")
        for key in ("of", "weight"):
            code = getattr(way, key)
            if code or (key == "weight" and key in allowed):
                self.expressions.number(code, (*path, key))
        if way.kind is AggregationKind.RATIO_OF_SUMS:
            self._ratio(way, path)

    def _eliminate(self, indicator: Indicator, path: PlainPath) -> None:
        """What is eliminated from a sum is told by a sum."""
        if not indicator.eliminate:
            return
        told = self.form.by_code.get(indicator.eliminate)
        if any(each is None or each.aggregation.kind is not AggregationKind.SUM for each in (indicator, told)):
            zh = "冲抵只用于按 sum 汇总的指标，冲抵数也取自这样的指标"
            self._add(path, zh, "only sums have eliminations, told by an indicator that is a sum too")

    def _over_time(self, indicator: Indicator, path: PlainPath) -> None:
        way, kind = indicator.over_time, indicator.aggregation.kind
        if way is not None and way not in ways_of(indicator):
            nature = ("时点数", "stock") if indicator.stock else ("时期数", "flow")
            zh = f"按 {kind} 汇总的{nature[0]}不能跨期 {way}"
            self._add((*path, "over_time"), zh, f"a {nature[1]} that rolls up as {kind} does not go over time as {way}")
        if kind is AggregationKind.NONE and indicator.aggregation.incomplete is not Incomplete.PARTIAL:
            self._add((*path, "roll_up", "incomplete"), f"{kind} 不用 incomplete", f"{kind} takes no incomplete")

    def _ratio(self, way: Aggregation, path: PlainPath) -> None:
        for key, text in (("numerator", way.numerator), ("denominator", way.denominator)):
            at = (*path, key)
            expression = self.expressions.quantity(text, at)
            if expression is None:
                continue
            if len(expression.codes) < len(expression.references):
                self._add(at, "比率只能引用本期的数", "a ratio looks at this period only")
            known = [self.form.by_code[code] for code in expression.codes if code in self.form.by_code]
            if any(indicator.aggregation.kind is AggregationKind.RATIO_OF_SUMS for indicator in known):
                self._add(
                    at, "比率不能引用计算得出的比率", "a ratio must not look at a ratio that is itself calculated"
                )

    def _answers(self, indicator: Indicator, path: PlainPath) -> None:
        if not indicator.filled_by <= self.form.levels:
            self._add((*path, "filled_by"), "须是本报表填报层级中的若干级", "must be some of the levels of the form")
        if (indicator.type is DataType.RATING) != bool(indicator.choices):
            self._add((*path, "choices"), "rating 须列出 choices，其他类型不得有", "choices go with type: rating")
        if len(set(indicator.choices)) < len(indicator.choices):
            self._add((*path, "choices"), "选项重复", "a choice comes twice")
        least = indicator.minimum
        for key, most in (("plausible_max", indicator.plausible_maximum), ("max", indicator.maximum)):
            if least is not None and most is not None and least > most:
                self._add((*path, "min"), f"min 大于 {key}", f"min is greater than {key}")

    def _whole(self, indicator: Indicator, path: PlainPath) -> None:
        """A part stands on the same sheet as its whole, below it."""
        before = self.form.sheets[int(path[1])].indicators[: int(path[3])]
        if indicator.parent and all(each.code != indicator.parent for each in before):
            zh = f"“{indicator.parent}”须在同一张表中，且在本指标之前"
            self._add((*path, "part_of"), zh, f'"{indicator.parent}" must stand on the same sheet, above')


def _texts(indicator: Indicator) -> tuple[str, ...]:
    way = indicator.aggregation
    return tuple(text for text in (indicator.formula, way.numerator, way.denominator) if text)


def _codes_in(form: FormVersion, text: str) -> tuple[str, ...]:
    try:
        return parse_in(form, text).codes
    except ExpressionInvalid:
        return ()


def _circle(start: str, rests_on: Mapping[str, Sequence[str]]) -> list[str]:
    """A way from the indicator over what it rests on back to itself; empty if there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for code in rests_on.get(way[-1], ()):
            if code == start:
                return [*way, code]
            if code not in seen:
                seen.add(code)
                ways.append([*way, code])
    return []
