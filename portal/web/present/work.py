"""Who in a unit sees to what of a return, and how far everybody is."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.domain.policy import Actor
from portal.domain.values import MISSING
from portal.queries.assignments import Duty
from portal.queries.report import PassageRow
from portal.queries.submissions import SubmissionView


@dataclass(frozen=True)
class Share:
    """One person's, or one office's, part of a return: so many of its cells and sections are done."""

    duty: Duty
    done: int
    of: int
    first: str

    @property
    def complete(self) -> bool:
        """Nothing is left."""
        return self.done == self.of


def shares(view: SubmissionView, passages: Mapping[str, PassageRow], duties: Mapping[str, Duty]) -> dict[Duty, Share]:
    """The parts of a return by who sees to them, in form order; what nobody was given is in none.

    An indicator is with whom it was given to itself, else with whom its sheet was given to. `Share.first` is the code
    of the first sheet or section in which something is left to do, or of the first there is.
    """
    found: dict[Duty, Share] = {}
    for item, place, done in _items(view, passages):
        duty = duties.get(item) or duties.get(place)
        if duty is None:
            continue
        share = found.get(duty)
        if share is None:
            found[duty] = Share(duty, int(done), 1, place)
        else:
            first = place if not done and share.complete else share.first
            found[duty] = Share(duty, share.done + done, share.of + 1, first)
    return found


def own_share(actor: Actor, divided: Mapping[Duty, Share]) -> Share | None:
    """What the actor was given, by name, whatever office stands beside it; None: nothing."""
    mine = [share for duty, share in divided.items() if duty.person_id is not None and duty.person_id == actor.user_id]
    if not mine:
        return None
    first = next((share.first for share in mine if not share.complete), mine[0].first)
    return Share(mine[0].duty, sum(share.done for share in mine), sum(share.of for share in mine), first)


def _items(view: SubmissionView, passages: Mapping[str, PassageRow]) -> list[tuple[str, str, bool]]:
    """Every cell to fill and section to write: its code, that of the sheet or section it is on, whether it is done."""
    cells = [
        (each.code, sheet.code, view.values.get(each.code, MISSING).answered)
        for sheet in view.form.sheets
        for each in sheet.indicators
        if each.typed and view.level in each.filled_by
    ]
    lists = [
        (sheet.code, sheet.code, (answer := view.around.lists.get(table.code)) is not None and answer.answered)
        for sheet, table in view.form.lists.values()
        if view.level in table.filled_by
    ]
    sections = [
        (each.code, each.code, each.code in passages and bool(passages[each.code].words)) for each in view.form.outline
    ]
    return cells + lists + sections
