"""From what is published of a form by now back to the version that was answered, with what units added to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.additions import Addition, extended, fits
from portal.domain.forms import FormVersion, Source
from portal.domain.mapping import terms
from portal.domain.recalculation import Reckoned, narrowed, reckoned_otherwise, stands_alone
from portal.models import FormAddition, Unit
from portal.models import FormVersion as FormVersionRow
from portal.queries.effective_forms import addition_of
from portal.queries.forms import parsed


@dataclass(frozen=True)
class Edition:
    """A published version of a form, or of what a unit added to it (`unit` its code, else empty)."""

    number: int
    published_at: datetime
    unit: str = ""


@dataclass(frozen=True)
class Way:
    """From what is published of a form by now back to the version that was answered.

    Attributes:
        whole: the form as it would be answered now.
        newest: what is worked out otherwise there, and nothing else.
        answered: what that is worked out from, as it was answered.
        alone: what it was worked out to then, where that is not added up over units.
        across: the versions along which figures are carried over, from `newest` on.
        editions: what was published on the way, newest first, of the form, then of what units added to it.
        reckoned: what is worked out otherwise, by the codes of `newest`; its steps are places in `editions`.
    """

    whole: FormVersion
    newest: FormVersion
    answered: FormVersion
    alone: FormVersion
    across: Sequence[FormVersion]
    editions: Sequence[Edition]
    reckoned: Mapping[str, Reckoned]


class Ways:
    """The ways to forms as they were answered within the tree of a top unit; each is told once."""

    def __init__(self, session: Session, root_id: int) -> None:
        self.session = session
        self.root_id = root_id
        self.found: dict[int, Way] = {}

    def of(self, answered: FormVersion) -> Way:
        """The way to a form, with what units added to it or without."""
        if id(answered) not in self.found:
            self.found[id(answered)] = self._made(answered)
        return self.found[id(answered)]

    def _made(self, answered: FormVersion) -> Way:
        query = (
            select(FormVersionRow.id, FormVersionRow.number, FormVersionRow.published_at, FormVersionRow.digest)
            .where(FormVersionRow.form_code == answered.code, FormVersionRow.number >= answered.number)
            .order_by(FormVersionRow.number.desc())
        )
        rows = self.session.execute(query).all()
        cores = [parsed(self.session, row.id, row.digest) for row in rows]
        added = [self._added(answered, unit, number) for unit, number in answered.additions]
        for several in added:
            while len(several) > 1 and not fits(cores[0], several[0][0]):
                several.pop(0)

        def with_added(core: FormVersion) -> FormVersion:
            return extended(core, [several[0][0] for several in added]) if added else core

        versions = [with_added(core) for core in cores]
        editions = [Edition(row.number, row.published_at) for row in rows[:-1]]
        for several in added:
            while len(several) > 1:
                later, published_at = several.pop(0)
                editions.append(Edition(later.number, published_at, later.unit))
                versions.append(with_added(cores[-1]))
        reckoned = reckoned_otherwise(versions)
        newest = narrowed(versions[0], reckoned)
        across = [newest, *cores[1:-1], answered] if len(cores) > 1 else [newest]
        inputs = [each.code for each in newest if each.source is not Source.CALCULATED]
        then = narrowed(answered, (term.code for code in inputs for term in terms(across, code)))
        alone = [
            each.was.code
            for code, each in reckoned.items()
            if stands_alone(newest.by_code[code], answered.by_code[each.was.code])
        ]
        return Way(versions[0], newest, then, narrowed(answered, alone), across, editions, reckoned)

    def _added(self, answered: FormVersion, unit: str, number: int) -> list[tuple[Addition, datetime]]:
        """What a unit published as its addition to a form since the one of that number, newest first."""
        query = (
            select(FormAddition.digest, FormAddition.published_at)
            .join(Unit, Unit.id == FormAddition.unit_id)
            .where(
                FormAddition.root_id == self.root_id,
                FormAddition.form_code == answered.code,
                FormAddition.number >= number,
                Unit.code == unit,
            )
            .order_by(FormAddition.number.desc())
        )
        return [(addition_of(self.session, digest), at) for digest, at in self.session.execute(query).all()]
