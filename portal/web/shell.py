"""The frame around every page: what the header shows, and what templates may call."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, g, request, url_for
from flask_babel.speaklater import LazyString

from portal.domain.lifecycle import EDITABLE, MOVES
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Place
from portal.domain.values import NO, YES, exact_text
from portal.domain.wording import abridged
from portal.queries.submissions import Task
from portal.web import words
from portal.web.access import may_open
from portal.web.form_words import told
from portal.web.identity import find_current_actor, find_user, person_name, positions, signed_in
from portal.web.language import LANGUAGES, day, language, moment, period_name, say, second
from portal.web.present.coverage import coverage_counts
from portal.web.present.findings import by_sheet
from portal.web.present.moves import sign_off_standing, withheld_actions
from portal.web.present.programs import program_name
from portal.web.present.rollups import rollup_amount, rollup_apart, rollup_figure, rollup_range, rollup_unit
from portal.web.present.sheet import sheet_address
from portal.web.present.units import unit_name
from portal.web.present.uploads import findings_by_sheet
from portal.web.screens import REVIEW, SCREENS, TASKS
from portal.web.second_factor import owes_enrolment

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class MenuEntry:
    """A link of the header's menu."""

    label: LazyString
    href: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """What the header shows.

    Attributes:
        person: name of who is signed in; empty for nobody.
        actor: the person and the unit acted for; None before signing in, and for a person without a unit.
        units: the person's units, when there are several to choose from.
        other_language: (code, name) of the language to switch to.
        here: this page's path and query, to come back to.
    """

    person: str
    actor: Actor | None
    units: tuple[Place, ...]
    menu: tuple[MenuEntry, ...]
    other_language: tuple[str, str]
    here: str


def shell() -> Shell:
    """The header of this request's page; made once a request."""
    if "shell" not in g:
        g.shell = _shell()
    made: Shell = g.shell
    return made


def _shell() -> Shell:
    user, found = find_user(), signed_in()
    other = next(code for code in LANGUAGES if code != language())
    return Shell(
        person="" if user is None else person_name(user),
        actor=find_current_actor(),
        units=_units(),
        menu=() if found is None or found.must_change_password or owes_enrolment(found.user_id) else _menu(),
        other_language=(other, LANGUAGES[other]["name"]),
        here=request.full_path.rstrip("?"),
    )


def _menu() -> tuple[MenuEntry, ...]:
    return tuple(
        MenuEntry(screen.label, screen.href, request.path.startswith(screen.href))
        for screen in SCREENS
        if may_open(screen)
    )


def _units() -> tuple[Place, ...]:
    places = tuple(position.place for position in positions())
    return places if len(places) > 1 else ()


def form_name(task: Task) -> str:
    """The form's name in the language of this request."""
    return task.form_name_en if language() == "en" and task.form_name_en else task.form_name


def home_link(key: SubmissionKey) -> tuple[LazyString, str]:
    """The list a submission is found in: one's own tasks, or what those below have sent."""
    actor = find_current_actor()
    screen = TASKS if actor is not None and actor.place.code == key.unit else REVIEW
    return screen.label, screen.href


@cache
def _fingerprint(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=_fingerprint(name))


def install(app: Flask) -> None:
    """Give templates the header and the words and figures of the field."""
    app.jinja_env.globals.update(
        shell=shell,
        home_link=home_link,
        sheet_address=sheet_address,
        asset=asset,
        language=language,
        STATES=words.STATES,
        BATCH_KINDS=words.BATCH_KINDS,
        BATCH_STATES=words.BATCH_STATES,
        LINE_OUTCOMES=words.LINE_OUTCOMES,
        ACTIONS=words.ACTIONS,
        SEVERITIES=words.SEVERITIES,
        LEVELS=words.LEVELS,
        ROLES=words.ROLES,
        KEY_SCOPES=words.KEY_SCOPES,
        KEY_SCOPE_HINTS=words.KEY_SCOPE_HINTS,
        REASONS=words.REASONS,
        DECISIONS=words.DECISIONS,
        EXPORT_FORMATS=words.EXPORT_FORMATS,
        TABLE_FORMATS=words.TABLE_FORMATS,
        SCOPES=words.SCOPES,
        EDITABLE=EDITABLE,
        YES_NO=(YES, NO),
        sign_off_standing=sign_off_standing,
        withheld_actions=withheld_actions,
        NEEDS_REASON=frozenset(action for action, move in MOVES.items() if move.needs_reason),
    )
    app.jinja_env.filters.update(
        say=say,
        told=told,
        period_name=period_name,
        day=day,
        moment=moment,
        second=second,
        unit_name=unit_name,
        form_name=form_name,
        choice_name=words.choice_name,
        program_name=program_name,
        aggregation_word=words.aggregation_word,
        by_sheet=by_sheet,
        abridged=abridged,
        findings_by_sheet=findings_by_sheet,
        rollup_figure=rollup_figure,
        rollup_range=rollup_range,
        rollup_unit=rollup_unit,
        rollup_amount=rollup_amount,
        rollup_exact=exact_text,
        rollup_apart=rollup_apart,
        coverage_counts=coverage_counts,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
