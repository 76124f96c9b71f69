"""What a password must be: long, not one of those that are tried first, and not the person's own name.

As NIST SP 800-63B asks: no rule about kinds of characters, every character allowed, no change without a reason.
"""

import secrets
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from zxcvbn import matching, scoring

SHORTEST = 12
LONGEST = 128
"""Lengths in characters."""

_ENOUGH_GUESSES = 10**8
"""Fewer tries, by lists of passwords that were stolen elsewhere and their usual variations, are too few."""

_EXAMINED = 64
"""Characters that the estimate looks at: its time grows faster than the length."""

_HERE = ("huizong", "minzhengju", "minzhengting", "minzheng", "汇总", "民政局", "民政厅")
"""What people of this portal would think of first."""

_SHORTEST_NAME = 3

# No character that is easily read as another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP = 4


class PasswordProblem(StrEnum):
    """Why a password is not good enough."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    NAMES_YOU = "names_you"
    UNCHANGED = "unchanged"


def normalised(password: str) -> str:
    """The password as it is hashed: the same however the keyboard composes its characters."""
    return unicodedata.normalize("NFKC", password)


def problem_of(password: str, about: Iterable[str] = ()) -> PasswordProblem | None:
    """What is wrong with a new password, if anything.

    Args:
        password: as it was typed.
        about: the person's names and unit, none of which it may contain.
    """
    text = normalised(password)
    if len(text) < SHORTEST:
        return PasswordProblem.TOO_SHORT
    if len(text) > LONGEST:
        return PasswordProblem.TOO_LONG
    folded = text.casefold()
    names = {normalised(name).casefold() for name in about if len(name) >= _SHORTEST_NAME}
    if any(name in folded for name in names):
        return PasswordProblem.NAMES_YOU
    return PasswordProblem.COMMON if _guesses(text) < _ENOUGH_GUESSES else None


def random_password() -> str:
    """A password to be read out or typed once: 16 characters drawn from 31, in groups of four."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _guesses(password: str) -> int:
    """How many tries it takes, as estimated by zxcvbn with its lists of leaked passwords.

    Its parts are called one by one because its front door keeps what it is given about one person for the next.
    """
    ranked = {**matching.RANKED_DICTIONARIES, "here": {word: rank for rank, word in enumerate(_HERE, start=1)}}
    examined = password[:_EXAMINED]
    return int(scoring.most_guessable_match_sequence(examined, matching.omnimatch(examined, ranked))["guesses"])
