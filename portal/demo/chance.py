"""Chance that comes out the same wherever and whenever the demonstration is loaded."""

import hashlib
from random import Random


def chance(*about: object) -> Random:
    """Random numbers that depend on nothing but what they are about: a unit, a year, an indicator."""
    return Random(_text(about))  # noqa: S311 - made-up figures, no secrets


def luck(*about: object) -> float:
    """One such number from 0 to 1, at a tenth of the cost."""
    return int.from_bytes(hashlib.blake2b(_text(about).encode(), digest_size=6).digest()) / 2**48


def _text(about: tuple[object, ...]) -> str:
    return "/".join(map(str, about))
