"""Second factors as they are stored: sealed, once each, for nobody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from portal.clock import frozen_at, now
from portal.db import identity_transaction, transaction
from portal.domain.second_factor import STEP
from portal.errors import Duplicate
from portal.models import RecoveryCode, SecondFactor
from portal.services import second_factor
from portal.services.sign_in_events import Account
from tests.world import World

SEAL = second_factor.seal_of("the installation's secret key")
NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)
ADDRESS = "192.0.2.1"


@pytest.fixture
def account(world: World) -> Iterator[Account]:
    """Somebody without a second factor, at noon."""
    with frozen_at(NOON):
        yield make_account("frank")


def make_account(username: str) -> Account:
    with identity_transaction() as session:
        user = User(
            username=username, email=f"{username}@example.invalid", first_name="某", last_name="张", active=True
        )
        session.add(user)
        session.flush()
        return Account(user.id, username, "张某")


def code(secret: str, *, later: int = 0) -> str:
    """What the authenticator shows so many steps later."""
    return pyotp.TOTP(secret).at(now() + timedelta(seconds=later * STEP))


def enrol(account: Account) -> tuple[str, list[str]]:
    """Secret and recovery codes."""
    with identity_transaction() as session:
        second_factor.start(session, account.user_id, SEAL)
        secret = second_factor.unconfirmed_secret(session, account.user_id, SEAL)
        codes = second_factor.confirm(session, account, code(secret, later=-1), SEAL, address=ADDRESS)
    return secret, codes


def accepts(account: Account, typed: str) -> bool:
    with identity_transaction() as session:
        return second_factor.accept(session, account, typed, SEAL, address=ADDRESS)


def standing(account: Account) -> second_factor.Standing:
    with identity_transaction() as session:
        return second_factor.standing(session, account.user_id)


def test_it_counts_from_the_first_code_on(account: Account) -> None:
    with identity_transaction() as session:
        second_factor.start(session, account.user_id, SEAL)
        secret = second_factor.unconfirmed_secret(session, account.user_id, SEAL)
        assert second_factor.confirm(session, account, "000000", SEAL, address=ADDRESS) is None
    assert standing(account) == second_factor.Standing(enrolled=False, recovery_codes=0)
    assert not accepts(account, code(secret))
    enrol(account)
    assert standing(account) == second_factor.Standing(enrolled=True, recovery_codes=10)


def test_starting_afresh_replaces_what_was_not_confirmed(account: Account) -> None:
    with identity_transaction() as session:
        second_factor.start(session, account.user_id, SEAL)
        first = second_factor.unconfirmed_secret(session, account.user_id, SEAL)
        second_factor.start(session, account.user_id, SEAL)
        session.expire_all()
        assert second_factor.unconfirmed_secret(session, account.user_id, SEAL) != first
        assert second_factor.confirm(session, account, code(first), SEAL, address=ADDRESS) is None


def test_what_counts_cannot_be_started_or_confirmed_again(account: Account) -> None:
    secret, _codes = enrol(account)
    with pytest.raises(Duplicate), identity_transaction() as session:
        second_factor.start(session, account.user_id, SEAL)
    with identity_transaction() as session:
        assert second_factor.unconfirmed_secret(session, account.user_id, SEAL) is None
        assert second_factor.confirm(session, account, code(secret), SEAL, address=ADDRESS) is None


def test_a_code_is_accepted_once_and_none_before_it_any_more(account: Account) -> None:
    secret, _codes = enrol(account)
    assert not accepts(account, code(secret, later=-1))  # confirmed with it
    assert accepts(account, code(secret, later=1))
    assert not accepts(account, code(secret, later=1))
    assert not accepts(account, code(secret))
    with frozen_at(NOON + timedelta(seconds=2 * STEP)):
        assert accepts(account, code(secret))


def test_a_recovery_code_works_once(account: Account) -> None:
    _secret, codes = enrol(account)
    assert accepts(account, codes[3].lower())
    assert not accepts(account, codes[3])
    assert standing(account).recovery_codes == 9


def test_new_recovery_codes_end_the_old_ones(account: Account) -> None:
    _secret, old = enrol(account)
    with identity_transaction() as session:
        new = second_factor.renew_recovery_codes(session, account, address=ADDRESS)
    assert not accepts(account, old[0])
    assert accepts(account, new[0])


def test_codes_of_others_count_for_nothing(account: Account) -> None:
    other = make_account("olga")
    enrol(account)
    secret, codes = enrol(other)
    assert not accepts(account, code(secret))
    assert not accepts(account, codes[0])


def test_turned_off_nothing_is_left(account: Account) -> None:
    secret, codes = enrol(account)
    with identity_transaction() as session:
        assert second_factor.turn_off(session, account.user_id)
        assert not second_factor.turn_off(session, account.user_id)
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert not accepts(account, code(secret))
    assert not accepts(account, codes[0])


def test_the_secret_is_sealed_and_the_codes_are_digests(account: Account) -> None:
    secret, codes = enrol(account)
    with identity_transaction() as session:
        assert secret.encode() not in session.get_one(SecondFactor, account.user_id).sealed_secret
        assert not set(codes) & set(session.scalars(select(RecoveryCode.digest)))


def test_under_another_secret_key_recovery_codes_still_work(account: Account) -> None:
    secret, codes = enrol(account)
    moved = second_factor.seal_of("another installation's")
    with identity_transaction() as session:
        assert not second_factor.accept(session, account, code(secret), moved, address=ADDRESS)
        assert second_factor.accept(session, account, codes[0], moved, address=ADDRESS)


def test_whoever_acts_for_a_unit_sees_nothing_of_it(account: Account, world: World) -> None:
    enrol(account)
    with transaction(world.actor("p1")) as session:
        assert session.scalar(select(func.count()).select_from(SecondFactor)) == 0
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0


@pytest.mark.parametrize("recovery", [False, True])
def test_of_many_requests_with_one_code_one_is_accepted(committed_world: World, recovery: bool) -> None:
    account = make_account("twice")
    secret, codes = enrol(account)
    typed = codes[0] if recovery else code(secret, later=1)
    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(lambda _each: accepts(account, typed), range(6))) == 1
