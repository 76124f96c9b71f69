"""The second factor: codes of an authenticator (RFC 6238), and recovery codes for when it is lost."""

import hmac
import secrets
import unicodedata
from datetime import datetime
from hashlib import sha256

import pyotp

STEP = 30
"""Seconds for which an authenticator shows a code."""

WINDOW = 1
"""Steps by which the clock of an authenticator may differ from ours, either way."""

RECOVERY_CODES = 10

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0, 1, I and O, which are misread
_GROUP = 4
_GROUPS = 4  # of 5 bits a sign: 80 bits, so that a plain digest cannot be guessed back


def new_secret() -> str:
    """A secret to share with an authenticator: 160 bits in base 32."""
    return pyotp.random_base32()


def authenticator_uri(secret: str, username: str, issuer: str) -> str:
    """What the QR code says; an authenticator lists the account by user name and issuer."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def matching_step(secret: str, code: str, instant: datetime) -> int | None:
    """The number of the time step whose code this is, if it is one around `instant`; the latest of several."""
    now = int(instant.timestamp()) // STEP
    codes = pyotp.HOTP(secret)
    typed = typed_code(code).encode()
    steps = range(max(now - WINDOW, 0), now + WINDOW + 1)
    return max((step for step in steps if hmac.compare_digest(codes.at(step).encode(), typed)), default=None)


def new_recovery_codes() -> list[str]:
    """Codes to be written down, such as `7KQM-2RTX-9HVB-C4WD`."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code."""
    return sha256(typed_code(code).encode()).hexdigest()


def typed_code(text: str) -> str:
    """A code as it was meant: without spaces and hyphens, in capitals, in the narrow signs of a Chinese keyboard."""
    narrow = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in narrow if sign.isalnum()).upper()
