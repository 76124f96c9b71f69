"""Reads a text of the rule language into its tree, or says where reading failed and what should stand there."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import cache
from typing import ClassVar

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from portal.domain.conditions import (
    PRESENCE,
    Alternative,
    Choice,
    Comparison,
    Condition,
    Conjunction,
    Denial,
    Disjunction,
    Implication,
    Presence,
)
from portal.domain.forms import Text
from portal.domain.quantities import FUNCTIONS, Arithmetic, Call, Negative, Number, Quantity, Range, Reference, When
from portal.errors import PortalError

MAX_LENGTH = 2000
MAX_NESTING = 20
MAX_DECIMALS = 10

_ELSEWHERE = {when.value: when for when in (When.LAST_YEAR, When.PREVIOUS, When.BELOW)}
_SUM = "sum"
_QUANTITY = Text("一个数", "a quantity")
_CONDITION = Text("一个条件(如 A==B)", "a condition such as A==B")
_CODE = Text("指标代码", "an indicator code")
_LIST = Text("清单代码", "the code of a list")
_ELSE = Text("else", '"else"')


class ExpressionInvalid(PortalError):
    """A text is not an expression of the rule language.

    Attributes:
        position: the character at which reading failed, counted from 1.
        expected: what should stand there.
    """

    code: ClassVar[str] = "expression_invalid"

    def __init__(self, expression: str, position: int, expected: Text) -> None:
        super().__init__(f"character {position}: expected {expected.in_language('en')}")
        self.expression = expression
        self.position = position
        self.expected = expected


def read_tree(text: str) -> Quantity | Condition:
    """The tree of an expression.

    Raises:
        ExpressionInvalid: it is not one; or it is longer or deeper than any sensible rule.
    """
    if len(text) > MAX_LENGTH:
        expected = Text(f"不超过 {MAX_LENGTH} 个字符的表达式", f"an expression of at most {MAX_LENGTH} characters")
        raise ExpressionInvalid(text, MAX_LENGTH + 1, expected)
    _refuse_deep_nesting(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as failure:
        raise _syntax_error(text, failure) from None
    return _Builder(text).build(tree)


@cache
def _parser() -> Lark:
    return Lark.open("expressions.lark", rel_to=__file__, parser="lalr", propagate_positions=True)


def _refuse_deep_nesting(text: str) -> None:
    depth = 0
    for position, character in enumerate(text, 1):
        depth += (character == "(") - (character == ")")
        if depth > MAX_NESTING:
            expected = Text(f"不超过 {MAX_NESTING} 层括号", f"at most {MAX_NESTING} levels of parentheses")
            raise ExpressionInvalid(text, position, expected)


_OPERAND = ("NUMBER", Text("数、指标代码、函数或“(”", 'a number, an indicator code, a function or "("'))
_OPERATOR = ("COMPARE", Text("运算符或比较符", "an operator"))
_OPENING = ("LPAR", Text("“(”", '"("'))
_CLOSING = ("RPAR", Text("“)”", '")"'))
_THEN = ("THEN", Text("then", '"then"'))
_END = Text("结束", "the end")


def _syntax_error(text: str, failure: UnexpectedInput) -> ExpressionInvalid:
    """Where reading stopped, and the one thing most likely to be meant there."""
    if isinstance(failure, UnexpectedToken) and failure.token.type == "$END":
        return ExpressionInvalid(text, len(text) + 1, _first(failure.accepts, _OPERAND, _CLOSING, _THEN, _OPENING))
    if isinstance(failure, UnexpectedToken):
        terminals: Collection[str] | None = failure.accepts
    else:
        terminals = failure.allowed if isinstance(failure, UnexpectedCharacters) else ()
    return ExpressionInvalid(text, (failure.pos_in_stream or 0) + 1, _first(terminals, _OPERAND, _OPERATOR, _OPENING))


def _first(terminals: Collection[str] | None, *candidates: tuple[str, Text]) -> Text:
    return next((words for terminal, words in candidates if terminal in (terminals or ())), _END)


class _Builder:
    """Turns lark's tree into ours, asking of each part to be a quantity or a condition where it must be one."""

    def __init__(self, text: str) -> None:
        self.text = text

    def build(self, tree: Tree[Token]) -> Quantity | Condition:
        return self._condition(tree) if self._is_condition(tree) else self._quantity(tree)

    def _condition(self, tree: Tree[Token]) -> Condition:
        children, position = _trees(tree), _position(tree)
        match tree.data:
            case "implication":
                return Implication(*map(self._condition, children), position=position)
            case "choice":
                return Alternative(*map(self._condition, children), position=position)
            case "disjunction":
                return Disjunction(tuple(map(self._condition, children)), position=position)
            case "conjunction":
                return Conjunction(tuple(map(self._condition, children)), position=position)
            case "denial":
                return Denial(self._condition(children[0]), position=position)
            case "comparison":
                return Comparison(tuple(map(self._quantity, children)), _signs(tree), position=position)
            case "call" if self._is_presence(tree):
                return Presence(PRESENCE[_name(tree)], self._figure(self._only(tree)), position=position)
        raise self._wrong(tree, _CONDITION)

    def _quantity(self, tree: Tree[Token]) -> Quantity:
        children, position = _trees(tree), _position(tree)
        match tree.data:
            case "number":
                return Number(Decimal(_name(tree)), position=position)
            case "negative":
                return Negative(self._quantity(children[0]), position=position)
            case "sum" | "product":
                return Arithmetic(tuple(map(self._quantity, children)), _signs(tree), position=position)
            case "choice":
                premise, *branches = children
                return Choice(self._condition(premise), *map(self._quantity, branches), position=position)
            case "implication":
                raise ExpressionInvalid(self.text, tree.meta.end_pos + 1, _ELSE)
            case "code" | "foreign":
                return self._figure(tree)
            case "call" if _name(tree) in {*_ELSEWHERE, When.LISTED}:
                return self._figure(tree)
            case "call" if _name(tree) == _SUM:
                return self._sum(tree)
            case "call" if not self._is_presence(tree):
                return self._call(tree)
        raise self._wrong(tree, _QUANTITY)

    def _figure(self, tree: Tree[Token]) -> Reference:
        """A code; one within LY, PREV or CHILDREN; one of another form; or what a list tells."""
        position = _position(tree)
        match tree.data:
            case "code" if _name(tree) not in _ELSEWHERE:
                return Reference(_name(tree), position=position)
            case "foreign":
                form, _, code = _name(tree).partition(".")
                return Reference(code, form=form, position=position)
            case "call" if _name(tree) == When.LISTED:
                argument = self._only(tree)
                if argument.data == "word":
                    return Reference(_name(argument), When.LISTED, position=position)
                raise self._wrong(argument, _LIST)
            case "call" if _name(tree) == _SUM:
                argument = self._only(tree)
                if argument.data == "column":
                    return Reference(_name(argument), When.TOTALLED, position=position)
                raise self._wrong(tree, _CODE)
            case "call" if _name(tree) in _ELSEWHERE:
                argument, when = self._only(tree), _ELSEWHERE[_name(tree)]
                if argument.data == "code" or (argument.data == "foreign" and when is not When.BELOW):
                    figure = self._figure(argument)
                    return Reference(figure.code, when, figure.form, position=position)
                raise self._wrong(argument, _CODE)
        raise self._wrong(tree, _CODE)

    def _sum(self, tree: Tree[Token]) -> Quantity:
        """`sum(A:C, E)`: nothing but another way to write a sum; also of columns of lists."""
        terms = tuple(map(self._term, _trees(tree)))
        plus = ("+",) * (len(terms) - 1)
        return Arithmetic(terms, plus, position=_position(tree)) if plus else terms[0]

    def _term(self, tree: Tree[Token]) -> Quantity:
        match tree.data:
            case "range":
                return self._range(tree)
            case "column":
                return Reference(_name(tree), When.TOTALLED, position=_position(tree))
        return self._quantity(tree)

    @staticmethod
    def _range(tree: Tree[Token]) -> Range:
        first, last = map(str, tree.children)
        return Range(first, last, position=_position(tree))

    def _call(self, tree: Tree[Token]) -> Call:
        name, arguments = _name(tree), _trees(tree)
        if name not in FUNCTIONS:
            known = "、".join([*_ELSEWHERE, *FUNCTIONS, _SUM, When.LISTED, *PRESENCE])
            raise self._wrong(tree, Text(f"函数 {known} 之一", f"one of the functions {known}"))
        least, most = FUNCTIONS[name].least, FUNCTIONS[name].most
        if not least <= len(arguments) <= most:
            expected = Text(f"{name} 有 {least} 至 {most} 个参数", f"{name} with {least} to {most} arguments")
            raise self._wrong(tree, expected)
        call = Call(name, tuple(map(self._quantity, arguments)), position=_position(tree))
        if name == "round" and not _is_places(call.arguments[1:]):
            expected = Text(f"0 至 {MAX_DECIMALS} 的整数", f"a whole number from 0 to {MAX_DECIMALS}")
            raise self._wrong(arguments[1], expected)
        return call

    def _only(self, tree: Tree[Token]) -> Tree[Token]:
        """The one argument of a function that takes an indicator."""
        arguments = _trees(tree)
        if len(arguments) != 1:
            raise self._wrong(arguments[1], _CLOSING[1])
        return arguments[0]

    def _is_condition(self, tree: Tree[Token]) -> bool:
        if tree.data == "choice":
            return self._is_condition(_trees(tree)[1])
        return tree.data in _CONDITIONS or self._is_presence(tree)

    @staticmethod
    def _is_presence(tree: Tree[Token]) -> bool:
        return tree.data == "call" and _name(tree) in PRESENCE

    def _wrong(self, tree: Tree[Token], expected: Text) -> ExpressionInvalid:
        return ExpressionInvalid(self.text, _position(tree), expected)


_CONDITIONS = {"implication", "disjunction", "conjunction", "denial", "comparison"}


def _position(tree: Tree[Token]) -> int:
    return tree.meta.start_pos + 1


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _signs(tree: Tree[Token]) -> tuple[str, ...]:
    return tuple(str(child) for child in tree.children if isinstance(child, Token))


def _name(tree: Tree[Token]) -> str:
    """The word a number, code or call begins with."""
    return str(tree.children[0])


def _is_places(arguments: Sequence[Quantity]) -> bool:
    """Whether these, if there are any, are a constant number of decimals."""
    allowed = {Decimal(places) for places in range(MAX_DECIMALS + 1)}
    return all(isinstance(argument, Number) and argument.value in allowed for argument in arguments)
