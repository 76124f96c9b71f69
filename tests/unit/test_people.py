"""Names, user names, addresses, and the people file."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people import (
    LONGEST_NAME,
    NO_EMAIL,
    NewRole,
    full_name,
    read_email,
    read_phone,
    read_username,
    split_name,
)
from portal.domain.people_file import read_people
from portal.domain.policy import Role
from portal.errors import FormInvalid, InvalidInput

TODAY = date(2026, 3, 2)
HEADER = "name,username,unit,roles,from,to\n"


@given(st.text(min_size=1, max_size=LONGEST_NAME).filter(str.strip))
def test_a_name_taken_apart_is_the_same_name_put_together(name: str) -> None:
    assert full_name(*split_name(name)) == " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("欧阳娜娜", ("阳娜娜", "欧")),
        ("Ann Lee Smith", ("Ann Lee", "Smith")),
        ("Cher", ("Cher", "")),
        ("张", ("", "张")),
    ],
)
def test_names(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize("name", ["", " \t", "x" * 65])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(InvalidInput):
        split_name(name)


def test_capitals_do_not_make_another_account() -> None:
    assert read_username(" Zhang.San_01 ") == "zhang.san_01"
    assert read_email(" A@B.cn ") == "a@b.cn"
    assert read_email("") is None


@pytest.mark.parametrize("text", ["", "a", "a b", "a@b.cn", "张三", ".a", "a" * 65, "a\nb", "ａｂ"])
def test_user_names_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_username(text)


@pytest.mark.parametrize("text", ["a", "a@b", "@b.cn", "a@b.cn c", "a@@b.cn", f"a{NO_EMAIL}"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_email(text)


def test_telephone_numbers() -> None:
    assert read_phone(" +86 (20)  8330-1234 ") == "+86 (20) 8330-1234"
    assert read_phone("") is None
    with pytest.raises(InvalidInput):
        read_phone("call me")


def test_a_file_of_people() -> None:
    lines = read_people(
        "\ufeffname,username,unit,roles,from,to,forms,phone\n"
        "张三,ZhangSan,d111,filler checker,2026-01-01,,,020-12345\n"
        '张三,zhangsan,d112,"head,reviewer",,2026-12-31,,020-12345\n'
        "李四,lisi,d111,partner,,2026-12-31,A B,\n",
        TODAY,
    )
    assert [line.person.username for line in lines] == ["zhangsan", "zhangsan", "lisi"]
    assert lines[0].roles == (
        NewRole("d111", Role.FILLER, date(2026, 1, 1)),
        NewRole("d111", Role.CHECKER, date(2026, 1, 1)),
    )
    assert lines[1].roles[1] == NewRole("d112", Role.REVIEWER, TODAY, date(2026, 12, 31))
    assert lines[2].roles == (NewRole("d111", Role.PARTNER, TODAY, date(2026, 12, 31), ("A", "B")),)


def test_every_mistake_of_a_file_is_named_with_its_line() -> None:
    with pytest.raises(FormInvalid) as refused:
        read_people(
            HEADER + "张三,zhang,d111,filler,,\n"
            ",nobody,d111,filler,,\n"
            "李四,李四,d111,filler,,\n"
            "王五,wang,d111,king,,\n"
            "赵六,zhao,d111,,,\n"
            "孙七,sun,d111,filler,1.1.2026,\n"
            "章三,zhang,d112,filler,,\n",
            TODAY,
        )
    assert [text.split("：")[0] for text in refused.value.problems] == [f"第 {number} 行" for number in range(3, 9)]


def test_a_file_without_its_columns() -> None:
    with pytest.raises(FormInvalid, match="missing columns"):
        read_people("name,username\n", TODAY)
