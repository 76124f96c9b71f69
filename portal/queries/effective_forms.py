"""Forms as they are answered: what was sent down, and what the units above those that answer it added.

Whoever needs the form of a submission, or of a unit and a period, asks here. What was handed in before an addition
joined goes without it. A form with its additions never changes, so that it is put together once per process.
"""

from collections import defaultdict
from collections.abc import Collection as Collected
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from portal.domain.addition_file import addition_from_dict
from portal.domain.additions import Addition, extended
from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import HANDED_IN, State
from portal.domain.periods import Period
from portal.errors import NotFound
from portal.models import FormAddition, Submission
from portal.queries.figures import Key, key_of
from portal.queries.forms import parsed
from portal.queries.parameters import joined, paths, texts

_additions: dict[str, Addition] = {}  # by digest, so that it can never be out of date
_extended: dict[tuple[str, ...], FormVersion] = {}  # by the digests of form and additions


class InTree(Protocol):
    """A unit, as far as it matters who is above it."""

    @property
    def root_id(self) -> int:
        """Of its top unit."""

    @property
    def path(self) -> str:
        """From its top unit down to it."""


class _Joined(NamedTuple):
    """An addition to what was sent down, in the subtree of `path`; `joined_at` None: from the beginning."""

    path: str
    joined_at: datetime | None
    digest: str


class _SentDown(NamedTuple):
    """A form for a period, with the digest of the core and, the highest unit's first, what was added."""

    core: FormVersion
    digest: str
    joined: list[_Joined]


def form_of(session: Session, row: Submission) -> FormVersion:
    """The form that the submission answers.

    Raises:
        NotFound: what it answers is not within sight.
    """
    found = answered_forms(session, [row])
    if not found:
        raise NotFound("collection", f"{row.form_code} {row.period_code}")
    return found[key_of(row)]


def answered_forms(session: Session, rows: Sequence[Submission]) -> dict[Key, FormVersion]:
    """The form that each submission answers."""
    asked: dict[int, list[Submission]] = defaultdict(list)
    for row in rows:
        asked[row.root_id].append(row)
    sent: dict[tuple[int, str, str], _SentDown] = {}
    for root_id, several in asked.items():  # hardly ever more than one
        above = {each for path in {row.unit_path for row in several} for each in line_of(path)}
        told = _ask(session, root_id, {row.period_code for row in several}, above)
        sent |= {(root_id, *key): one for key, one in _sent_down(session, told).items()}
    return {
        key_of(row): _form(session, sent[key_of(row)[:3]], row.unit_path, _handed_in_at(row))
        for row in rows
        if key_of(row)[:3] in sent
    }


def collected_forms(session: Session, unit: InTree, period: Period) -> list[FormVersion]:
    """The forms that a unit was sent for a period, or would have been, by code."""
    return forms_then(session, unit, [period])[period]


def forms_then(session: Session, unit: InTree, periods: Collected[Period]) -> dict[Period, list[FormVersion]]:
    """The same for each of several periods, in one statement."""
    told = _ask(session, unit.root_id, set(map(str, periods)), line_of(unit.path))
    return forms_told(session, unit.path, periods, told)


def forms_told(
    session: Session, path: str, periods: Iterable[Period], told: Iterable[Sequence[Any]]
) -> dict[Period, list[FormVersion]]:
    """The forms that the unit of that path was sent for these periods, by what `sent_down` tells of them."""
    found: dict[str, list[FormVersion]] = defaultdict(list)
    for (period, _code), sent in sorted(_sent_down(session, told).items(), key=itemgetter(0)):
        found[period].append(_form(session, sent, path))
    return {period: found[str(period)] for period in periods}


def form_asking(session: Session, unit: InTree, period: Period, indicator: str) -> FormVersion:
    """The one that the unit and those below it were sent for a period, and that asks for an indicator.

    Raises:
        NotFound: there is none.
    """
    for form in collected_forms(session, unit, period):
        if indicator in form.by_code:
            return form
    raise NotFound("indicator", indicator)


def form_at(session: Session, unit: InTree, period: Period, code: str) -> FormVersion:
    """The form of that code as a unit was sent it for a period, or would have been.

    Raises:
        NotFound: none was sent down.
    """
    for form in collected_forms(session, unit, period):
        if form.code == code:
            return form
    raise NotFound("collection", f"{code} {period}")


def added_indicators(session: Session, code: str) -> dict[str, Indicator]:
    """What units within sight ever added to a form, by code, as its newest number says it: for its names."""
    query = select(FormAddition.digest).where(FormAddition.form_code == code).order_by(FormAddition.number)
    additions = [addition_of(session, digest) for digest in session.scalars(query).all()]
    return {indicator.code: indicator for addition in additions for indicator in addition.indicators}


def line_of(path: str) -> list[str]:
    """The paths of the units from the top one down to this one."""
    steps = path.split(".")
    return [".".join(steps[:depth]) for depth in range(1, len(steps) + 1)]


def _handed_in_at(row: Submission) -> datetime | None:
    return row.submitted_at if State(row.state) in HANDED_IN else None


_SENT = select(
    func.sent_down(bindparam("root"), texts("periods"), paths("above")).table_valued(
        "period_code", "form_code", "version", "digest", "unit_path", "added", "joined_at"
    )
)


def _ask(session: Session, root_id: int, periods: Iterable[str], above: Iterable[str]) -> Sequence[Row[Any]]:
    asked = {"root": root_id, "periods": joined(periods), "above": joined(above)}
    return session.execute(_SENT, asked).all()


def _sent_down(session: Session, told: Iterable[Sequence[Any]]) -> Mapping[tuple[str, str], _SentDown]:
    """What was sent down, with what was added to it, by period and form."""
    found: dict[tuple[str, str], _SentDown] = {}
    for period, form, version, digest, path, added, joined_at in told:
        sent = found.setdefault((period, form), _SentDown(parsed(session, int(version), digest), digest, []))
        if added is not None:
            sent.joined.append(_Joined(path, joined_at, added))
    return found


def _form(session: Session, sent: _SentDown, path: str, handed_in_at: datetime | None = None) -> FormVersion:
    """The form as the unit of that path answers it, or answered it then."""
    above = set(line_of(path))
    digests = tuple(
        each.digest
        for each in sent.joined
        if each.path in above and (each.joined_at is None or handed_in_at is None or each.joined_at <= handed_in_at)
    )
    if not digests:
        return sent.core
    key = (sent.digest, *digests)
    if key not in _extended:
        _extended[key] = extended(sent.core, [addition_of(session, digest) for digest in digests])
    return _extended[key]


def addition_of(session: Session, digest: str) -> Addition:
    """The published addition of that digest, which must be within sight."""
    if digest not in _additions:
        query = select(FormAddition).where(FormAddition.digest == digest).limit(1)
        _additions[digest] = addition_from_dict(session.scalars(query).one().definition)
    return _additions[digest]
