"""Indicators (指标): the defined quantities that forms ask for."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.domain.texts import Text
from portal.domain.units import Level


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
        return self in _NUMBERS


_NUMBERS = frozenset({DataType.COUNT, DataType.AMOUNT, DataType.RATIO, DataType.RATE, DataType.MEAN})


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
    MEAN = "mean_per_unit"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    COUNT_YES = "count_yes"
    DISTRIBUTION = "distribution"
    RANGE = "range"  # a catalogue: minimum and maximum, never a sum
    NONE = "none"


class Incomplete(StrEnum):
    """What becomes of a rolled-up number while some of the units that ought to report have not."""

    PARTIAL = "partial"  # that of the units that reported, marked as partial
    WITHHELD = "withheld"  # none: a smallest or largest of some would pass for that of all


class OverTime(StrEnum):
    """How the rolled-up numbers of shorter periods make that of a longer one."""

    SUM = "sum"
    MEAN = "average"
    LAST = "last"
    LOWEST = "lowest"
    HIGHEST = "highest"
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
        incomplete: whether there is a number before every unit has reported.
    """

    kind: AggregationKind
    of: str = ""
    numerator: str = ""
    denominator: str = ""
    weight: str = ""
    multiplier: Decimal = Decimal(1)
    show_mean: bool = False
    incomplete: Incomplete = Incomplete.PARTIAL


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEUTRAL = "neutral"


class Parts(StrEnum):
    """Whether an indicator's parts (其中) make up the whole of it."""

    EXHAUSTIVE = "exhaustive"  # the parts add up to it
    SOME = "some"  # the parts add up to no more than it


class Below(StrEnum):
    """How a unit's own figure stands to the sum over all units below it."""

    EQUAL = "equal"
    AT_LEAST = "at_least"


@dataclass(frozen=True)
class Balance:
    """What makes a stock of last year this year's: last year's, plus some indicators, minus others."""

    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Indicator:
    """One defined quantity (指标); its code means the same at every level.

    Attributes:
        unit: unit of measure in which values are stored, shown and exchanged (万元, 宗, %).
        unit_synonyms: other words for the same unit of measure that importing accepts (家, 间 for 个).
        filled_by: levels that may answer; for the others it is not applicable.
        decimals: digits after the point at display; storage is exact.
        minimum: smallest admissible value; below it the submission is blocked.
        maximum: largest admissible value; above it the submission is blocked.
        plausible_maximum: largest value to be expected of one district; above it an explanation is asked.
        change_explain_percent: change on last year, in percent, from which an explanation is asked.
        parent: code of the indicator this one is a part of (其中).
        choices: ordered answers of a rating.
        carried_from: for a carried indicator, the expression that brings it in, e.g. `LY(FZ1004)`.
        formula: for a calculated indicator that is not a ratio, the expression it is worked out by.
        parts: whether the indicators it is the parent of add up to it; None: that is not checked.
        balance: what moved this stock since last year; None: that is not checked.
        against_children: how it stands to the sum over the units below; None: that is not checked.
        outlier: how many median deviations from the peers' median ask for an explanation; None: not checked.
        eliminate: for a sum, the indicator that says how much of it units below report once more, because it was passed
            on to them (forwarded petitions); empty: nothing is eliminated from its roll-ups.
        over_time: how shorter periods make a longer one; None: as `domain.over_time` tells from what it is.
        added_by: code of the unit that asks for it in its own subtree only; empty: it is the form's own.
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
    formula: str = ""
    maximum: Decimal | None = None
    parts: Parts | None = None
    balance: Balance | None = None
    against_children: Below | None = None
    outlier: Decimal | None = None
    over_time: OverTime | None = None
    eliminate: str = ""
    added_by: str = ""

    @property
    def typed(self) -> bool:
        """Whether a person types it."""
        return self.source is Source.COLLECTED
