"""Words of the dashboards: Chinese in the source, English in `translations/en`.

A catalogue of our own, so that mounting the dashboards needs nothing of the portal's.
"""

from pathlib import Path

from flask_babel import Domain
from flask_babel.speaklater import LazyString

TRANSLATIONS = Path(__file__).parent / "translations"

_catalogue = Domain([str(TRANSLATIONS)])


def gettext(source: str, /, **variables: object) -> str:
    """The source string in the language of this request, with `%(name)s` filled in."""
    return str(_catalogue.gettext(source, **variables))


def lazy_gettext(source: str) -> LazyString:
    """The same, looked up when it is shown: for what is made before there is a request."""
    return LazyString(gettext, source)
