"""Every refusal has a status and a sentence in both languages."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from dashboards.context import NothingCollected
from importers.reasons import REASONS
from portal import errors
from portal.app import create_app  # every module that names a refusal of its own is loaded
from portal.domain import directory
from portal.domain.expression_parser import ExpressionInvalid
from portal.domain.lifecycle import Action, State
from portal.domain.passwords import PasswordProblem
from portal.domain.sign_in import SignInRefused, TooManyFailures
from portal.services.passwords import PasswordRefused, WrongPassword
from portal.virus_scan import ScannerUnavailable, VirusFound
from portal.web.api.reading import InvalidRequest
from portal.web.errors import STATUS, sentence, status_of
from portal.web.identity import NotSignedIn, PasswordChangeRequired
from portal.web.language import TRANSLATIONS
from portal.web.presented_key import KeyRefused
from portal.web.second_factor import EnrolmentRequired, SecondFactorRequired, TooManyCodes, WrongCode
from portal.web.targets import MixedUnits
from portal.web.words import ACTIONS, LEVELS, ROLES, SEVERITIES, STATES

EXAMPLES = [
    NotSignedIn(),
    SignInRefused(),
    TooManyFailures(),
    PasswordChangeRequired(),
    SecondFactorRequired(),
    WrongCode(),
    EnrolmentRequired(),
    TooManyCodes(),
    KeyRefused(),
    MixedUnits(),
    WrongPassword(),
    *(PasswordRefused(problem) for problem in PasswordProblem),
    *(directory.NotAdmitted(reason, "x") for reason in directory.Refusal),
    directory.AnswerRefused(),
    directory.DirectoryUnavailable(),
    errors.ProgramMissing("weasyprint", "no pango"),
    VirusFound("Test.Signature"),
    ScannerUnavailable(),
    errors.SamePerson("sign"),
    errors.SignOffsMissing(Action.SUBMIT, [Action.CHECK, Action.SIGN]),
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
    errors.UnitsInvalid([("第 3 行：缺少名称", "line 3: no name")]),
    errors.ReorganisationRefused([("城东区已经撤销", "Chengdong is dissolved already")]),
    *(errors.WorkbookUnreadable(reason) for reason in REASONS),
]


# By the form file's reader, the dashboards and the API's reader, which know the place of the mistake.
SAID_ELSEWHERE = {ExpressionInvalid, NothingCollected, InvalidRequest}
# Modules of the commands, which say theirs in `portal.cli.refusals`; and tests may make up refusals.
OF_COMMANDS = ("portal.cli.", "portal.backups", "portal.postgres_home", "tests.")


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("portal.web")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale="zh")
    return app


def refusals(kind: type[errors.PortalError] = errors.PortalError) -> Iterator[type[errors.PortalError]]:
    """Every class of refusal that the loaded application knows."""
    for each in kind.__subclasses__():
        yield each
        yield from refusals(each)


def test_every_class_has_an_example() -> None:
    assert create_app
    known = {each for each in refusals() if not each.__module__.startswith(OF_COMMANDS)}
    assert {type(example) for example in EXAMPLES} == known - SAID_ELSEWHERE


@pytest.mark.parametrize("error", EXAMPLES, ids=str)
def test_a_refusal_says_what_is_wrong_in_both_languages(app: Flask, error: errors.PortalError) -> None:
    with app.test_request_context():
        chinese = sentence(error)
    with app.test_request_context(), force_locale("en"):
        english = sentence(error)
    assert status_of(error) == next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    assert not {chinese, english} & {"这个操作没有完成。", "This was not done."}
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)


def test_every_code_of_the_field_has_a_word() -> None:
    for words, codes in ((STATES, State), (ACTIONS, Action)):
        assert words.keys() == set(codes)
    assert all((SEVERITIES, LEVELS, ROLES))
