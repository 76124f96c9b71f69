"""What the portal refuses, as HTTP: one table from error class to status, and a sentence for each.

Pages get an HTML page in our look, `/api/` paths a problem document (RFC 9457). Nobody ever gets a traceback.
"""

import logging
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from importers.reasons import reason_advice, reason_text
from portal import errors
from portal.domain.lifecycle import Action, State
from portal.web.identity import NotSignedIn
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.words import ACTIONS, OTHER_ACTIONS, OTHER_STATES, STATES

log = logging.getLogger(__name__)

STATUS: dict[type[errors.PortalError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.InvalidMove: HTTPStatus.CONFLICT,
    errors.Blocked: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Duplicate: HTTPStatus.CONFLICT,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FormInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
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


def input_sentence(problem: str) -> str:
    """What is wrong with one entry; `problem` is the stable word of an InvalidInput."""
    known: dict[str, str] = {
        "not_a_number": _("不是数字。"),
        "required": _("请写明理由。"),
        "too_long": _("内容太长，请缩短。"),
        "unknown": _("请从列出的选项中选择。"),
        "too_short": _("说明至少写 10 个字，讲清楚原因。"),
        "says_nothing": _("不能只写“核实无误”之类，请写明数据为什么是这样。"),
        "not_a_period": _("报告期的写法不对。"),
        "no_file": _("请先选择文件。"),
    }
    return known.get(problem, _("填写的内容不符合要求（%(problem)s）。", problem=problem))


def _unreadable(error: Any) -> str:
    return say(reason_text(error.reason, error.place)) + _("。") + say(reason_advice(error.reason))


_SENTENCES: dict[type[errors.PortalError], Callable[[Any], str]] = {
    NotSignedIn: lambda _error: _("请先登录。"),
    errors.NotFound: lambda _error: _("没有找到您要的内容，或者您无权查看。"),
    errors.NotPermitted: _not_permitted,
    errors.InvalidMove: _invalid_move,
    errors.Blocked: lambda error: _("还有 %(count)s 处问题没有处理，不能上报。", count=error.count),
    errors.Conflict: lambda _error: _("别人同时改了同一处，您的改动没有保存。请核对后再改。"),
    errors.Duplicate: lambda _error: _("已经有了，不能重复。"),
    errors.InvalidInput: lambda error: input_sentence(error.problem),
    errors.FormInvalid: lambda error: _("报表文件有错：%(problems)s", problems="；".join(error.problems)),
    errors.WorkbookUnreadable: _unreadable,
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
    fields = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return problem_document(status_of(error), error.code, sentence(error), **fields)


def wants_problem() -> bool:
    """Whether this request is answered with data rather than a page."""
    return request.path.startswith("/api/") or request.is_json


# --- Answers ----------------------------------------------------------------------------------------------------


def _page(status: int, message: str) -> tuple[str, int]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _broken_page(status, message)
    return render_template("errors/refused.html", status=status, message=message), status


def _broken_page(status: int, message: str, incident: str = "") -> tuple[str, int]:
    """Made without `render_template`, which asks the database who is signed in: the database may be what broke."""
    template = current_app.jinja_env.get_template("errors/broken.html")
    return template.render(message=message, incident=incident), status


def _refused(error: errors.PortalError) -> AnyResponse | tuple[str, int]:
    if wants_problem():
        return problem_of(error)
    if isinstance(error, NotSignedIn):
        return redirect(current_app.extensions["appbuilder"].get_url_for_login_with(_here()))
    return _page(status_of(error), sentence(error))


def _here() -> str:
    """Where to go on after signing in: this page, or the start page when it cannot be asked for again."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def _http_message(status: int) -> str:
    known: dict[int, str] = {
        400: _("请求不完整，没有办理。"),
        403: _("您的权限不包括这个页面。如需办理，请联系单位管理员。"),
        404: _("没有找到您要的内容，或者您无权查看。"),
        405: _("不能这样打开这个地址。"),
        413: _("文件太大，没有上传。请去掉工作簿里的图片等附件后再试。"),
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
    return problem_document(status, code, message) if wants_problem() else _page(status, message)


def _broken(error: Exception) -> AnyResponse | tuple[str, int]:
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
    app.register_error_handler(Exception, _broken)
