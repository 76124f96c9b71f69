"""Rules of a form, as its author wrote them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.domain.periods import Period
from portal.domain.texts import Text
from portal.domain.units import Level


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


class Blank(StrEnum):
    """What figures that are not there mean for one side of a comparison."""

    SKIP_ANY = "skip_any"  # it cannot be told if any is not there
    SKIP_ALL = "skip_all"  # they count as 0; it cannot be told if none is there
    AS_ZERO = "as_zero"  # they count as 0


@dataclass(frozen=True)
class Example:
    """Figures under which a rule passes or fails: pairs of a reference as rules write it (`LY(X)`) and its answer."""

    figures: tuple[tuple[str, Decimal | str], ...]


@dataclass(frozen=True)
class Rule:
    """A relation that the figures of one submission must satisfy.

    Attributes:
        id: stable within the form, e.g. `FZ0410-B1`.
        expression: in the language of `portal.domain.expressions`.
        indicator: where a breach is shown.
        words: the relation in words, if the author gave some.
        advice: what to do about a breach.
        tolerance: by how much the two sides may differ, for figures that were rounded before they were typed.
        left_blank: what figures that are not there mean on the left side of its comparisons.
        right_blank: what they mean on the right side.
        source: where the relation comes from: a regulation, an article, a notice.
        levels: those it applies to; empty: all levels of the form.
        valid_from: it applies to periods that end on this day or later.
        valid_to: it applies to periods that end on this day or earlier.
        passes: figures that satisfy it; tried out whenever the form is saved.
        fails: figures that break it; tried out as well.
    """

    id: str
    severity: Severity
    expression: str
    indicator: str
    words: Text = Text("")
    advice: Text = Text("")
    tolerance: Decimal = Decimal(0)
    left_blank: Blank = Blank.SKIP_ANY
    right_blank: Blank = Blank.SKIP_ANY
    source: Text = Text("")
    levels: frozenset[Level] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()

    def applies_to(self, level: Level, period: Period | None) -> bool:
        """Whether it is a rule for units of that level, and for that period; its dates do not count without one."""
        if self.levels and level not in self.levels:
            return False
        if period is None or (self.valid_from is None and self.valid_to is None):
            return True
        return (self.valid_from or date.min) <= period.ends_on <= (self.valid_to or date.max)
