"""Collections (报送任务): how they are named, and what their sender decides about the answers."""

from dataclasses import dataclass
from typing import Self

from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.errors import InvalidInput, NotFound


@dataclass(frozen=True)
class CollectionSettings:
    """Settings of a collection; by default the strictest.

    Attributes:
        skip_level: what is submitted is read by every level above at once (越级查看).
        names_siblings: in comparisons a unit sees which sibling a figure belongs to.
        one_person: who filled in may also check and sign, in a bureau of one person (一人单位).
        entered_above: a filler above may enter answers into a unit's draft (上级代报); the unit still submits.
        sign_offs: the steps within a unit that are demanded before it submits, of `SIGN_OFFS`.
    """

    skip_level: bool = False
    names_siblings: bool = False
    one_person: bool = False
    entered_above: bool = False
    sign_offs: frozenset[Action] = frozenset()


STRICTEST = CollectionSettings()
"""Those of a collection whose sender decided nothing else."""


@dataclass(frozen=True)
class CollectionKey:
    """A form and a period, which name one collection within a tree; written `FZ-2023`."""

    form: str
    period: Period

    def __str__(self) -> str:
        return f"{self.form}-{self.period}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form.

        Raises:
            NotFound: it names no collection.
        """
        form, _dash, period = text.rpartition("-")
        try:
            return cls(form, Period.parse(period))
        except InvalidInput as error:
            raise NotFound("collection", text) from error
