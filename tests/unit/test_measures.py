"""Units of measure: what may be added and compared, and what may not."""

import pytest

from portal.domain.expressions import parse
from portal.domain.measures import MeasureClash, check_measures, read_measure
from portal.domain.quantities import Reference

UNITS = {
    "YUAN": "元", "WAN": "万元", "YI": "亿元", "REN": "人", "MING": "名", "RENCI": "人次", "JIAN": "件", "ZONG": "宗",
    "JIA": "家", "GE": "个", "XIANG": "项", "PI": "批", "RATE": "%", "MILLE": "‰", "MONTHLY": "元/人·月",
    "YEARLY": "元/人·年", "BARE": "", "DAYS": "个工作日",
}  # fmt: skip


def measure_of(reference: Reference):
    return read_measure(UNITS[reference.code])


@pytest.mark.parametrize(
    "text",
    [
        "JIAN==ZONG+JIAN",
        "GE==JIA",
        "REN-MING>=0",
        "YUAN==LY(YUAN)*1.1",
        "RENCI>=PI",  # counts of different things may be compared
        "WAN*10000==YUAN",  # the author has converted it
        "200<=WAN*10000/REN<=20000",
        "JIAN/ZONG*100==RATE",
        "WAN/WAN<=1",
        "MONTHLY*REN>=0",
        "MONTHLY*12==YEARLY*1",
        "max(JIAN, ZONG)==JIAN",
        "if REN>0 then WAN>0",
        "BARE==WAN",
        "(if REN>0 then JIAN else ZONG)==JIAN",
        "round(WAN/REN*REN, 1)==WAN",
        "XIANG==CHILDREN(XIANG)",
        "1/(REN/MING)==1",
    ],
)
def test_what_goes_together(text: str) -> None:
    check_measures(parse(text).root, measure_of)


@pytest.mark.parametrize(
    ("text", "position", "left", "right"),
    [
        ("WAN+YUAN>0", 5, "万元", "元"),
        ("REN+JIAN>0", 5, "人", "件"),
        ("XIANG==GE+JIA+REN", 15, "个", "人"),
        ("WAN==YUAN", 6, "万元", "元"),
        ("YI-WAN>0", 4, "亿元", "万元"),
        ("WAN>=JIAN", 6, "万元", "件"),
        ("RATE==JIAN/ZONG", 7, "%", "件/宗"),
        ("RATE>=MILLE", 7, "%", "‰"),
        ("MONTHLY==YEARLY", 10, "元/人·月", "元/人·年"),
        ("max(REN, JIAN)>1", 10, "人", "件"),
        ("(if REN>0 then WAN else YUAN)>0", 25, "万元", "元"),
        ("if WAN==YUAN then REN>0", 9, "万元", "元"),
        ("abs(-(REN-XIANG))>0", 11, "人", "项"),
        ("WAN*REN==WAN", 10, "万元·人", "万元"),
    ],
)
def test_what_does_not_is_told_with_its_place(text: str, position: int, left: str, right: str) -> None:
    with pytest.raises(MeasureClash) as caught:
        check_measures(parse(text).root, measure_of)
    assert (caught.value.position, caught.value.left, caught.value.right) == (position, left, right)


def test_a_forms_own_synonyms_count() -> None:
    inspections = read_measure("次", ("宗", "件"))
    cases, sheets = read_measure("起"), read_measure("张")
    assert inspections is not None
    assert cases is not None
    assert sheets is not None
    assert inspections.same_as(cases)
    assert not inspections.same_as(sheets)
