"""Every refusal has a status and a sentence in both languages."""

import inspect

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from importers.reasons import REASONS
from portal import errors
from portal.domain.lifecycle import Action, State
from portal.web.errors import STATUS, sentence, status_of
from portal.web.identity import NotSignedIn
from portal.web.language import TRANSLATIONS
from portal.web.words import ACTIONS, LEVELS, ROLES, SEVERITIES, STATES

EXAMPLES = [
    NotSignedIn(),
    errors.NotFound("submission", "x"),
    errors.NotPermitted("submit"),
    errors.NotPermitted("act_for_unit"),
    errors.InvalidMove(Action.SUBMIT, State.ACCEPTED),
    errors.InvalidMove("edit", "exempt"),
    *(errors.InvalidMove("apply", state) for state in ("waiting", "working", "done", "failed")),
    errors.Blocked(3),
    errors.Conflict("value", "x"),
    errors.Duplicate("unit"),
    errors.InvalidInput("words", "says_nothing"),
    errors.InvalidInput("x", "a word nobody knows"),
    errors.FormInvalid(["a", "b"]),
    *(errors.WorkbookUnreadable(reason) for reason in REASONS),
]


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("portal.web")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale="zh")
    return app


def test_every_class_has_a_status() -> None:
    classes = {
        each for _name, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.PortalError)
    }
    assert classes - STATUS.keys() == {errors.PortalError}


def test_every_class_has_an_example() -> None:
    assert {type(example) for example in EXAMPLES} == STATUS.keys()


@pytest.mark.parametrize("error", EXAMPLES, ids=str)
def test_a_refusal_says_what_is_wrong_in_both_languages(app: Flask, error: errors.PortalError) -> None:
    with app.test_request_context():
        chinese = sentence(error)
    with app.test_request_context(), force_locale("en"):
        english = sentence(error)
    assert status_of(error) == STATUS[type(error)]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)


def test_every_code_of_the_field_has_a_word() -> None:
    for words, codes in ((STATES, State), (ACTIONS, Action)):
        assert words.keys() == set(codes)
    assert all((SEVERITIES, LEVELS, ROLES))
