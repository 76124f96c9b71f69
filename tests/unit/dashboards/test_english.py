"""The English catalogue of the dashboards.

After a change of the texts: edit `messages.po`, then `pybabel compile -d dashboards/translations`.
"""

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from babel.support import Translations

from dashboards.language import TRANSLATIONS

CATALOGUE = TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po"


def sources() -> set[str]:
    return {
        str(entry[2]) for entry in extract_from_dir(TRANSLATIONS.parent, [("**.py", "python")], keywords={"_": None})
    }


def translations() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale="en") if entry.id}


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    assert sources() == translations().keys()
    assert [source for source, english in translations().items() if not english.strip()] == []


def test_placeholders_are_the_same() -> None:
    with CATALOGUE.open("rb") as file:
        problems = [(entry.id, error) for entry in read_po(file, locale="en") for error in entry.check()]
    assert problems == []


def test_the_program_reads_what_is_written() -> None:
    program = Translations.load(str(TRANSLATIONS), ["en"])
    assert {source: program.gettext(source) for source in translations()} == translations()
