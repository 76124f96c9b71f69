"""The database went away in the middle of a request: said as it is, because nobody knows how far a change had come."""

import logging

from flask import Flask, request
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as AnyResponse

from portal.db import is_away
from portal.web.errors import broken, page, problem_document, wants_problem
from portal.web.language import gettext as _

RETRY_SECONDS = 5

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Answer with 503 what failed because the database restarts; every other error of the database is a defect."""
    app.register_error_handler(DBAPIError, _answer)


def _answer(error: DBAPIError) -> AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]:
    if not is_away(error):
        return broken(error)
    log.warning("no database at %s %s: %s", request.method, request.path, str(error.orig).partition("\n")[0])
    message = _("数据库刚刚中断，正在恢复。刚才提交的内容可能已经保存，也可能没有：请过几秒刷新页面，核对后再继续。")
    if wants_problem():
        response = problem_document(503, "database_away", message)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    return *page(503, message), {"Retry-After": str(RETRY_SECONDS)}
