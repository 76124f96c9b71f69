"""我的账号: one's name and units, one's password, and where one is signed in."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.db import identity_transaction
from portal.domain.passwords import SHORTEST
from portal.domain.sign_in import ACCOUNT, SignInRefused
from portal.errors import NotFound
from portal.queries.accounts import find_credentials_by_id, password_changed_at
from portal.queries.web_sessions import list_sessions
from portal.services import sign_in_throttle as throttle
from portal.services import web_sessions
from portal.services.passwords import PasswordRefused, WrongPassword, change_password
from portal.services.sign_in_events import Account, record_account_event
from portal.web.errors import sentence, status_of
from portal.web.identity import NotSignedIn, SignedIn, signed_in
from portal.web.language import gettext as _
from portal.web.pages import api_keys, second_factor
from portal.web.sane import is_count
from portal.web.sessions import address, settings

pages = Blueprint("account", __name__, url_prefix="/account")


def _me() -> SignedIn:
    found = signed_in()
    if found is None:
        raise NotSignedIn
    return found


@pages.get("/")
def index() -> str:
    """Everything about one's own account."""
    me = _me()
    with identity_transaction() as session:
        account = find_credentials_by_id(session, me.user_id)
        changed_at = password_changed_at(session, me.user_id)
        sessions = list_sessions(session, me.user_id, settings().idle)
    return render_template(
        "account.html",
        account=account,
        positions=me.identity.positions,
        changed_at=changed_at,
        sessions=sessions,
        here=me.session_id,
        second_factor=second_factor.account_section(me.user_id),
        api_keys=api_keys.account_section(me.user_id),
    )


@pages.route("/password", methods=["GET", "POST"])
def password() -> AnyResponse | str | tuple[str, int]:
    """Change one's own password."""
    me = _me()
    if request.method != "POST":
        return _password_form(me)
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    if new != again:
        return _password_form(me, again=_("两次输入的密码不一样。")), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        _change(me, old, new)
    except PasswordRefused as error:
        return _password_form(me, new=sentence(error)), status_of(error)
    except WrongPassword as error:
        return _password_form(me, old=sentence(error)), status_of(error)
    except SignInRefused as error:
        return _password_form(me, old=_("密码输错的次数太多，请 15 分钟后再试。")), status_of(error)
    flash(_("密码已改，其他地方的登录都已退出。"), "success")
    return redirect("/" if me.must_change_password else url_for("account.index"))


def _password_form(me: SignedIn, **problems: str) -> str:
    """The form, with what is wrong by field."""
    with identity_transaction() as session:
        username = find_credentials_by_id(session, me.user_id).username
    return render_template(
        "account/password.html",
        username=username,
        must_change=me.must_change_password,
        shortest=SHORTEST,
        problems=problems,
    )


def _change(me: SignedIn, old: str, new: str) -> None:
    """Change it; a wrong present password counts as a failure to sign in, lest it be guessed here.

    Raises:
        SignInRefused: there were too many failures.
        WrongPassword: `old` is not the present one.
        PasswordRefused: the new one is not good enough.
    """
    key = str(me.user_id)
    with identity_transaction() as session:
        unlocked = throttle.reserve(session, ACCOUNT, key)
    if not unlocked:
        raise SignInRefused
    try:
        with identity_transaction() as session:
            change_password(session, me.user_id, old, new, keep_session=me.session_id)
            _record(session, me, "password_changed")
    except PasswordRefused:
        with identity_transaction() as session:
            throttle.give_back(session, ACCOUNT, key)
        raise
    with identity_transaction() as session:
        throttle.forget(session, ACCOUNT, key)


@pages.post("/sessions/<number>/end")
def end_session(number: str) -> AnyResponse:
    """End one's session in another browser or program."""
    me = _me()
    with identity_transaction() as session:
        if not is_count(number) or not web_sessions.end_one(session, me.user_id, int(number)):
            raise NotFound("session", number)
        _record(session, me, "sessions_ended", {"count": 1})
    flash(_("已退出。"), "success")
    return redirect(url_for("account.index"))


@pages.post("/sessions/end-others")
def end_other_sessions() -> AnyResponse:
    """End all of one's sessions but this."""
    me = _me()
    with identity_transaction() as session:
        count = web_sessions.end_all(session, me.user_id, but=me.session_id)
        if count:
            _record(session, me, "sessions_ended", {"count": count})
    flash(_("其他地方的登录都已退出。"), "success")
    return redirect(url_for("account.index"))


def _record(session: Session, me: SignedIn, kind: str, after: dict[str, int] | None = None) -> None:
    account = find_credentials_by_id(session, me.user_id)
    record_account_event(
        session, kind, Account(account.user_id, account.username, account.name), address=address(), after=after
    )
