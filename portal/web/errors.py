"""What the portal refuses, as HTTP: one table from error class to status, and a sentence for each.

Pages get an HTML page in our look, `/api/` paths a problem document (RFC 9457). Nobody ever gets a traceback.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from importers.reasons import reason_advice, reason_text
from portal import errors
from portal.domain import directory
from portal.domain.lifecycle import Action, State
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.domain.texts import Text
from portal.services.passwords import PasswordRefused, WrongPassword
from portal.virus_scan import ScannerUnavailable, VirusFound
from portal.web.identity import NotSignedIn, PasswordChangeRequired
from portal.web.input_words import input_sentence, password_sentence
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.presented_key import KeyRefused
from portal.web.second_factor import EnrolmentRequired, SecondFactorRequired, TooManyCodes, WrongCode
from portal.web.targets import MixedUnits
from portal.web.words import ACTIONS, OTHER_ACTIONS, OTHER_STATES, STATES

log = logging.getLogger(__name__)

STATUS: dict[type[errors.PortalError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    SignInRefused: HTTPStatus.UNAUTHORIZED,
    TooManyFailures: HTTPStatus.TOO_MANY_REQUESTS,
    PasswordChangeRequired: HTTPStatus.FORBIDDEN,
    SecondFactorRequired: HTTPStatus.UNAUTHORIZED,
    WrongCode: HTTPStatus.UNAUTHORIZED,
    EnrolmentRequired: HTTPStatus.FORBIDDEN,
    TooManyCodes: HTTPStatus.TOO_MANY_REQUESTS,
    KeyRefused: HTTPStatus.UNAUTHORIZED,
    directory.NotAdmitted: HTTPStatus.FORBIDDEN,
    directory.AnswerRefused: HTTPStatus.FORBIDDEN,
    directory.DirectoryUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    WrongPassword: HTTPStatus.UNPROCESSABLE_ENTITY,
    PasswordRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.InvalidMove: HTTPStatus.CONFLICT,
    errors.SignOffsMissing: HTTPStatus.CONFLICT,
    errors.Blocked: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Duplicate: HTTPStatus.CONFLICT,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FormInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    VirusFound: HTTPStatus.UNPROCESSABLE_ENTITY,
    ScannerUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ProgramMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WorkbookUnreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def status_of(error: errors.PortalError) -> HTTPStatus:
    """The HTTP status of a refusal."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.BAD_REQUEST)


def sentence(error: errors.PortalError) -> str:
    """What is wrong and what to do, in the language of this request."""
    for kind in type(error).__mro__:
        if kind in _SENTENCES:
            return _SENTENCES[kind](error)
    return _("这个操作没有完成。")


def _invalid_move(error: Any) -> str:
    return _(
        "现在的状态是“%(state)s”，不能%(action)s。请刷新页面看最新状态。",
        state=STATES[State(error.state)].name if error.state in set(State) else OTHER_STATES[error.state],
        action=ACTIONS[Action(error.action)] if error.action in set(Action) else OTHER_ACTIONS[error.action],
    )


def _not_permitted(error: Any) -> str:
    if error.permission == "act_for_unit":
        return _("您的账号还没有分配单位，请联系单位管理员。")
    return _("您的权限不包括这项操作。如需办理，请联系单位管理员。")


def _not_admitted(error: Any) -> str:
    reasons: dict[directory.Refusal, str] = {
        directory.Refusal.UNKNOWN_ROLE: _("身份认证系统给出的“%(value)s”不是本系统的任职", value=error.value),
        directory.Refusal.UNKNOWN_UNIT: _("身份认证系统给出的单位“%(value)s”在本系统中没有", value=error.value),
        directory.Refusal.NO_MEMBERSHIP: _("身份认证系统没有给您分配单位和任职"),
        directory.Refusal.NAME_TAKEN: _("用户名“%(value)s”在本系统中属于另一个账号", value=error.value),
        directory.Refusal.SWITCHED_OFF: _("您的账号已在本系统中停用"),
        directory.Refusal.INCOMPLETE: _("身份认证系统给出的资料不完整（%(value)s）", value=error.value),
    }
    return _("不能登录：%(reason)s。请联系系统管理员。", reason=reasons[error.reason])


def _same_person(error: Any) -> str:
    action = ACTIONS.get(Action(error.permission)) if error.permission in set(Action) else None
    return _(
        "填报与签审须是不同的人：这一版里有您（或您代理的、代理您的人）填报或导入的数，不能再由您%(action)s。请由其他有权限的同事办理。",
        action=action or _("办理"),
    )


def _sign_offs_missing(error: Any) -> str:
    steps = _("、").join(str(ACTIONS[Action(step)]) for step in error.missing)
    return _(
        "这项任务要求先办完：%(steps)s，然后才能%(action)s。",
        steps=steps,
        action=ACTIONS[Action(error.action)],
    )


def _duplicate(error: Any) -> str:
    known: dict[str, str] = {
        "username": _("这个用户名已经有人用了。如果是您刚才新增的，请在人员中找到此人，重设密码。"),
        "email": _("这个邮箱已经有人用了。"),
        "membership": _("在这些日期里已有相同的任职。"),
    }
    return known.get(error.kind, _("已经有了，不能重复。"))


_SENTENCES: dict[type[errors.PortalError], Callable[[Any], str]] = {
    NotSignedIn: lambda _error: _("请先登录。"),
    SignInRefused: lambda _error: _("用户名或密码不对。连续输错 5 次，账号锁定 15 分钟。"),
    TooManyFailures: lambda _error: _("从您所在的网络登录失败的次数太多，请 15 分钟后再试。"),
    directory.NotAdmitted: _not_admitted,
    directory.AnswerRefused: lambda _error: _("统一身份认证没有完成，请重新登录。"),
    directory.DirectoryUnavailable: lambda _error: _("统一身份认证系统现在连不上，请稍后再试，或联系系统管理员。"),
    PasswordChangeRequired: lambda _error: _("请先在网页上改密码，再继续。"),
    SecondFactorRequired: lambda _error: _("这个账号启用了动态口令，请同时给出。"),
    WrongCode: lambda _error: _("动态口令不对，或者已经用过。"),
    EnrolmentRequired: lambda _error: _("您的岗位须用动态口令，请先在网页上登录并设置。"),
    TooManyCodes: lambda _error: _("动态口令连续输错 5 次，请 15 分钟后再试，或者联系单位管理员。"),
    KeyRefused: lambda _error: _("接口密钥无效、已过期或已撤销。"),
    WrongPassword: lambda _error: _("现在的密码不对。"),
    PasswordRefused: lambda error: password_sentence(error.problem),
    MixedUnits: lambda _error: _("一次请求里写了不同的单位，没有办理。请从页面上的链接重新打开。"),
    errors.NotFound: lambda _error: _("没有找到您要的内容，或者您无权查看。"),
    errors.NotPermitted: _not_permitted,
    errors.SamePerson: _same_person,
    errors.InvalidMove: _invalid_move,
    errors.SignOffsMissing: _sign_offs_missing,
    errors.Blocked: lambda error: _("还有 %(count)s 处问题没有处理，不能办理。", count=error.count),
    errors.Conflict: lambda _error: _("别人同时改了同一处，您的改动没有保存。请核对后再改。"),
    errors.Duplicate: _duplicate,
    errors.InvalidInput: lambda error: input_sentence(error.problem),
    errors.FormInvalid: lambda error: _("报表文件有错：%(problems)s", problems="；".join(error.problems)),
    errors.UnitsInvalid: lambda error: _("；").join(say(Text(*words)) for words in error.words),
    VirusFound: lambda error: _(
        "病毒扫描认为这个文件有害（%(name)s），没有收下。请先查杀病毒，再把数据填进新下载的模板。",
        name=error.name,
    ),
    ScannerUnavailable: lambda _error: _("病毒扫描现在没有回应，所以没有收下文件。请过几分钟再试，或告诉系统管理员。"),
    errors.ProgramMissing: lambda error: _(
        "这台服务器上的程序 %(program)s 没有装好或没有完成，请告诉系统管理员。可以先用浏览器打印，或下载 Excel 文件。",
        program=error.program,
    ),
    errors.WorkbookUnreadable: lambda error: (
        say(reason_text(error.reason, error.place)) + _("。") + say(reason_advice(error.reason))
    ),
}


# --- Problem documents ------------------------------------------------------------------------------------------


def problem_document(status: int, code: str, detail: str, **fields: Any) -> Response:
    """A problem document (RFC 9457); `code` is stable, `detail` is for people."""
    body = {"type": f"urn:huizong:problem:{code}", "title": HTTPStatus(status).phrase, "status": status}
    response = jsonify(body | {"detail": detail, "code": code, "instance": request.path} | fields)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def problem_of(error: errors.PortalError) -> Response:
    """The problem document of a refusal, with the error's own typed fields."""
    return problem_document(status_of(error), error.code, sentence(error), **fields_of(error))


def fields_of(error: errors.PortalError) -> dict[str, Any]:
    """The error's own typed fields."""
    return {name: value for name, value in vars(error).items() if not name.startswith("_")}


def wants_problem() -> bool:
    """Whether this request is answered with data rather than a page."""
    return request.path.startswith("/api/") or request.is_json


_WORDS = ("reason", "words", "basis", "document")
"""Fields of forms in which people write at length: whoever is refused gets it back."""


# --- Answers ----------------------------------------------------------------------------------------------------


def page(status: int, message: str, typed: Sequence[str] = ()) -> tuple[str, int]:
    """A page that says why there is no other, and gives back what was `typed`.

    From 500 on, it asks nothing of the database.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _broken_page(status, message)
    return render_template("errors/refused.html", status=status, message=message, typed=typed), status


def _broken_page(status: int, message: str, incident: str = "") -> tuple[str, int]:
    """Made without `render_template`, which asks the database who is signed in: the database may be what broke."""
    template = current_app.jinja_env.get_template("errors/broken.html")
    return template.render(message=message, incident=incident), status


def _refused(error: errors.PortalError) -> AnyResponse | tuple[str, int]:
    if wants_problem():
        return problem_of(error)
    if isinstance(error, NotSignedIn):
        return redirect(current_app.extensions["appbuilder"].get_url_for_login_with(_here()))
    if isinstance(error, PasswordChangeRequired):
        return redirect(url_for("account.password"))
    if isinstance(error, EnrolmentRequired):
        return redirect(url_for("second_factor.set_up"))
    return page(status_of(error), sentence(error), [request.form.get(name, "") for name in _WORDS])


def _here() -> str:
    """Where to go on after signing in: this page, or the start page when it cannot be asked for again."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def _http_message(status: int) -> str:
    known: dict[int, str] = {
        400: _("请求不完整，没有办理。"),
        403: _("您的权限不包括这个页面。如需办理，请联系单位管理员。"),
        404: _("没有找到您要的内容，或者您无权查看。"),
        405: _("不能这样打开这个地址。"),
        413: _("文件太大，没有上传。请去掉工作簿里的图片等附件后再试。")
        if request.mimetype == "multipart/form-data"
        else _("一次送来的内容太多，没有办理。请分几次办理。"),
        429: _("操作太频繁，请等一分钟再试。"),
    }
    return known.get(status, _("这个操作没有完成。"))


def _http(error: HTTPException) -> HTTPException | AnyResponse | tuple[str, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error
    if isinstance(error, CSRFError):
        message, code = _("页面放得太久或不是从本系统打开的，没有保存。请返回上一页，刷新后再提交。"), "csrf"
    else:
        message, code = _http_message(status), HTTPStatus(status).name.lower()
    return problem_document(status, code, message) if wants_problem() else page(status, message)


def broken(error: Exception) -> AnyResponse | tuple[str, int]:
    """A defect of ours: log it under a number the person can quote."""
    incident = secrets.token_hex(4)
    log.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    message = _("系统出错了，您的数据没有改动。请把下面的编号告诉系统管理员。")
    if wants_problem():
        return problem_document(status, "internal_error", message, incident=incident)
    return _broken_page(status, message, incident)


def install(app: Flask) -> None:
    """Answer every refusal and every defect with a page or a problem document of ours."""
    app.register_error_handler(errors.PortalError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, broken)
