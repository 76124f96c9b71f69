"""What changes something records it, under a kind that has words."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import portal
from portal.domain.event_kinds import KINDS
from portal.queries.findings import Decision

ROOT = Path(portal.__file__).parent
RECORDING = {f"events.{name}" for name in ("record", "record_by", "record_for_portal")}

_CALLER = "a step of a service that records the whole"
_TRACE = "keeps count for signing in; the sign-in, the failure and the lock are recorded by signing_in"
_READS = "changes nothing"
_DERIVED = "follows from what was recorded"

UNRECORDED = {
    "administering.change_account": _CALLER,
    "administering.governed": _READS,
    "administering.keep_last_administrator": _READS,
    "api_keys.recognise": "notes when a key was last used; what is done with it is recorded",
    "api_keys.revoke_all": _CALLER,
    "batches.drop_pieces": _CALLER,
    "batches.hold_part": _READS,
    "batches.is_cancelled": _READS,
    "batches.may_hand_in": _READS,
    "batches.progress": "how far a job is; its end is recorded",
    "batches.put_piece": _CALLER,
    "batches.take_up": "how far a job is; its end is recorded",
    "batches.write_lines": "what became of each unit; what is entered is recorded with the unit",
    "checkpoints.make_checkpoint": "signs the record itself",
    "collections.ensure_period": _CALLER,
    "collections.hold_settings": _READS,
    "directory.has_directory": _READS,
    "events.append": "writes what was recorded",
    "events.undone": "what is tried within it comes to nothing",
    "expecting.count_all_expected": _DERIVED,
    "expecting.count_expected": _DERIVED,
    "expecting.count_reorganised": _DERIVED,
    "explanations.accept_undecided": _CALLER,
    "additions.require_below": _READS,
    "forms.require_foreign_figures": _READS,
    "joining.join_published": _CALLER,
    "observing.forget": _CALLER,
    "observing.observe": _CALLER,
    "observing.observe_again": _DERIVED,
    "passwords.change_password": "recorded by the page, which knows the address",
    "passwords.renew_hash": "the password stays the same",
    "passwords.set_first_password": _CALLER,
    "people.check_role": _READS,
    "second_factor.standing": _READS,
    "second_factor.start": "a secret that does not count before it is confirmed, which is recorded",
    "second_factor.turn_off": _CALLER,
    "second_factor.unconfirmed_secret": _READS,
    "sign_in_throttle.blocked_until": _READS,
    "sign_in_throttle.forget": _TRACE,
    "sign_in_throttle.forget_old": _TRACE,
    "sign_in_throttle.give_back": _TRACE,
    "sign_in_throttle.reserve": _TRACE,
    "stored_files.keep": _CALLER,
    "newcomers.ask_as_placed": _CALLER,
    "newcomers.ask_again": _CALLER,
    "newcomers.ask_newcomers": _CALLER,
    "newcomers.ask_no_more": _CALLER,
    "newcomers.hold_unaccepted": _CALLER,
    "newcomers.let_off": _CALLER,
    "trees.enter_into_force": _DERIVED,
    "trees.hold_trees": _READS,
    "trees.publish_trees": _CALLER,
    "trees.unit_ids": _READS,
    "units.follow": _CALLER,
    "units.replace_placements": _CALLER,
    "uploads.advance": "how far a job is; its end is recorded",
    "uploads.get_upload": _READS,
    "value_rows.put_values": _CALLER,
    "values.touch": _CALLER,
    "versions.ensure_version": _CALLER,
    "versions.open_next": _CALLER,
    "versions.seal": _CALLER,
    "versions.show": _CALLER,
    "web_sessions.begin": "recorded as the sign-in",
    "web_sessions.end_all": _CALLER,
    "web_sessions.end_one": "recorded by the page, which knows the address",
    "web_sessions.remember": "what a browser's session holds is nobody's record",
    "web_sessions.remove_expired": _DERIVED,
    "web_sessions.touch": _DERIVED,
}
"""Services that record nothing themselves, and why."""

Graph = dict[str, set[str]]


@cache
def calls() -> Graph:
    """By `module.function` of the services: which functions it calls, by the same names."""
    return {name: called for module in sorted((ROOT / "services").glob("*.py")) for name, called in _calls_of(module)}


def _calls_of(module: Path) -> Iterator[tuple[str, set[str]]]:
    tree = ast.parse(module.read_text())
    imported = {
        (each.asname or each.name): f"{node.module}.{each.name}".removeprefix("portal.services.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portal.services")
        for each in node.names
    }
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            called = {_name(node, imported, module.stem) for node in ast.walk(function)}
            yield f"{module.stem}.{function.name}", called - {""}


def _name(node: ast.AST, imported: dict[str, str], module: str) -> str:
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return imported.get(node.func.id, f"{module}.{node.func.id}")
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{imported.get(node.func.value.id, '')}.{node.func.attr}"
    return ""


def _records(name: str, seen: frozenset[str] = frozenset()) -> bool:
    if name in RECORDING:
        return True
    return any(_records(each, seen | {name}) for each in calls().get(name, set()) - seen - {name})


def services() -> Iterator[str]:
    """The public functions that work in a session."""
    for module in sorted((ROOT / "services").glob("*.py")):
        for node in ast.parse(module.read_text()).body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and any(argument.arg == "session" for argument in node.args.args):
                yield f"{module.stem}.{node.name}"


def test_a_service_records_what_it_does_or_says_why_not() -> None:
    silent = {name for name in services() if not _records(name)}
    assert silent == UNRECORDED.keys()


def constants() -> set[str]:
    """Every text constant of the program, but for the catalogue and the words on screen."""
    kept = {ROOT / "domain" / "event_kinds.py", ROOT / "web" / "words.py"}
    return {
        node.value
        for module in ROOT.rglob("*.py")
        if module not in kept
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_kind_is_recorded_somewhere() -> None:
    texts = constants()
    made = {"submission": texts, "explanation": set(Decision)}  # those whose name is put together
    assert [
        kind
        for kind in KINDS
        if kind not in texts and kind.partition("_")[2] not in made.get(kind.partition("_")[0], ())
    ] == []


def test_every_kind_that_is_recorded_is_known() -> None:
    """The kind is the text after session and actor, or the first text of all."""
    unknown = {}
    for module in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and _called(node) in {
                "record",
                "record_by",
                "record_for_portal",
                "record_account_event",
            }:
                texts = [
                    each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                if texts and texts[0] and texts[0] not in KINDS:
                    unknown[str(module)] = texts[0]
    assert unknown == {}


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))
