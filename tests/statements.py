"""Counts what the database is sent: each statement is a way there and back, and one more is seen on any machine."""

from collections.abc import Callable

from sqlalchemy import Engine, event


def statements(ask: Callable[[], object]) -> list[str]:
    """What is sent to the database meanwhile, the second time: at first a form may have to be read."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("UPDATE web_session"):  # that it is in use is noted once a minute
            sent.append(statement)

    ask()
    event.listen(Engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return sent
