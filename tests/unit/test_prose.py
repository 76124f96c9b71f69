"""What comes from a word processor becomes plain text, and stays what it is from then on."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.prose import plain_prose


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        ("一、做法\r\n\r\n做了三件事。\r\n", "一、做法\n\n做了三件事。"),
        ("第一行\v第二行\f下一页", "第一行\n第二行\n下一页"),
        ("\uf0b7\t第一项\r\uf0a7第二项", "• 第一项\n• 第二项"),
        ("表格\t一格\x07\x07", "表格 一格"),
        ("\ufeff零\u200b宽\u00ad度\u202e", "零宽度"),
        ("空\u00a0格  \n\n\n\n末段", "空 格\n\n末段"),
        ("甲\n　　段首空两格", "甲\n　　段首空两格"),
        (" \r\n\t", ""),
    ],
)
def test_what_a_word_processor_adds_goes_and_paragraphs_stay(pasted: str, plain: str) -> None:
    assert plain_prose(pasted) == plain


@given(st.text(alphabet=st.characters() | st.sampled_from("\r\n\t \v\uf0b7\u00a0"), max_size=60))
def test_it_is_plain_once_and_for_all(text: str) -> None:
    plain = plain_prose(text)
    assert plain_prose(plain) == plain
    assert all(
        each == "\n" or unicodedata.category(each)[0] != "C" or unicodedata.category(each) == "Cn" for each in plain
    )
    assert "\n\n\n" not in plain
