"""人员: who works in one's own subtree, as what, from when to when; and their accounts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.db import transaction
from portal.domain.people import NewPerson, NewRole
from portal.domain.policy import Actor, Permission, Role, Subject, permits
from portal.errors import Duplicate, InvalidInput, NotFound
from portal.queries.forms import list_forms
from portal.queries.paging import PageOf
from portal.queries.person_search import Standing, get_person, search_people, usernames_of
from portal.queries.units import UnitRow, get_unit, list_units
from portal.services import accounts, people
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import language, lazy_gettext
from portal.web.present.person import account_of, refusal
from portal.web.screens import PEOPLE
from portal.web.words import ROLES

STANDINGS: dict[Standing, LazyString] = {
    Standing.ACTIVE: lazy_gettext("在任"),
    Standing.OFF: lazy_gettext("账号已停用"),
    Standing.FORMER: lazy_gettext("已无任职"),
}
PAGE_SIZE = 50
_COLLEAGUES = 100

pages = guarded_blueprint("people", __name__, PEOPLE, url_prefix="/people")

_PERSON = "/<int(max=2147483647):user_id>"


@dataclass(frozen=True)
class Choices:
    """What the boxes of a role offer: units, roles, forms by code."""

    units: Sequence[UnitRow]
    roles: dict[Role, LazyString]
    forms: dict[str, str]


@pages.get("/")
def index() -> str:
    """The people of the actor's subtree, filtered, a page at a time."""
    actor = current_actor()
    unit, role = request.args.get("unit", ""), request.args.get("role", "")
    text, standing = request.args.get("q", "").strip(), request.args.get("standing", Standing.ACTIVE)
    number = max(request.args.get("page", 1, type=int), 1)
    with transaction(actor) as session:
        found = search_people(
            session,
            actor,
            unit=unit or None,
            role=Role(role) if role in set(Role) else None,
            text=text,
            standing=Standing(standing) if standing in set(Standing) else None,
            page=PageOf(min(number, 100_000), PAGE_SIZE),
        )
        units = _units(session, actor)
    return render_template(
        "people.html",
        found=found,
        units=units,
        roles=ROLES,
        standings=STANDINGS,
        wanted={"unit": unit, "role": role, "q": text, "standing": standing},
        page=number,
        last_page=max((found.count - 1) // PAGE_SIZE + 1, 1),
    )


@pages.get("/new")
def ask_new() -> str:
    """The form for somebody new."""
    return _new_page()


@pages.post("/new")
def add() -> str | tuple[str, int]:
    """Make the account, and show the first password: once, on a slip to hand over."""
    actor = current_actor()
    new = NewPerson(*(request.form.get(field, "") for field in ("name", "username", "email", "phone")))
    try:
        roles = [_new_role(role) for role in request.form.getlist("roles")]
        with transaction(actor) as session:
            user_id, password = people.add_person(session, actor, new, roles)
    except (InvalidInput, Duplicate) as error:
        return _new_page(error), 422
    return _slip(actor, user_id, password)


@pages.get(_PERSON)
def show(user_id: int) -> str:
    """One person: roles, what may be done about them, and the account."""
    return _page(user_id)


@pages.post(f"{_PERSON}/details")
def change(user_id: int) -> Response | tuple[str, int]:
    """Correct a name, an address or a number."""
    name, email, phone = (request.form.get(field, "") for field in ("name", "email", "phone"))
    return _changed(
        user_id,
        "details",
        lambda session, actor: people.change_person(session, actor, user_id, name=name, email=email, phone=phone),
        _("已保存。"),
    )


@pages.post(f"{_PERSON}/roles")
def grant(user_id: int) -> Response | tuple[str, int]:
    """Give a role."""
    return _changed(
        user_id,
        "roles",
        lambda session, actor: people.grant(session, actor, user_id, _new_role(request.form.get("role", ""))),
        _("已任职。"),
    )


@pages.post(f"{_PERSON}/roles/<int(max=2147483647):membership_id>/end")
def end(user_id: int, membership_id: int) -> Response | tuple[str, int]:
    """Let a role end, on the day typed or at once."""
    return _changed(
        user_id,
        "ending",
        lambda session, actor: people.end(session, actor, user_id, membership_id, _day("until")),
        _("任职已结束，或将在所填日期结束。"),
    )


@pages.post(f"{_PERSON}/deputies")
def deputise(user_id: int) -> Response | tuple[str, int]:
    """Let somebody stand in."""

    def name_deputy(session: Session, actor: Actor) -> None:
        begin, until = _day("from") or clock.today(), _day("until")
        if until is None:
            raise InvalidInput("until", "missing")
        unit, deputy = request.form.get("unit", ""), request.form.get("deputy", "")
        people.deputise(session, actor, user_id, unit=unit, deputy=deputy, valid_from=begin, valid_to=until)

    return _changed(user_id, "deputies", name_deputy, _("已安排代理。"))


@pages.post(f"{_PERSON}/password")
def reset_password(user_id: int) -> str | tuple[str, int]:
    """Give a new random password, and show it once."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            password = accounts.reset_password(session, actor, user_id)
    except InvalidInput as error:
        return _page(user_id, error, "account"), 422
    return _slip(actor, user_id, password)


@pages.post(f"{_PERSON}/account/<verb>")
def change_account(user_id: int, verb: str) -> Response | tuple[str, int]:
    """Switch off or on, unlock, sign out, take away the second factor or the keys."""
    if verb not in ACCOUNT_VERBS:
        raise NotFound("action", verb)
    action, done = ACCOUNT_VERBS[verb]
    return _changed(user_id, "account", lambda session, actor: action(session, actor, user_id), str(done))


ACCOUNT_VERBS: dict[str, tuple[Callable[[Session, Actor, int], None], LazyString]] = {
    "off": (accounts.switch_off, lazy_gettext("账号已停用。")),
    "on": (accounts.switch_on, lazy_gettext("账号已启用。")),
    "unlock": (accounts.unlock, lazy_gettext("已解锁。")),
    "sign-out": (accounts.end_sessions, lazy_gettext("已在所有设备上退出。")),
    "second-factor": (accounts.reset_second_factor, lazy_gettext("动态口令已清除，本人可以重新设置。")),
    "keys": (accounts.revoke_keys, lazy_gettext("接口密钥已全部作废。")),
}
"""What is done to an account, by the last part of the address; and what is said then."""


def _changed(
    user_id: int, form: str, action: Callable[[Session, Actor], object], done: str
) -> Response | tuple[str, int]:
    """Do it and come back; or show the page again, with what is wrong beside the form."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            action(session, actor)
    except (InvalidInput, Duplicate) as error:
        return _page(user_id, error, form), 422
    flash(done, "good")
    return redirect(url_for("people.show", user_id=user_id), code=303)


def _new_role(role: str) -> NewRole:
    """The role that the form's boxes describe."""
    if role not in set(Role):
        raise InvalidInput("role", "unknown", role)
    return NewRole(
        request.form.get("unit", ""),
        Role(role),
        _day("from") or clock.today(),
        _day("until"),
        tuple(request.form.getlist("forms")),
    )


def _day(field: str) -> date | None:
    text = request.form.get(field, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(field, "not_a_day", text) from error


def _units(session: Session, actor: Actor) -> list[UnitRow]:
    everywhere = permits(actor, Permission.MANAGE_SYSTEM_ADMINS, Subject(actor.place.path))
    return list_units(session, under=None if everywhere else actor.place.code)


def _choices(session: Session, actor: Actor) -> Choices:
    may_all = permits(actor, Permission.MANAGE_SYSTEM_ADMINS, Subject(actor.place.path))
    roles = {role: name for role, name in ROLES.items() if may_all or role is not Role.SYSTEM_ADMIN}
    forms = {form.code: form.name_en if language() == "en" else form.name for form in list_forms(session)}
    return Choices(_units(session, actor), roles, forms)


def _new_page(refused: InvalidInput | Duplicate | None = None) -> str:
    actor = current_actor()
    unit = request.form.get("unit") or request.args.get("unit") or actor.place.code
    with transaction(actor) as session:
        place = get_unit(session, unit)
        taken = set(usernames_of(session, f"{place.code}_"))
        choices = _choices(session, actor)
    # Prefilled, so that a form sent twice names the same account twice.
    free = next(name for number in range(1, len(taken) + 2) if (name := f"{place.code}_{number:02}") not in taken)
    return render_template(
        "person_new.html",
        choices=choices,
        unit=place.code,
        suggested=free.lower(),
        typed=request.form,
        problem=refusal(refused),
    )


def _page(user_id: int, refused: InvalidInput | Duplicate | None = None, form: str = "") -> str:
    actor = current_actor()
    with transaction(actor) as session:
        person = get_person(session, actor, user_id)
        choices = _choices(session, actor)
        standing = person.standing_roles
        unit = standing[0].unit if standing else actor.place.code
        colleagues = search_people(session, actor, unit=unit, page=PageOf(1, _COLLEAGUES)).items if standing else []
    return render_template(
        "person.html",
        person=person,
        account=account_of(actor, person),
        choices=choices,
        colleagues=[each for each in colleagues if each.id != person.id],
        typed=request.form if refused else {},
        problem=refusal(refused),
        refused_form=form,
    )


def _slip(actor: Actor, user_id: int, password: str) -> str:
    with transaction(actor) as session:
        person = get_person(session, actor, user_id)
    return render_template("person_slip.html", person=person, password=password)
