"""Keys, values as JSON, digests."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey, digest, receipt_number
from portal.domain.values import (
    MISSING,
    NOT_APPLICABLE,
    Value,
    ValueStatus,
    exact_text,
    rounded,
    value_from_json,
    value_to_json,
)
from portal.errors import NotFound

KEY = SubmissionKey("441802", Period(2023), "FZ")

values = st.one_of(
    st.just(MISSING),
    st.just(NOT_APPLICABLE),
    st.builds(
        Value,
        st.just(ValueStatus.REPORTED),
        number=st.decimals(min_value=-(10**15), max_value=10**15, places=8),
        approximate=st.booleans(),
        as_of_on=st.one_of(st.none(), st.dates(date(1990, 1, 1))),
        note=st.text(max_size=20),
    ),
    st.builds(Value, st.just(ValueStatus.REPORTED), text=st.text(max_size=20)),
)


def test_a_key_reads_back() -> None:
    assert SubmissionKey.parse(str(KEY)) == KEY
    assert str(KEY) == "441802-2023-FZ"


@pytest.mark.parametrize("text", ["", "441802", "441802-2023", "441802-20233-FZ", "a-2023-fz", "x/../y-2023-FZ"])
def test_other_texts_name_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        SubmissionKey.parse(text)


@given(values)
def test_a_value_survives_json(value: Value) -> None:
    assert value_from_json(value_to_json(value)) == value


@pytest.mark.parametrize("number", ["NaN", "1e400", "Infinity", "abc", "", "1" * 80])
def test_no_number_that_is_none_gets_in(number: str) -> None:
    with pytest.raises(ValueError, match=".*"):
        value_from_json({"status": "reported", "number": number})


@given(st.dictionaries(st.from_regex(r"FZ[0-9]{4}", fullmatch=True), values, max_size=8))
def test_the_digest_depends_on_answers_only(answers: dict[str, Value]) -> None:
    unanswered = {code: value for code, value in answers.items() if value.answered}
    assert digest(KEY, 1, answers) == digest(KEY, 1, dict(reversed(unanswered.items())))
    changed = answers | {"FZ9999": Value.of(1)}
    assert digest(KEY, 1, answers) != digest(KEY, 1, changed)
    assert digest(KEY, 1, answers) != digest(KEY, 2, answers)


def test_a_receipt_number_names_the_version() -> None:
    number = receipt_number(KEY, 2, digest(KEY, 2, {}).sha256)
    assert number.startswith("441802-2023-FZ-V2-")
    assert len(number.rpartition("-")[2]) == 6


@pytest.mark.parametrize(
    ("number", "decimals", "shown"), [("8.6495", 1, "8.6"), ("0.125", 2, "0.13"), ("2.5", 0, "3"), ("-0.5", 0, "-1")]
)
def test_rounding_is_half_up(number: str, decimals: int, shown: str) -> None:
    assert str(rounded(Decimal(number), decimals)) == shown


@pytest.mark.parametrize(("number", "text"), [("9.02717800", "9.027178"), ("1E+2", "100"), ("0.0", "0"), ("-0", "0")])
def test_exact_text_has_plain_digits(number: str, text: str) -> None:
    assert exact_text(Decimal(number)) == text
