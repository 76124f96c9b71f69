"""Turn a person's second factor on and off, and accept its codes.

Every function takes a session that sees accounts (`db.identity_transaction`). Guesses are limited by whoever asks
(`portal.services.sign_in_throttle`), because a failure must be counted even if the transaction comes to nothing.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.second_factor import matching_step, new_recovery_codes, new_secret, recovery_digest
from portal.domain.sign_in import CODES
from portal.errors import Duplicate
from portal.models import RecoveryCode, SecondFactor
from portal.services import sign_in_throttle
from portal.services.sign_in_events import Account, record_account_event

_PURPOSE = b"huizong: secrets of authenticators"


@dataclass(frozen=True)
class Standing:
    """Whether a person has a second factor, and how many recovery codes are left."""

    enrolled: bool
    recovery_codes: int


def seal_of(secret_key: str) -> Fernet:
    """What seals the stored secrets: by a key of its own, drawn from the installation's secret key."""
    key = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(key))


def standing(session: Session, user_id: int) -> Standing:
    """How a person stands."""
    on = select(SecondFactor.confirmed_at).where(SecondFactor.user_id == user_id)
    left = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return Standing(session.scalar(on) is not None, session.scalar(left) or 0)


def start(session: Session, user_id: int, seal: Fernet) -> None:
    """Make a secret, to be confirmed with a code of the authenticator; it replaces one that was not confirmed.

    Raises:
        Duplicate: the person has a second factor.
    """
    fresh = {"sealed_secret": seal.encrypt(new_secret().encode()), "last_step": 0}
    statement = insert(SecondFactor).values(user_id=user_id, **fresh)
    statement = statement.on_conflict_do_update(
        constraint="pk_second_factor", set_=fresh, where=SecondFactor.confirmed_at.is_(None)
    )
    if session.execute(statement.returning(SecondFactor.user_id)).first() is None:
        raise Duplicate("second_factor")


def unconfirmed_secret(session: Session, user_id: int, seal: Fernet) -> str | None:
    """The secret that waits for its first code; None if none does."""
    row = session.get(SecondFactor, user_id)
    return None if row is None or row.confirmed_at is not None else _opened(row, seal)


def confirm(session: Session, account: Account, code: str, seal: Fernet, *, address: str) -> list[str] | None:
    """Turn the second factor on with a first code; gives the recovery codes, this once. None: the code is wrong."""
    row = session.get(SecondFactor, account.user_id, with_for_update=True)
    step = None if row is None or row.confirmed_at is not None else _step(row, code, seal)
    if row is None or step is None:
        return None
    row.confirmed_at = clock.now()
    row.last_step = step
    record_account_event(session, "second_factor_enabled", account, address=address)
    return _new_recovery_codes(session, row.user_id)


def accept(session: Session, account: Account, code: str, seal: Fernet, *, address: str) -> bool:
    """Whether this is a code of the person's authenticator, or a recovery code; none is accepted twice."""
    row = session.get(SecondFactor, account.user_id)
    if row is None or row.confirmed_at is None:
        return False
    step = _step(row, code, seal)
    if step is not None:
        return _take_step(session, row.user_id, step)
    if not _spend_recovery_code(session, row.user_id, code):
        return False
    record_account_event(session, "recovery_code_used", account, address=address)
    return True


def renew_recovery_codes(session: Session, account: Account, *, address: str) -> list[str]:
    """New recovery codes for somebody with a second factor, to be shown once; the old ones no longer count."""
    row = session.get_one(SecondFactor, account.user_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == row.user_id))
    record_account_event(session, "recovery_codes_made", account, address=address)
    return _new_recovery_codes(session, row.user_id)


def disable(session: Session, account: Account, *, address: str) -> None:
    """Turn one's own second factor off."""
    if account.user_id is not None and turn_off(session, account.user_id):
        record_account_event(session, "second_factor_disabled", account, address=address)


def turn_off(session: Session, user_id: int) -> bool:
    """Forget a person's authenticator and recovery codes; gives whether it counted. The caller records who did it."""
    sign_in_throttle.forget(session, CODES, str(user_id))
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id)
    return session.scalar(gone.returning(SecondFactor.confirmed_at)) is not None


def _take_step(session: Session, user_id: int, step: int) -> bool:
    """Whether no code of this time step or a later one was accepted before.

    Of two requests with the same code the second waits here for the first, and then finds the step taken.
    """
    taken = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
    return session.execute(taken.values(last_step=step).returning(SecondFactor.user_id)).first() is not None


def _spend_recovery_code(session: Session, user_id: int, code: str) -> bool:
    digest = recovery_digest(code)
    spent = delete(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.digest == digest)
    return session.execute(spent.returning(RecoveryCode.digest)).first() is not None


def _new_recovery_codes(session: Session, user_id: int) -> list[str]:
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(user_id=user_id, digest=recovery_digest(code)) for code in codes)
    return codes


def _step(row: SecondFactor, code: str, seal: Fernet) -> int | None:
    secret = _opened(row, seal)
    return None if secret is None else matching_step(secret, code, clock.now())


def _opened(row: SecondFactor, seal: Fernet) -> str | None:
    """The secret; None if it was sealed under another secret key, when recovery codes still work."""
    try:
        return seal.decrypt(row.sealed_secret).decode()
    except InvalidToken:
        return None
