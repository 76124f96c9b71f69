"""Exceptions that stop an action.

They know nothing of HTTP or of the screen: each has a stable `code` and typed fields; `portal.web.errors` maps the
class to a status and a sentence. What is wrong with a submitter's figures is never an exception but a Finding.
"""

from typing import ClassVar


class PortalError(Exception):
    """Base of everything the portal refuses to do, and knows why."""

    code: ClassVar[str] = "error"


class NotFound(PortalError):
    """There is no such thing, or the actor may not know that there is."""

    code = "not_found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key}")
        self.kind = kind
        self.key = str(key)


class NotPermitted(PortalError):
    """The actor's rights do not include this."""

    code = "not_permitted"

    def __init__(self, permission: str) -> None:
        super().__init__(f"not permitted: {permission}")
        self.permission = permission


class SamePerson(NotPermitted):
    """The actor filled in what is to be checked, signed or decided: these are for somebody else (职责分离)."""

    code = "same_person"


class InvalidMove(PortalError):
    """The submission's state does not allow this action."""

    code = "invalid_move"

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"cannot {action} while {state}")
        self.action = action
        self.state = state


class SignOffsMissing(PortalError):
    """The collection demands steps that come before this action and have not been taken; `missing` in their order."""

    code = "sign_offs_missing"

    def __init__(self, action: str, missing: list[str]) -> None:
        super().__init__(f"{action} needs {', '.join(missing)} first")
        self.action = action
        self.missing = missing


class Blocked(PortalError):
    """Findings stand in the way of submitting; `count` of them."""

    code = "blocked_by_findings"

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} findings block the submission")
        self.count = count


class Conflict(PortalError):
    """Somebody else changed the same thing first."""

    code = "conflict"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"{kind} {key} was changed by somebody else")
        self.kind = kind
        self.key = str(key)


class Duplicate(PortalError):
    """The thing exists already."""

    code = "duplicate"

    def __init__(self, kind: str, key: object = "") -> None:
        super().__init__(f"{kind} {key} exists already")
        self.kind = kind
        self.key = str(key)


class InvalidInput(PortalError):
    """A request field cannot be understood; `field` names it, `problem` is a stable word."""

    code = "invalid_input"

    def __init__(self, field: str, problem: str, value: object = "") -> None:
        super().__init__(f"{field}: {problem} ({value})")
        self.field = field
        self.problem = problem
        self.value = str(value)


class FormInvalid(PortalError):
    """A form file has mistakes; all of them are in `problems`, each with its place."""

    code = "form_invalid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class UnitsInvalid(FormInvalid):
    """Units cannot become what a file or a page says; `words` say each mistake, in Chinese and in English."""

    def __init__(self, words: list[tuple[str, str]]) -> None:
        super().__init__([f"{zh} / {en}" for zh, en in words])
        self.words = words


class ReorganisationRefused(UnitsInvalid):
    """A reorganisation cannot be applied or undone."""


class ProgramMissing(PortalError):
    """A program of this machine that the task needs is not there or failed; `said` is for the log."""

    code = "program_missing"

    def __init__(self, program: str, said: str = "") -> None:
        super().__init__(f"{program}: {said}".rstrip(": "))
        self.program = program
        self.said = said


class WorkbookUnreadable(PortalError):
    """An uploaded file cannot be read as a workbook; `reason` is a stable code such as `encrypted`."""

    code = "workbook_unreadable"

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason} {place}".strip())
        self.reason = reason
        self.place = place
