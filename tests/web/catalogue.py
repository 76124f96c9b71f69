"""The English catalogue of the pages: what the source says, what is translated.

`python -m tests.web.catalogue` adds new source strings to the catalogue, drops old ones, and compiles it.
"""

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
WEB = ROOT / "portal" / "web"
ENGLISH = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"

_MADE = datetime(2026, 1, 1, tzinfo=UTC)  # a date that never changes keeps the compiled catalogue the same
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None}
_OPTIONS = {"templates/**.html": {"trimmed": "true", "encoding": "utf-8", "silent": "false"}}


def source_strings() -> dict[str, list[str]]:
    """Every marked string, with the files it is in."""
    found: dict[str, set[str]] = {}
    extracted = extract_from_dir(WEB, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    for filename, _line, message, _comments, _context in extracted:
        found.setdefault(str(message), set()).add(filename)
    return {source: sorted(files) for source, files in found.items()}


def translations() -> dict[str, str]:
    """English by source string, as stored; empty for what is not translated."""
    with ENGLISH.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}


def compiled(english: dict[str, str]) -> bytes:
    """The catalogue as the program reads it; the same bytes for the same strings."""
    stream = io.BytesIO()
    write_mo(stream, _catalogue({source: (text, []) for source, text in english.items()}))
    return stream.getvalue()


def update() -> None:
    """Bring the stored catalogue in line with the source, and compile it."""
    known = translations()
    current = {source: (known.get(source, ""), places) for source, places in source_strings().items()}
    fresh = ENGLISH.with_suffix(".fresh")
    with fresh.open("wb") as file:
        write_po(file, _catalogue(current), width=0, include_lineno=False, omit_header=True)
    fresh.replace(ENGLISH)
    ENGLISH.with_suffix(".mo").write_bytes(compiled({source: text for source, (text, _places) in current.items()}))


def _catalogue(entries: dict[str, tuple[str, list[str]]]) -> Catalog:
    catalogue = Catalog(locale="en", project="huizong", fuzzy=False, creation_date=_MADE, revision_date=_MADE)
    for source, (text, places) in sorted(entries.items()):
        catalogue.add(source, text, locations=[(place, 0) for place in places])
    return catalogue


if __name__ == "__main__":
    update()
