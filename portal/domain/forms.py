"""Forms (报表制度) as data: sheets of indicators, and rules. Nothing here knows any particular form."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal

from portal.domain.periods import PeriodKind
from portal.domain.units import Level
from portal.errors import NotFound

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Text:
    """A text shown to people, in Chinese and in English; English falls back to Chinese."""

    zh: str
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text for `zh` or `en`."""
        return self.en if language == "en" and self.en else self.zh


class DataType(StrEnum):
    """What kind of answer an indicator takes."""

    COUNT = "count"
    AMOUNT = "amount"
    RATIO = "ratio"
    RATE = "rate"
    MEAN = "mean"
    YES_NO = "yes-no"
    RATING = "rating"
    TEXT = "text"
    DATE = "date"

    @property
    def is_number(self) -> bool:
        """Whether the value is a number; yes/no is stored as the text 是 or 否."""
        return self in {DataType.COUNT, DataType.AMOUNT, DataType.RATIO, DataType.RATE, DataType.MEAN}


class Source(StrEnum):
    """Where an indicator's value comes from."""

    COLLECTED = "collected"
    CALCULATED = "calculated"
    CARRIED = "carried"  # brought in by the portal from last year, not editable


class Scope(StrEnum):
    """Whose figure an indicator is."""

    OWN = "own"  # 本级: every level reports its own, 全辖 = own + everything below
    TERRITORIAL = "territorial"  # 属地: filled by districts only, computed above


class AggregationKind(StrEnum):
    """How an indicator rolls up over units; there is no default."""

    SUM = "sum"
    RATIO_OF_SUMS = "ratio_of_sums"
    WEIGHTED_MEAN = "weighted_mean"
    COUNT_YES = "count_yes"
    DISTRIBUTION = "distribution"
    RANGE = "range"  # a catalogue: minimum and maximum, never a sum
    NONE = "none"


@dataclass(frozen=True)
class Aggregation:
    """How an indicator rolls up.

    Attributes:
        of: for SUM, the indicator added up in its place (proposals: only those led, not those assisted).
        numerator: for RATIO_OF_SUMS, an expression over indicators.
        denominator: for RATIO_OF_SUMS, an expression over indicators.
        weight: for WEIGHTED_MEAN, the indicator that weighs.
        multiplier: for RATIO_OF_SUMS, 100 for a percentage.
        show_mean: whether the mean per reporting unit is of interest beside the sum.
    """

    kind: AggregationKind
    of: str = ""
    numerator: str = ""
    denominator: str = ""
    weight: str = ""
    multiplier: Decimal = Decimal(1)
    show_mean: bool = False


class Severity(StrEnum):
    """How heavy a finding is, heaviest first."""

    BLOCKING = "blocking"  # 强制性: cannot be submitted
    CONSENT = "consent"  # 准强制性: only with a reason and the superior's consent
    EXPLAIN = "explain"  # 核实性: only with an explanation
    INFO = "info"  # 提示

    @property
    def rank(self) -> int:
        """0 for the heaviest."""
        return list(Severity).index(self)


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Indicator:
    """One defined quantity (指标); its code means the same at every level.

    Attributes:
        unit: unit of measure in which values are stored, shown and exchanged (万元, 宗, %).
        unit_synonyms: other words for the same unit of measure that importing accepts (家, 间 for 个).
        filled_by: levels that may answer; for the others it is not applicable.
        decimals: digits after the point at display; storage is exact.
        minimum: smallest admissible value; below it the submission is blocked.
        plausible_maximum: largest value to be expected of one district; above it an explanation is asked.
        change_explain_percent: change on last year, in percent, from which an explanation is asked.
        parent: code of the indicator this one is a part of (其中).
        choices: ordered answers of a rating.
        carried_from: for a carried indicator, the expression that brings it in, e.g. `LY(FZ1004)`.
    """

    code: str
    name: Text
    unit: str
    type: DataType
    aggregation: Aggregation
    filled_by: frozenset[Level]
    scope: Scope = Scope.OWN
    source: Source = Source.COLLECTED
    stock: bool = False
    core: bool = True
    decimals: int = 0
    minimum: Decimal | None = None
    plausible_maximum: Decimal | None = None
    change_explain_percent: Decimal | None = None
    definition: Text = Text("")
    parent: str = ""
    choices: tuple[str, ...] = ()
    direction: Direction = Direction.NEUTRAL
    unit_synonyms: tuple[str, ...] = ()
    carried_from: str = ""

    @property
    def typed(self) -> bool:
        """Whether a person types it."""
        return self.source is Source.COLLECTED


@dataclass(frozen=True)
class Rule:
    """A relation that the figures of one submission must satisfy.

    Attributes:
        id: stable within the form, e.g. `FZ0410-B1`.
        expression: in the language of `portal.domain.expressions`.
        indicator: where a breach is shown.
        words: the relation in words, if the author gave some.
        advice: what to do about a breach.
    """

    id: str
    severity: Severity
    expression: str
    indicator: str
    words: Text = Text("")
    advice: Text = Text("")


@dataclass(frozen=True)
class Sheet:
    """A sheet (表) of a form."""

    code: str
    name: Text
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class FormVersion:
    """A published form: it never changes; a correction is a new number.

    Attributes:
        issuer: 制定机关, printed top right on the sheets.
        approval: 批准文号 and validity, as printed.
    """

    code: str
    number: int
    name: Text
    period_kind: PeriodKind
    levels: frozenset[Level]
    sheets: tuple[Sheet, ...]
    rules: tuple[Rule, ...] = ()
    issuer: Text = Text("")
    approval: Text = Text("")

    @cached_property
    def by_code(self) -> dict[str, Indicator]:
        """Indicators by code, in form order."""
        return {indicator.code: indicator for indicator in self}

    def __iter__(self) -> Iterator[Indicator]:
        for sheet in self.sheets:
            yield from sheet.indicators

    def indicator(self, code: str) -> Indicator:
        """The indicator of that code.

        Raises:
            NotFound: the form has none.
        """
        try:
            return self.by_code[code]
        except KeyError:
            raise NotFound("indicator", code) from None

    def sheet_of(self, code: str) -> Sheet:
        """The sheet an indicator stands in."""
        for sheet in self.sheets:
            if any(indicator.code == code for indicator in sheet.indicators):
                return sheet
        raise NotFound("indicator", code)

    def typed_at(self, level: Level) -> tuple[Indicator, ...]:
        """What a unit of that level types, in form order."""
        return tuple(i for i in self if i.typed and level in i.filled_by)
