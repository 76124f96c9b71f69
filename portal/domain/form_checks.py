"""Whether a form makes sense: what it refers to is there, and every indicator says how it rolls up."""

import re
from collections.abc import Iterator

from portal.domain.careful_yaml import PlainPath
from portal.domain.conditions import Presence
from portal.domain.expressions import Expression, ExpressionInvalid, parse
from portal.domain.forms import Aggregation, AggregationKind, DataType, FormVersion, Indicator, Rule, Source
from portal.domain.quantities import Node, Reference, When
from portal.domain.records import Mistakes

_Coded = tuple[PlainPath, str]
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,31}", re.ASCII)
_TYPES = {
    AggregationKind.SUM: {kind for kind in DataType if kind.is_number},
    AggregationKind.RATIO_OF_SUMS: {kind for kind in DataType if kind.is_number},
    AggregationKind.WEIGHTED_MEAN: {kind for kind in DataType if kind.is_number},
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
    return _Examination(form).mistakes


class _Examination:
    def __init__(self, form: FormVersion) -> None:
        self.form = form
        self.mistakes = Mistakes()
        self._codes()
        for path, indicator in self._placed():
            self._source(indicator, path)
            self._roll_up(indicator, (*path, "roll_up"))
            self._answers(indicator, path)
            self._whole(indicator, path)
        for position, rule in enumerate(form.rules):
            self._rule(rule, ("rules", position))

    def _add(self, path: PlainPath, zh: str, en: str) -> None:
        self.mistakes.add(path, zh, en)

    def _placed(self) -> Iterator[tuple[PlainPath, Indicator]]:
        for number, sheet in enumerate(self.form.sheets):
            for position, indicator in enumerate(sheet.indicators):
                yield ("sheets", number, "indicators", position), indicator

    def _codes(self) -> None:
        """Codes of indicators can be written in expressions, and no code comes twice."""
        indicators: list[_Coded] = [((*path, "code"), each.code) for path, each in self._placed()]
        sheets: list[_Coded] = [(("sheets", n, "code"), each.code) for n, each in enumerate(self.form.sheets)]
        rules: list[_Coded] = [(("rules", n, "id"), each.id) for n, each in enumerate(self.form.rules)]
        for path, code in indicators:
            if not _CODE.fullmatch(code) or code in {When.LAST_YEAR, When.PREVIOUS}:
                self._add(
                    path,
                    f"指标代码“{code}”须由大写字母、数字、下划线组成，以字母开头",
                    f'indicator code "{code}" must be capital letters, digits and underscores, a letter first',
                )
        for group in (indicators, sheets, rules):
            seen: set[str] = set()
            for path, code in group:
                if code in seen:
                    self._add(path, f"“{code}”重复", f'"{code}" comes twice')
                seen.add(code)

    def _source(self, indicator: Indicator, path: PlainPath) -> None:
        """A ratio is never typed; what is calculated says from what, and so does what is carried."""
        is_ratio = indicator.aggregation.kind is AggregationKind.RATIO_OF_SUMS
        if (indicator.source is Source.CALCULATED) != is_ratio:
            zh = "calculated 的指标须按 ratio_of_sums 汇总，反之亦然"
            self._add((*path, "source"), zh, "calculated goes with rolling up as ratio_of_sums, and only with it")
        elif indicator.type is DataType.RATIO and indicator.typed:
            self._add((*path, "source"), "比率不能填报，只能计算", "a ratio is never typed, it is calculated")
        at = (*path, "carried_from")
        if (indicator.source is Source.CARRIED) != bool(indicator.carried_from):
            self._add(at, "carried 的指标须有 carried_from，其他指标不得有", "carried_from goes with source: carried")
        if indicator.carried_from:
            expression = self._quantity(indicator.carried_from, at)
            if expression and expression.codes:
                self._add(at, "只能引用 LY(…) 或 PREV(…)", "may look at LY(…) and PREV(…) only")

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
                self._number(code, (*path, key))
        if way.kind is AggregationKind.RATIO_OF_SUMS:
            self._ratio(way, path)

    def _ratio(self, way: Aggregation, path: PlainPath) -> None:
        for key, text in (("numerator", way.numerator), ("denominator", way.denominator)):
            at = (*path, key)
            expression = self._quantity(text, at)
            if expression is None:
                continue
            if len(expression.codes) < len(expression.references):
                self._add(at, "比率只能引用本期的数", "a ratio looks at this period only")
            known = [self.form.by_code[code] for code in expression.codes if code in self.form.by_code]
            if any(indicator.source is Source.CALCULATED for indicator in known):
                self._add(at, "比率不能引用计算得出的指标", "a ratio must not look at what is itself calculated")

    def _answers(self, indicator: Indicator, path: PlainPath) -> None:
        if not indicator.filled_by <= self.form.levels:
            self._add((*path, "filled_by"), "须是本报表填报层级中的若干级", "must be some of the levels of the form")
        if (indicator.type is DataType.RATING) != bool(indicator.choices):
            self._add((*path, "choices"), "rating 须列出 choices，其他类型不得有", "choices go with type: rating")
        if len(set(indicator.choices)) < len(indicator.choices):
            self._add((*path, "choices"), "选项重复", "a choice comes twice")
        least, most = indicator.minimum, indicator.plausible_maximum
        if least is not None and most is not None and least > most:
            self._add((*path, "min"), "min 大于 plausible_max", "min is greater than plausible_max")

    def _whole(self, indicator: Indicator, path: PlainPath) -> None:
        """A part stands on the same sheet as its whole, below it."""
        before = self.form.sheets[int(path[1])].indicators[: int(path[3])]
        if indicator.parent and all(each.code != indicator.parent for each in before):
            zh = f"“{indicator.parent}”须在同一张表中，且在本指标之前"
            self._add((*path, "part_of"), zh, f'"{indicator.parent}" must stand on the same sheet, above')

    def _rule(self, rule: Rule, path: PlainPath) -> None:
        self._known(rule.indicator, (*path, "indicator"))
        at = (*path, "expression")
        expression = self._expression(rule.expression, at)
        if expression is None:
            return
        if not expression.is_condition:
            self._add(at, "规则须是一个条件（如 A==B）", "a rule must be a condition such as A==B")
        if not expression.codes:
            self._add(at, "规则须引用本期的数", "a rule must look at a figure of this period")

    def _quantity(self, text: str, path: PlainPath) -> Expression | None:
        expression = self._expression(text, path)
        if expression and expression.is_condition:
            self._add(path, "须是一个数，不能是条件", "must be a quantity, not a condition")
        return expression

    def _expression(self, text: str, path: PlainPath) -> Expression | None:
        """The expression if it can be read; what it reckons with must be numbers of the form."""
        try:
            expression = parse(text)
        except ExpressionInvalid as invalid:
            zh = f"表达式第 {invalid.position} 个字符处应为{invalid.expected.zh}"
            self._add(path, zh, f"character {invalid.position} of the expression: expected {invalid.expected.en}")
            return None
        counted = set(_reckoned_with(expression.root))
        for code in dict.fromkeys(reference.code for reference in expression.references):
            if code in counted:
                self._number(code, path)
            else:
                self._known(code, path)
        return expression

    def _number(self, code: str, path: PlainPath) -> None:
        self._known(code, path)
        if code in self.form.by_code and not self.form.by_code[code].type.is_number:
            self._add(path, f"“{code}”不是数", f'"{code}" is not a number')

    def _known(self, code: str, path: PlainPath) -> None:
        if code not in self.form.by_code:
            self._add(path, f"没有指标“{code}”", f'no indicator "{code}"')


def _reckoned_with(node: Node) -> Iterator[str]:
    """Codes whose numbers are needed; `missing(X)` needs none."""
    if isinstance(node, Reference):
        yield node.code
    elif not isinstance(node, Presence):
        for part in node.parts():
            yield from _reckoned_with(part)
