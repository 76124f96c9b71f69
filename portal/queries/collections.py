"""Collections (报送任务): what was sent down, as far as it matters here."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.forms import Text
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import NotFound
from portal.models import Collection, Form, FormVersion, Node, Unit
from portal.models import Period as PeriodRow


@dataclass(frozen=True)
class CollectionRow:
    """One form version for one period; `sender` is the unit that sent it down."""

    form: str
    form_name: Text
    version: int
    period: Period
    sender: str
    sender_name: Text
    sender_path: str
    opens_on: date
    due_on: date
    settings: CollectionSettings

    @property
    def key(self) -> CollectionKey:
        """What names it within its tree."""
        return CollectionKey(self.form, self.period)

    @property
    def subject(self) -> Subject:
        """What rights to change it are asked about."""
        return Subject(self.sender_path)


def list_collections(
    session: Session, actor: Actor, *, period: Period | None = None, form: str | None = None
) -> list[CollectionRow]:
    """The collections sent down to the actor's unit, or by it or a unit below it; newest period first."""
    query = (
        select(Collection, FormVersion.number, Form, Unit.code, Node)
        .join(FormVersion, FormVersion.id == Collection.form_version_id)
        .join(Form, Form.code == Collection.form_code)
        .join(Unit, Unit.id == Collection.sender_id)
        .join(PeriodRow, PeriodRow.code == Collection.period_code)
        .join(Node, (Node.tree_id == PeriodRow.tree_id) & (Node.unit_id == Collection.sender_id))
        .where(Collection.root_id == actor.place.root_id)
        .order_by(Collection.period_code.desc(), Collection.form_code)
    )
    if period is not None:
        query = query.where(Collection.period_code == str(period))
    if form is not None:
        query = query.where(Collection.form_code == form)
    return [
        CollectionRow(
            row.form_code,
            Text(form_row.name, form_row.name_en),
            number,
            Period.parse(row.period_code),
            sender,
            Text(node.name, node.name_en),
            row.sender_path,
            row.opens_on,
            row.due_on,
            settings_in(row),
        )
        for row, number, form_row, sender, node in session.execute(query)
    ]


def get_collection(session: Session, actor: Actor, key: CollectionKey) -> CollectionRow:
    """One collection.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    require(actor, Permission.SEE_COLLECTIONS, Subject(actor.place.path))
    for row in list_collections(session, actor, period=key.period, form=key.form):
        return row
    raise NotFound("collection", key)


def settings_of(session: Session, root_id: int, key: CollectionKey) -> CollectionSettings:
    """What the sender decided, as it stands now.

    Raises:
        NotFound: there is no such collection within sight.
    """
    query = select(Collection).where(
        Collection.root_id == root_id, Collection.period_code == str(key.period), Collection.form_code == key.form
    )
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("collection", key)
    return settings_in(row)


def settings_in(row: Collection) -> CollectionSettings:
    """The settings that a row stores."""
    return CollectionSettings(
        row.skip_level,
        row.names_siblings,
        row.one_person,
        row.entered_above,
        frozenset(Action(step) for step in row.sign_offs),
    )
