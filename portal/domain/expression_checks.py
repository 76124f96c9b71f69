"""Whether the expressions of a form make sense: what they refer to is there, is a number, and goes together."""

from collections.abc import Iterator

from portal.domain.careful_yaml import PlainPath
from portal.domain.conditions import Presence
from portal.domain.expressions import Expression, ExpressionInvalid, parse
from portal.domain.form_expressions import is_listed, list_column, parse_in
from portal.domain.forms import FormVersion, Text
from portal.domain.measures import Measure, MeasureClash, check_measures, read_measure
from portal.domain.quantities import Node, Range, Reference, When
from portal.domain.record_kinds import Mistakes


class ExpressionChecks:
    """Notes what is wrong with expressions of one form.

    Attributes:
        written: somebody wrote the expressions, so that a mistake is at a character of theirs.
    """

    def __init__(self, form: FormVersion, mistakes: Mistakes, *, written: bool = True) -> None:
        self.form = form
        self.mistakes = mistakes
        self.written = written

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
            self._note(path, invalid.position, f"应为{invalid.expected.zh}", f"expected {invalid.expected.en}")
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
            self._note(
                path,
                clash.position,
                f"以{clash.right}计，不能与以{clash.left}计的数相加减或比较",
                f"is in {clash.right}, which does not go with {clash.left}",
            )
            return None

    def number(self, code: str, path: PlainPath, position: int | None = None) -> None:
        """There must be an indicator of that code, and it must be a number; `position`: where in an expression."""
        if self.known(code, path, position) and not self.form.by_code[code].type.is_number:
            self._note(path, position, f"“{code}”不是数", f'"{code}" is not a number')

    def known(self, code: str, path: PlainPath, position: int | None = None) -> bool:
        """There must be an indicator of that code; `position`: where in an expression it stands."""
        if code not in self.form.by_code:
            self._note(path, position, f"没有指标“{code}”", f'no indicator "{code}"')
        return code in self.form.by_code

    def _note(self, path: PlainPath, position: int | None, zh: str, en: str) -> None:
        if position is None or not self.written:
            self.mistakes.add(path, zh, en)
        else:
            self.mistakes.add_at(path, position, zh, en)

    def _references(self, expression: Expression, path: PlainPath) -> None:
        counted = set(_reckoned_with(expression.root))
        for reference in expression.references:
            if reference.form == self.form.code:
                at = reference.position
                self._note(path, at, "是本报表的指标，不写报表代码", "is of this form: leave out the form's code")
            elif reference.of_list and not is_listed(self.form, reference):
                kind = Text("清单", "list") if reference.when is When.LISTED else Text("数字列", "column of numbers")
                zh, en = f"没有{kind.zh}“{reference.code}”", f'no {kind.en} "{reference.code}"'
                self._note(path, reference.position, zh, en)
        own = [each for each in expression.references if not each.form and not each.of_list]
        first = {each.code: each.position for each in reversed(own)}
        for code in dict.fromkeys(each.code for each in own):
            if code in counted:
                self.number(code, path, first[code])
            else:
                self.known(code, path, first[code])

    def _range(self, each: Range, path: PlainPath) -> bool:
        """Whether both ends are there, in that order, on one sheet."""
        if not all(self.known(code, path, each.position) for code in (each.first, each.last)):
            return False
        codes = [indicator.code for indicator in self.form.sheet_of(each.first).indicators]
        if each.last in codes and codes.index(each.first) <= codes.index(each.last):
            return True
        zh = f"{each.first} 至 {each.last} 须在同一张表中，且前者在前"
        en = f"{each.first} and {each.last} must stand on one sheet, in that order"
        self._note(path, each.position, zh, en)
        return False

    def _measure_of(self, reference: Reference) -> Measure | None:
        if reference.form or reference.when is When.LISTED:
            return None
        if reference.when is When.TOTALLED:
            column = list_column(self.form, reference.code)
            return read_measure(column.unit, column.unit_synonyms) if column else None
        indicator = self.form.by_code[reference.code]
        return read_measure(indicator.unit, indicator.unit_synonyms)


def _reckoned_with(node: Node) -> Iterator[str]:
    """Codes whose numbers are needed; `missing(X)` needs none."""
    if isinstance(node, Reference):
        yield node.code
    elif not isinstance(node, Presence):
        for part in node.parts():
            yield from _reckoned_with(part)
