"""No string of the pages is without English."""

import re

from tests.web.catalogue import ENGLISH, compiled, source_strings, translations

_PLACEHOLDER = re.compile(r"%\(\w+\)s")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_source_string_has_english() -> None:
    english = translations()
    assert [source for source in source_strings() if not english.get(source)] == []


def test_no_translation_is_left_over() -> None:
    assert translations().keys() - source_strings().keys() == set()


def test_translations_keep_the_placeholders() -> None:
    differ = [
        source
        for source, english in translations().items()
        if not set(_PLACEHOLDER.findall(english)) <= set(_PLACEHOLDER.findall(source))
    ]
    assert differ == []


def test_english_has_no_chinese() -> None:
    assert [english for english in translations().values() if _CHINESE.search(english)] == []


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    assert ENGLISH.with_suffix(".mo").read_bytes() == compiled(translations())


def test_templates_say_nothing_untranslated() -> None:
    """Chinese in a template stands inside a call of `_`, in a comment, or is the product's name."""
    templates = ENGLISH.parents[3] / "templates"
    stray = {}
    for path in sorted(templates.rglob("*.html")):
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"""_\((["']).*?\1""", "", text)
        lines = [line.strip() for line in text.splitlines() if _CHINESE.search(line.replace("汇总", ""))]
        if lines:
            stray[path.name] = lines
    assert stray == {}
