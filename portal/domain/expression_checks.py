"""Whether the expressions of a form make sense: what they refer to is there, is a number, and goes together."""

from collections.abc import Iterator

from portal.domain.careful_yaml import PlainPath
from portal.domain.conditions import Presence
from portal.domain.expressions import Expression, ExpressionInvalid, parse
from portal.domain.form_expressions import parse_in
from portal.domain.forms import FormVersion
from portal.domain.measures import Measure, MeasureClash, check_measures, read_measure
from portal.domain.quantities import Node, Range, Reference, When
from portal.domain.record_kinds import Mistakes


class ExpressionChecks:
    """Notes what is wrong with expressions of one form."""

    def __init__(self, form: FormVersion, mistakes: Mistakes) -> None:
        self.form = form
        self.mistakes = mistakes

    def quantity(self, text: str, path: PlainPath) -> Expression | None:
        """The expression, if it can be read; it must be a number."""
        expression = self.expression(text, path)
        if expression and expression.is_condition:
            self.mistakes.add(path, "须是一个数，不能是条件", "must be a quantity, not a condition")
        return expression

    def condition(self, text: str, path: PlainPath) -> Expression | None:
        """The expression, if it can be read; it must be a condition about this period."""
        expression = self.expression(text, path)
        if expression and not expression.is_condition:
            self.mistakes.add(path, "规则须是一个条件（如 A==B）", "a rule must be a condition such as A==B")
        if expression and not expression.codes:
            self.mistakes.add(path, "规则须引用本期的数", "a rule must look at a figure of this period")
        return expression

    def expression(self, text: str, path: PlainPath) -> Expression | None:
        """The expression, if it can be read; what it reckons with must be numbers of the form that go together."""
        try:
            expression = parse(text)
        except ExpressionInvalid as invalid:
            self._at(path, invalid.position, f"应为{invalid.expected.zh}", f"expected {invalid.expected.en}")
            return None
        unspelled = [each for each in expression.ranges if not self._range(each, path)]
        if unspelled:
            return None
        expression = parse_in(self.form, text)
        before = len(self.mistakes.found)
        self._references(expression, path)
        if len(self.mistakes.found) == before:
            self.measure(expression, path)
        return expression

    def measure(self, expression: Expression, path: PlainPath) -> Measure | None:
        """What the expression measures; a clash is noted."""
        try:
            return check_measures(expression.root, self._measure_of)
        except MeasureClash as clash:
            self._at(
                path,
                clash.position,
                f"以{clash.right}计，不能与以{clash.left}计的数相加减或比较",
                f"is in {clash.right}, which does not go with {clash.left}",
            )
            return None

    def number(self, code: str, path: PlainPath) -> None:
        """There must be an indicator of that code, and it must be a number."""
        if self.known(code, path) and not self.form.by_code[code].type.is_number:
            self.mistakes.add(path, f"“{code}”不是数", f'"{code}" is not a number')

    def known(self, code: str, path: PlainPath) -> bool:
        """There must be an indicator of that code."""
        if code not in self.form.by_code:
            self.mistakes.add(path, f"没有指标“{code}”", f'no indicator "{code}"')
        return code in self.form.by_code

    def _references(self, expression: Expression, path: PlainPath) -> None:
        counted = set(_reckoned_with(expression.root))
        for reference in expression.references:
            if reference.form == self.form.code:
                at = reference.position
                self._at(path, at, "是本报表的指标，不写报表代码", "is of this form: leave out the form's code")
            elif reference.when is When.LISTED and reference.code not in self.form.lists:
                self._at(path, reference.position, f"没有清单“{reference.code}”", f'no list "{reference.code}"')
        own = [each for each in expression.references if not each.form and each.when is not When.LISTED]
        for code in dict.fromkeys(each.code for each in own):
            if code in counted:
                self.number(code, path)
            else:
                self.known(code, path)

    def _range(self, each: Range, path: PlainPath) -> bool:
        """Whether both ends are there, in that order, on one sheet."""
        if not (self.known(each.first, path) and self.known(each.last, path)):
            return False
        codes = [indicator.code for indicator in self.form.sheet_of(each.first).indicators]
        if each.last in codes and codes.index(each.first) <= codes.index(each.last):
            return True
        zh = f"{each.first} 至 {each.last} 须在同一张表中，且前者在前"
        en = f"{each.first} and {each.last} must stand on one sheet, in that order"
        self._at(path, each.position, zh, en)
        return False

    def _measure_of(self, reference: Reference) -> Measure | None:
        if reference.form or reference.when is When.LISTED:
            return None
        indicator = self.form.by_code[reference.code]
        return read_measure(indicator.unit, indicator.unit_synonyms)

    def _at(self, path: PlainPath, position: int, zh: str, en: str) -> None:
        self.mistakes.add(path, f"表达式第 {position} 个字符处{zh}", f"character {position} of the expression: {en}")


def _reckoned_with(node: Node) -> Iterator[str]:
    """Codes whose numbers are needed; `missing(X)` needs none."""
    if isinstance(node, Reference):
        yield node.code
    elif not isinstance(node, Presence):
        for part in node.parts():
            yield from _reckoned_with(part)
