"""The second factor: the code after the password, and setting it up, on one's account page."""

from dataclasses import dataclass
from http import HTTPStatus

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import identity_transaction
from portal.domain.second_factor import authenticator_uri
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.queries.accounts import find_credentials_by_id
from portal.services import second_factor, web_sessions
from portal.services.second_factor import Standing
from portal.web import signing_in
from portal.web.identity import SignedIn
from portal.web.language import gettext as _
from portal.web.own_account import confirm_password, has_password, in_browser, refused_password
from portal.web.second_factor import account_of, is_required, is_right, seal
from portal.web.sessions import address

ISSUER = "汇总 Huizong"

pages = Blueprint("second_factor", __name__)


@dataclass(frozen=True)
class Section:
    """What the account page shows.

    Attributes:
        required: one of the person's roles asks for it, so that it cannot be turned off.
    """

    standing: Standing
    required: bool


def account_section(user_id: int) -> Section:
    """The account page's part about the second factor."""
    with identity_transaction() as session:
        return Section(second_factor.standing(session, user_id), is_required(session, user_id))


# --- After the password -------------------------------------------------------------------------------------------


@pages.route("/login/code", methods=["GET", "POST"])
def code() -> Response | str | tuple[str, int]:
    """Ask whoever has passed the first factor for a code of the authenticator."""
    return _second_step(recovery=False)


@pages.route("/login/recovery-code", methods=["GET", "POST"])
def recovery_code() -> Response | str | tuple[str, int]:
    """Ask for a recovery code instead."""
    return _second_step(recovery=True)


def _second_step(*, recovery: bool) -> Response | str | tuple[str, int]:
    passed = signing_in.pending()
    if passed is None:
        return redirect(url_for("SignInView.login"))
    if request.method != "POST":
        return render_template("second_factor/code.html", recovery=recovery, wrong=False)
    if not is_right(passed.user_id, request.form.get("code", "")):
        page = render_template("second_factor/code.html", recovery=recovery, wrong=True)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    if recovery:
        left = account_section(passed.user_id).standing.recovery_codes
        flash(_("用掉了一个恢复码，还剩 %(count)s 个。手机丢了的话，请重新设置动态口令。", count=left), "warning")
    return signing_in.complete(passed)


# --- Setting it up ------------------------------------------------------------------------------------------------


@pages.get("/account/second-factor/set-up")
def set_up() -> Response | str:
    """The first step, or the second once there is a secret to share with the authenticator."""
    return _set_up()


@pages.post("/account/second-factor/start")
def start() -> Response | tuple[str, int]:
    """Make a secret, once the password has shown that it is still the person who sits there."""
    me = in_browser()
    try:
        confirm_password(me, request.form.get("password", ""))
    except (SignInRefused, TooManyFailures) as refusal:
        return _set_up(problem=refused_password(refusal)), HTTPStatus.UNPROCESSABLE_ENTITY
    with identity_transaction() as session:
        second_factor.start(session, me.user_id, seal())
    return redirect(url_for("second_factor.set_up"), HTTPStatus.SEE_OTHER)


@pages.post("/account/second-factor/confirm")
def confirm() -> Response | str | tuple[str, int]:
    """Turn it on with a first code; everywhere else the person is signed out. The answer shows the recovery codes."""
    me = in_browser()
    with identity_transaction() as session:
        account = account_of(session, me.user_id)
        codes = second_factor.confirm(session, account, request.form.get("code", ""), seal(), address=address())
        if codes is not None:
            web_sessions.end_all(session, me.user_id, but=me.session_id)
    if codes is None:
        return _set_up(problem=_("动态口令不对。请核对手机的时间，输入最新的一个。")), HTTPStatus.UNPROCESSABLE_ENTITY
    return render_template("second_factor/recovery_codes.html", codes=codes, username=account.username, first=True)


# --- Afterwards ---------------------------------------------------------------------------------------------------


@pages.route("/account/second-factor/recovery-codes", methods=["GET", "POST"])
def recovery_codes() -> Response | str | tuple[str, int]:
    """Make new recovery codes, for a code of the authenticator or an old recovery code."""
    me = in_browser()
    asked = _ask_for_code(me, "second_factor/renew.html")
    if asked is not None:
        return asked
    with identity_transaction() as session:
        account = account_of(session, me.user_id)
        codes = second_factor.renew_recovery_codes(session, account, address=address())
    return render_template("second_factor/recovery_codes.html", codes=codes, username=account.username, first=False)


@pages.route("/account/second-factor/off", methods=["GET", "POST"])
def off() -> Response | str | tuple[str, int]:
    """Turn it off, for a code; whoever must have one sets it up anew right after."""
    me = in_browser()
    asked = _ask_for_code(me, "second_factor/off.html")
    if asked is not None:
        return asked
    with identity_transaction() as session:
        second_factor.disable(session, account_of(session, me.user_id), address=address())
    flash(_("动态口令已停用。"), "success")
    return redirect(url_for("account.index"))


def _ask_for_code(me: SignedIn, template: str) -> Response | str | tuple[str, int] | None:
    """The page with the box for a code; None once the right one came in it."""
    section = account_section(me.user_id)
    if not section.standing.enrolled:
        return redirect(url_for("second_factor.set_up"))
    if request.method != "POST":
        return render_template(template, wrong=False, required=section.required)
    if not is_right(me.user_id, request.form.get("code", "")):
        return render_template(template, wrong=True, required=section.required), HTTPStatus.UNPROCESSABLE_ENTITY
    return None


def _set_up(problem: str = "") -> str:
    me = in_browser()
    with identity_transaction() as session:
        account = find_credentials_by_id(session, me.user_id)
        standing = second_factor.standing(session, me.user_id)
        secret = second_factor.unconfirmed_secret(session, me.user_id, seal())
        required = is_required(session, me.user_id)
    return render_template(
        "second_factor/set_up.html",
        enrolled=standing.enrolled,
        required=required,
        asks_password=has_password(me),
        secret=secret,
        qr=_qr(authenticator_uri(secret, account.username, ISSUER)) if secret else "",
        problem=problem,
    )


def _qr(uri: str) -> str:
    return str(segno.make(uri, error="m").svg_inline(omitsize=True, border=4, svgclass=None, lineclass=None))
