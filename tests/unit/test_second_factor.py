"""Codes of an authenticator: clocks that differ, and what people type."""

from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.second_factor import (
    STEP,
    WINDOW,
    authenticator_uri,
    matching_step,
    new_recovery_codes,
    new_secret,
    recovery_digest,
    typed_code,
)

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B

seconds = st.integers(0, 4_000_000_000)


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert matching_step(SECRET, code, at(second)) == second // STEP


@given(second=seconds, steps=st.integers(-5, 5))
def test_a_clock_may_differ_by_one_step_and_no_more(second: int, steps: int) -> None:
    step = max(second // STEP + steps, 0)
    found = matching_step(SECRET, pyotp.HOTP(SECRET).at(step), at(second))
    if abs(step - second // STEP) <= WINDOW:
        assert found is not None
        assert found >= step  # by rare chance a later step has the same code
    else:
        assert found != step


@given(second=seconds, code=st.text(max_size=8))
def test_anything_else_matches_nothing(second: int, code: str) -> None:
    found = matching_step(SECRET, code, at(second))
    assert found is None or pyotp.HOTP(SECRET).at(found) == typed_code(code)


@pytest.mark.parametrize("typed", ["287082", " 287 082 ", "２８７０８２", "287-082"])
def test_codes_are_read_as_they_are_typed(typed: str) -> None:
    assert matching_step(SECRET, typed, at(59)) == 1


def test_the_code_of_another_secret_is_none() -> None:
    assert matching_step(new_secret(), "287082", at(59)) is None


def test_the_uri_names_the_account() -> None:
    uri = authenticator_uri(SECRET, "441802_head", "汇总 Huizong")
    assert pyotp.parse_uri(uri).secret == SECRET
    assert (pyotp.parse_uri(uri).name, pyotp.parse_uri(uri).issuer) == ("441802_head", "汇总 Huizong")


def test_recovery_codes_are_many_and_long_and_each_its_own() -> None:
    codes = new_recovery_codes()
    assert len({recovery_digest(code) for code in codes}) == 10
    assert all(len(typed_code(code)) == 16 for code in codes)
    assert not set("".join(codes)) & set("01IO")


def test_a_recovery_code_may_be_typed_without_hyphens_and_small() -> None:
    code = new_recovery_codes()[0]
    assert recovery_digest(code.lower().replace("-", " ")) == recovery_digest(code)
