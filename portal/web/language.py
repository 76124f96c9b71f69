"""Languages of the screens. Source strings are Chinese; the catalogue in `translations/en` gives the English."""

from datetime import date, datetime
from pathlib import Path
from typing import cast

import flask_babel
from flask import Flask, has_request_context, request
from flask_babel.speaklater import LazyString
from werkzeug.wrappers import Response

from portal.clock import CHINA
from portal.domain.forms import Language, Text
from portal.domain.periods import Period, period_text

LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}}
DEFAULT: Language = "zh"
TRANSLATIONS = Path(__file__).parent / "translations"

_COOKIE = "huizong-language"
"""A cookie of its own, so that the choice outlives signing out, and needs no database to be read."""

_A_YEAR = 31_536_000


def install(app: Flask) -> None:
    """Let the reader's choice decide, instead of Flask-AppBuilder's entry of the session."""
    flask_babel.get_babel(app).locale_selector = _chosen


def choose(response: Response, code: str) -> None:
    """Show everything in this language from now on, in this browser."""
    response.set_cookie(_COOKIE, code, max_age=_A_YEAR, secure=request.is_secure, httponly=True, samesite="Lax")


def _chosen() -> str:
    code = request.cookies.get(_COOKIE) if has_request_context() else None
    return code if code in LANGUAGES else DEFAULT


def gettext(source: str, /, **variables: object) -> str:
    """The source string in the language of this request, with `%(name)s` filled in."""
    return str(flask_babel.gettext(source, **variables))


def lazy_gettext(source: str, /) -> LazyString:
    """The same, looked up each time it is shown: for words fixed before there is a request."""
    return flask_babel.lazy_gettext(source)


def language() -> Language:
    """The language of this request."""
    locale = flask_babel.get_locale()
    return cast("Language", locale.language) if locale and locale.language in LANGUAGES else DEFAULT


def say(text: Text) -> str:
    """A bilingual text of the data, in the language of this request."""
    return text.in_language(language())


def day(value: date | None) -> str:
    """A calendar day for tables, `2024-02-28`; a dash for none."""
    return value.isoformat() if value else "—"


def moment(value: datetime | None) -> str:
    """An instant on China's clock, to the minute; a dash for none."""
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if value else "—"


def second(value: datetime) -> str:
    """An instant on China's clock, to the second."""
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def period_name(period: Period | str) -> str:
    """A period, or its code, as people say it."""
    return say(period_text(Period.parse(str(period))))
