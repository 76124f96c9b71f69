"""What a password must be, and how it is kept."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from portal.domain.passwords import LONGEST, SHORTEST, PasswordProblem, problem_of, random_password
from portal.services.passwords import hash_password, verify

GOOD = "三只老虎 跑得快 2024 年"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", PasswordProblem.TOO_SHORT),
        ("k7wm-3xqp-9r", None),
        ("k7wm-3xqp-9", PasswordProblem.TOO_SHORT),
        ("한" * 11, PasswordProblem.TOO_SHORT),  # eleven characters, however many parts they fall into
        ("x" * 129, PasswordProblem.TOO_LONG),
        ("1qaz2wsx3edc", PasswordProblem.COMMON),
        ("Password2024!", PasswordProblem.COMMON),
        ("ＰＡＳＳＷＯＲＤ２０２４", PasswordProblem.COMMON),
        ("Minzhengju@2026", PasswordProblem.COMMON),
        ("aaaaaaaaaaaaaaaa", PasswordProblem.COMMON),
        ("correct horse battery staple", None),
        (GOOD, None),
        ("一二三四五六七八九十甲乙", None),
    ],
)
def test_a_password_is_long_and_not_common_and_may_hold_anything(password: str, problem: PasswordProblem | None):
    assert problem_of(password) == problem


@given(
    name=st.sampled_from(["441802_filler", "441802", "清城区民政局", "Filler@Example.invalid"]),
    before=st.text(min_size=5, max_size=20),
    after=st.text(min_size=10, max_size=20),
    capitals=st.booleans(),
)
def test_no_password_holds_the_name_of_its_person(name: str, before: str, after: str, capitals: bool):
    password = before + (name.upper() if capitals else name) + after
    assert problem_of(password, [name]) is not None


def test_short_names_forbid_nothing():
    assert problem_of(GOOD, ["三", "老虎", ""]) is None


@given(st.data())
def test_a_random_password_is_a_good_one_and_never_the_same(data):
    first, second = random_password(), random_password()
    assert first != second
    assert problem_of(first, ["441802_filler", "清城区民政局"]) is None


@given(st.text(max_size=LONGEST * 2))
def test_whatever_is_typed_is_judged(password: str):
    problem = problem_of(password)
    length = len(unicodedata.normalize("NFKC", password))
    assert (problem is PasswordProblem.TOO_SHORT) == (length < SHORTEST)
    assert (problem is PasswordProblem.TOO_LONG) == (length > LONGEST)


class TestHash:
    @settings(max_examples=10, deadline=None)
    @given(st.text(max_size=40), st.text(max_size=40))
    def test_only_the_same_password_verifies(self, password: str, other: str):
        stored = hash_password(password)
        same = unicodedata.normalize("NFKC", password) == unicodedata.normalize("NFKC", other)
        assert verify(stored, password)
        assert verify(stored, other) == same

    def test_it_is_argon2id_with_a_salt_and_fits_its_column(self):
        assert hash_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert hash_password(GOOD) != hash_password(GOOD)
        assert len(hash_password(GOOD * 5)) < 256

    def test_a_keyboard_that_composes_otherwise_types_the_same(self):
        assert verify(hash_password("Überschüsse 2024"), unicodedata.normalize("NFD", "Überschüsse 2024"))

    def test_an_old_hash_still_verifies(self):
        stored = generate_password_hash(GOOD, method="scrypt:16384:8:1")
        assert verify(stored, GOOD)
        assert not verify(stored, "something else")

    def test_what_nobody_types_is_not_hashed(self):
        assert not verify(generate_password_hash("x" * 2000, method="pbkdf2:sha256:1"), "x" * 2000)

    @pytest.mark.parametrize("stored", [None, "", "$argon2id$nonsense", "nonsense"])
    def test_without_a_hash_nothing_verifies(self, stored: str | None):
        assert not verify(stored, "")
        assert not verify(stored, GOOD)
