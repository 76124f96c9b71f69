"""Environment variables, read carefully: what cannot be understood is named."""

from collections.abc import Mapping

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

Environ = Mapping[str, str]


class ConfigInvalid(ValueError):
    """An environment variable cannot be understood; the message names it, never the value of a secret one."""


def number(environ: Environ, name: str, default: int, largest: int, *, smallest: int = 0) -> int:
    """A whole number from `smallest` to `largest`."""
    text = environ.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and smallest <= int(text) <= largest):
        raise ConfigInvalid(f"{name} must be a number from {smallest} to {largest}, not {text!r}")
    return int(text)


def flag(environ: Environ, name: str, default: bool) -> bool:
    """Yes or no."""
    text = environ.get(name, "").lower()
    if not text:
        return default
    if text not in _YES | _NO:
        raise ConfigInvalid(f"{name} must be 1 or 0, not {text!r}")
    return text in _YES
