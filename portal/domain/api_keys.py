"""API keys: how one is written, what is stored of it, how long it may last."""

import secrets
from datetime import timedelta
from hashlib import sha256

PREFIX = "hzk_"
"""By which a key is told from other bearer tokens, and found in a program's source where it should not be."""

LONGEST_LIFE = timedelta(days=366)

_BYTES = 32
_SHOWN = 6  # signs after the prefix: 36 bits, which leaves 220 to guess


def new_key() -> str:
    """A key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def is_key(token: str) -> bool:
    """Whether a bearer token is an API key, good or not."""
    return token.startswith(PREFIX)


def beginning(key: str) -> str:
    """What a key is listed by: enough to tell it from others, too little to use it."""
    return key[: len(PREFIX) + _SHOWN]


def digest(key: str) -> str:
    """What is stored of a key. It is long and random: no salt or slow hash could add to it."""
    return sha256(key.encode()).hexdigest()
