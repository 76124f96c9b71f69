"""API keys on one's own account page: make one, revoke one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal import clock
from portal.db import identity_transaction
from portal.domain.actors import KeyScope
from portal.domain.api_keys import LONGEST_LIFE
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.errors import InvalidInput, NotFound
from portal.queries.api_keys import KeyRow, list_keys
from portal.queries.people import find_actor, list_places
from portal.services import api_keys
from portal.web.identity import SignedIn, current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.own_account import confirm_password, has_password, in_browser, refused_password
from portal.web.sane import is_count
from portal.web.second_factor import account_of
from portal.web.sessions import address

pages = Blueprint("api_keys", __name__, url_prefix="/account/keys")


@dataclass(frozen=True)
class Section:
    """What the account page shows; without a unit nobody makes a key."""

    keys: list[KeyRow]
    may_make: bool


def account_section(user_id: int) -> Section:
    """The account page's part about API keys."""
    with identity_transaction() as session:
        return Section(list_keys(session, user_id), bool(list_places(session, user_id)))


@pages.get("/new")
def new() -> str:
    """The form."""
    return _form(in_browser(), {"unit": current_actor().place.code, "scope": KeyScope.READ}, {})


@pages.post("/new")
def make() -> Response | str | tuple[str, int]:
    """Make a key for one of the person's units. The answer shows it, this once."""
    me = in_browser()
    typed = {name: request.form.get(name, "") for name in ("name", "unit", "scope", "expires_on")}
    try:
        key = _make(me, typed)
    except InvalidInput as error:
        return _form(me, typed, {error.field: input_sentence(error.problem)}), HTTPStatus.UNPROCESSABLE_ENTITY
    except (SignInRefused, TooManyFailures) as refusal:
        return _form(me, typed, {"password": refused_password(refusal)}), HTTPStatus.UNPROCESSABLE_ENTITY
    where = url_for("UnitsApi.index", _external=True)
    return render_template("api_keys/made.html", key=key, name=typed["name"], where=where)


def _make(me: SignedIn, typed: dict[str, str]) -> str:
    if typed["scope"] not in set(KeyScope):
        raise InvalidInput("scope", "unknown", typed["scope"])
    try:
        expires_on = date.fromisoformat(typed["expires_on"])
    except ValueError as error:
        raise InvalidInput("expires_on", "not_a_day", typed["expires_on"]) from error
    confirm_password(me, request.form.get("password", ""))
    with identity_transaction() as session:
        account = account_of(session, me.user_id)
        actor = find_actor(session, me.user_id, account.name, unit_code=typed["unit"], address=address())
        if actor is None:
            raise InvalidInput("unit", "unknown", typed["unit"])
        return api_keys.make(session, actor, account, typed["name"], KeyScope(typed["scope"]), expires_on)


@pages.post("/<number>/revoke")
def revoke(number: str) -> Response:
    """End one of one's own keys at once."""
    me = in_browser()
    if not is_count(number):
        raise NotFound("api_key", number)
    with identity_transaction() as session:
        api_keys.revoke(session, account_of(session, me.user_id), int(number), address=address())
    flash(_("密钥已撤销，用它的程序马上就不能访问了。"), "success")
    return redirect(url_for("account.index"), HTTPStatus.SEE_OTHER)


def _form(me: SignedIn, typed: Mapping[str, str], problems: dict[str, str]) -> str:
    with identity_transaction() as session:
        places = list_places(session, me.user_id)
    return render_template(
        "api_keys/new.html",
        typed=typed,
        problems=problems,
        places=places,
        asks_password=has_password(me),
        longest_name=api_keys.LONGEST_NAME,
        first_day=clock.today(),
        last_day=clock.today() + LONGEST_LIFE,
    )
