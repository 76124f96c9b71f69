"""The published JSON Schema says what reading a form file says."""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jsonschema
import pytest

from portal.domain.careful_yaml import load
from portal.domain.form_file import form_to_dict, read_form, write_form
from portal.domain.form_schema import form_schema
from portal.errors import FormInvalid
from tests.workbooks.making import trial_form

FILES = ("FZ.yaml", "JB.yaml", "XG.yaml", "ZG.yaml")
POINTER = "# yaml-language-server: $schema=schema.json"


def text_of(name: str) -> str:
    return resources.files("portal.reference.forms").joinpath(name).read_text("utf-8")


PUBLISHED = json.loads(text_of("schema.json"))
CHECK = jsonschema.Draft202012Validator(PUBLISHED)


def test_the_published_schema_is_made_from_what_reads_the_files() -> None:
    """To renew it: `huizong forms schema portal/reference/forms/schema.json`."""
    assert form_schema() == PUBLISHED
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize("name", FILES)
def test_the_delivered_forms_fit_it_name_it_and_are_as_they_would_be_written(name: str) -> None:
    text = text_of(name)
    content = load(text).content
    assert text.splitlines()[0] == POINTER
    assert list(CHECK.iter_errors(content)) == []
    assert list(CHECK.iter_errors(form_to_dict(trial_form()))) == []
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#")) + "\n"
    assert body == write_form(read_form(text))


def mappings(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        yield content
    for each in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from mappings(each)


def test_a_key_that_reading_does_not_know_the_schema_does_not_know_either() -> None:
    """Tried in every mapping of a form but those whose keys are references: the examples of rules."""
    content = form_to_dict(read_form(text_of("XG.yaml")))
    for each in [found for found in mappings(content) if not any("{" in key or "." in key for key in found)]:
        if each.keys() & {"code", "id", "zh", "cells", "columns", "unit", "how"}:
            each["strange"] = "?"
            assert list(CHECK.iter_errors(content))
            with pytest.raises(FormInvalid):
                read_form(json.dumps(content, ensure_ascii=False))
            del each["strange"]
    assert list(CHECK.iter_errors(content)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type: count", "type: counts"),
        ("min: 0", "min: x"),
        ("number: 1", "number: -1"),
        ("period: year", "period: week"),
    ],
)
def test_what_reading_refuses_the_schema_refuses(old: str, new: str) -> None:
    text = text_of("XG.yaml").replace(old, new, 1)
    assert list(CHECK.iter_errors(load(text).content))
    with pytest.raises(FormInvalid):
        read_form(text)
