"""What an administrator is shown of somebody else's account."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel.speaklater import LazyString

from portal.db import identity_transaction, transaction
from portal.domain.policy import Actor
from portal.errors import Duplicate, InvalidInput
from portal.queries.accounts import standings
from portal.queries.api_keys import list_keys
from portal.queries.person_search import PersonRow, governs
from portal.services import second_factor
from portal.services.directory import has_directory
from portal.web.errors import sentence
from portal.web.language import gettext as _
from portal.web.language import lazy_gettext

FIELDS: dict[str, LazyString] = {
    "name": lazy_gettext("姓名"),
    "username": lazy_gettext("用户名"),
    "email": lazy_gettext("邮箱"),
    "phone": lazy_gettext("联系电话"),
    "role": lazy_gettext("角色"),
    "roles": lazy_gettext("角色"),
    "from": lazy_gettext("开始日期"),
    "until": lazy_gettext("最后一天"),
    "forms": lazy_gettext("可看的报表"),
    "deputy": lazy_gettext("代理人的用户名"),
}


@dataclass(frozen=True)
class AccountCard:
    """An account that the actor administers.

    Attributes:
        own: it is the actor's own, which is changed on the account page.
        by_directory: the person signs in by a directory, and has no password here.
        keys: how many API keys are good today.
    """

    own: bool
    locked_until: datetime | None
    must_change_password: bool
    second_factor: bool
    by_directory: bool
    keys: int


def account_of(actor: Actor, person: PersonRow) -> AccountCard | None:
    """The account; None if it is not the actor's to change."""
    with transaction(actor) as session:
        if not governs(session, actor, person):
            return None
    with identity_transaction() as session:
        standing = standings(session, [person.id])[person.id]
        return AccountCard(
            person.id == actor.user_id,
            standing.locked_until,
            standing.must_change_password,
            second_factor.standing(session, person.id).enrolled,
            has_directory(session, person.id),
            sum(each.good for each in list_keys(session, person.id)),
        )


def refusal(error: InvalidInput | Duplicate | None) -> str:
    """What is wrong, after the name of the box it is in; empty for nothing."""
    if error is None:
        return ""
    label = FIELDS.get(error.field) if isinstance(error, InvalidInput) else None
    return sentence(error) if label is None else _("%(label)s：", label=label) + sentence(error)
