"""The rules of a collection as pages show them: what the form says, and what was decided since."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.forms import FormVersion, Indicator, Rule, Severity
from portal.domain.implied_rules import rules_of
from portal.errors import InvalidInput
from portal.queries.rulings import RuleChangeRow

OFF = "off"
"""Says in a posted form that the rule is to be switched off."""


@dataclass(frozen=True)
class ShownRule:
    """A rule of the form, with the last change of it; None: nobody changed it."""

    rule: Rule
    indicator: Indicator
    change: RuleChangeRow | None

    @property
    def seen(self) -> int:
        """Number of its last change; 0: there is none."""
        return self.change.number if self.change else 0

    @property
    def severity(self) -> Severity | None:
        """The one it has now; None: it is switched off."""
        return self.change.severity if self.change else self.rule.severity

    @property
    def changed(self) -> bool:
        """Whether it is not as the form says."""
        return self.severity is not self.rule.severity

    @property
    def choices(self) -> list[Severity | None]:
        """What can be made of it now; None: switched off."""
        lighter = [severity for severity in Severity if severity.rank >= self.rule.severity.rank]
        return [choice for choice in (*lighter, None) if choice is not self.severity]

    def matches(self, text: str) -> bool:
        """Whether it is one that a person looks for by a word or a code."""
        places = (self.rule.id, self.rule.expression, self.rule.words.zh, self.rule.words.en, self.indicator.name.zh)
        return any(text in place for place in (*places, self.indicator.name.en))


def shown_rules(form: FormVersion, changes: Sequence[RuleChangeRow]) -> list[ShownRule]:
    """All rules of the form, in its order; `changes` newest first."""
    last = {change.rule: change for change in reversed(changes)}
    return [ShownRule(rule, form.indicator(rule.indicator), last.get(rule.id)) for rule in rules_of(form)]


def parse_severity(text: str) -> Severity | None:
    """What was chosen for a rule; None: to switch it off.

    Raises:
        InvalidInput: nothing was.
    """
    if text == OFF:
        return None
    try:
        return Severity(text)
    except ValueError as error:
        raise InvalidInput("severity", "unknown", text) from error
