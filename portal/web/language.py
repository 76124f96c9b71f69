"""Languages of the screens. Source strings are Chinese; the catalogue in `translations/en` gives the English."""

from datetime import date, datetime
from pathlib import Path
from typing import cast

import flask_babel
from flask_babel.speaklater import LazyString

from portal.clock import CHINA
from portal.domain.forms import Language, Text

LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}}
DEFAULT: Language = "zh"
TRANSLATIONS = Path(__file__).parent / "translations"


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
