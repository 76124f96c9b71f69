"""What a check looks at besides the figures themselves, and what was ordered about its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from portal.domain.forms import Rule, Severity, Text
from portal.domain.lists import Lists, tallied
from portal.domain.periods import Period
from portal.domain.quantities import Context
from portal.domain.values import Values

LEAST_PEERS = 5
"""Fewer units than this are nothing to be compared with, and would give their figures away."""


@dataclass(frozen=True)
class Spread:
    """What is usual among a unit's peers: units of the same level, without itself.

    Attributes:
        deviation: median of the distances from the median.
    """

    peers: int
    median: Decimal
    deviation: Decimal


@dataclass(frozen=True)
class RuleChange:
    """What became of a rule in the middle of a period: a lighter severity, or switched off (None)."""

    severity: Severity | None
    reason: str


@dataclass(frozen=True)
class Waiver:
    """A rule that a unit need not satisfy, up to and including a day."""

    reason: str
    approved_by: str
    expires_on: date


@dataclass(frozen=True)
class Surroundings:
    """Everything about a submission but its own figures.

    Attributes:
        period: decides which rules are in force; None: all of them.
        others: the unit's other forms, accepted figures only, by form code.
        below: sums over all units below, by indicator; only where all of them are accepted.
        versions_below: of which accepted versions they are, by indicator and the unit's id.
        lists: what the submission itself lists.
        peers: what is usual among the unit's peers, by indicator.
        changes: by rule id.
        waivers: by rule id.
    """

    period: Period | None = None
    others: Mapping[str, Context] = field(default_factory=dict)
    below: Values = field(default_factory=dict)
    versions_below: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    lists: Lists = field(default_factory=dict)
    peers: Mapping[str, Spread] = field(default_factory=dict)
    changes: Mapping[str, RuleChange] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)

    @property
    def bare(self) -> bool:
        """Whether there are no figures in them."""
        return not (self.others or self.below or self.lists or self.peers)

    def context(self, values: Values, last_year: Values | None, previous: Values | None) -> Context:
        """The figures that expressions look at."""
        return Context(values, last_year, previous, self.others, self.below, tallied(self.lists))

    def ordered(self, rule: Rule) -> Rule:
        """The rule with the severity that it has now."""
        change = self.changes.get(rule.id)
        return replace(rule, severity=change.severity) if change and change.severity else rule

    def excused(self, rule: Rule) -> Text | None:
        """Why the rule is not applied, if somebody decided so."""
        change, waiver = self.changes.get(rule.id), self.waivers.get(rule.id)
        if change and change.severity is None:
            return Text(f"本期停用：{change.reason}", f"switched off this period: {change.reason}")
        if waiver:
            until = waiver.expires_on.isoformat()
            return Text(
                f"已豁免至 {until}（{waiver.approved_by}批准）：{waiver.reason}",
                f"waived until {until} by {waiver.approved_by}: {waiver.reason}",
            )
        return None


ALONE = Surroundings()
"""Nothing is known but the figures themselves."""
