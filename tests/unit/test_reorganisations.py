"""What reorganisations make of placements, and what they refuse; who follows whom; where series break."""

import csv
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.reorganisation_file import change_row, read_change, reorganisation_of, write_reorganisation
from portal.domain.reorganisations import Change, ChangeKind, names_before, plan
from portal.domain.series_breaks import Spot, find_breaks, list_changes
from portal.domain.successions import Departure, Following, Heirs
from portal.domain.texts import Text
from portal.domain.trees import paths_on, tree_on
from portal.domain.units import Level, Placement, Succession, SuccessionKind
from portal.errors import FormInvalid

START, DAY = date(2000, 1, 1), date(2024, 1, 1)
TREE = [
    Placement(code, parent, code, f"The {code}", level, START)
    for code, parent, level in (
        ("p", "", Level.PROVINCE),
        ("c1", "p", Level.CITY),
        ("c2", "p", Level.CITY),
        ("d1", "c1", Level.DISTRICT),
        ("d2", "c1", Level.DISTRICT),
        ("q", "", Level.PROVINCE),
    )
]


def planned(*changes: Change, tree: list[Placement] = TREE, known: tuple[Succession, ...] = ()):
    return plan(tree, known, changes, DAY, names_before(tree, DAY))


def after(*changes: Change) -> dict[str, Placement]:
    made = planned(*changes)
    assert made.problems == ()
    return {node.code: node for node in tree_on(made.applied(TREE), DAY)}


def refusal(*changes: Change, **more: object) -> str:
    return "；".join(problem.words.zh for problem in planned(*changes, **more).problems)


def test_the_day_before_nothing_is_different() -> None:
    made = planned(Change(ChangeKind.MOVE, "d1", parent_code="c2"), Change(ChangeKind.DISSOLVE, "d2"))
    before = DAY - timedelta(days=1)
    assert tree_on(made.applied(TREE), before) == tree_on(TREE, before)


def test_what_a_line_does_not_say_stays() -> None:
    stands = after(Change(ChangeKind.LEVEL, "d1", level=Level.CITY, parent_code="p"))["d1"]
    assert (stands.name, stands.name_en, stands.level, stands.parent_code) == ("d1", "The d1", Level.CITY, "p")


def test_a_new_name_makes_the_english_one_unknown() -> None:
    assert after(Change(ChangeKind.RENAME, "d1", name="新名"))["d1"].name_en == ""


def test_merged_into_a_new_unit_that_stands_where_the_first_stood() -> None:
    stands = after(Change(ChangeKind.MERGE, "n", ("c1", "c2"), name="合并市"))
    assert {code: node.parent_code for code, node in stands.items()} == {
        "p": "", "n": "p", "d1": "n", "d2": "n", "q": "",
    }  # fmt: skip


def test_lines_count_in_their_order() -> None:
    new = Change(ChangeKind.NEW, "c3", parent_code="p", level=Level.CITY, name="新市")
    assert after(new, Change(ChangeKind.MOVE, "d1", parent_code="c3"))["d1"].parent_code == "c3"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([Change(ChangeKind.RENAME, "d1")], "缺少名称"),
        ([Change(ChangeKind.MOVE, "x", parent_code="c1")], "没有单位 x"),
        ([Change(ChangeKind.MOVE, "d1", parent_code="x")], "没有上级"),
        ([Change(ChangeKind.MOVE, "c1", parent_code="d1")], "没有上级"),
        ([Change(ChangeKind.MOVE, "d1", parent_code="q")], "最上级"),
        ([Change(ChangeKind.MERGE, "q", ("d1",))], "最上级"),
        ([Change(ChangeKind.NEW, "r", parent_code="", level=Level.PROVINCE, name="新省")], "最上级"),
        ([Change(ChangeKind.NEW, "d1", parent_code="c1", level=Level.DISTRICT, name="x")], "已经存在"),
        ([Change(ChangeKind.NEW, "n", name="x")], "缺少上级、层级"),
        ([Change(ChangeKind.MERGE, "d1", ("d1",))], "合并须写明"),
        ([Change(ChangeKind.SPLIT, "n", ("d1",), name="x")], "至少有两个部分"),
        ([Change(ChangeKind.SPLIT, "n", ("d1", "d2"), name="x")], "一个原单位"),
        ([Change(ChangeKind.DISSOLVE, "c1")], "没有上级"),
        ([Change(ChangeKind.RENAME, "d1", name="d1", name_en="The d1")], "什么都没有改变"),
        ([], "什么都没有改变"),
    ],
)
def test_what_cannot_be_is_refused(changes: list[Change], why: str) -> None:
    assert why in refusal(*changes)


def test_sentences_name_units_by_code_and_name_in_both_languages() -> None:
    tree = [
        Placement("d1", "c1", "旧县", "Old County", Level.DISTRICT, START, date(2010, 1, 1)),
        Placement("d1", "c1", "甲区", "", Level.DISTRICT, date(2010, 1, 1)),
        *(each for each in TREE if each.code != "d1"),
    ]
    new = Change(ChangeKind.NEW, "n", parent_code="d1", level=Level.TOWN, name="新镇", name_en="New Town")
    [problem] = planned(Change(ChangeKind.NEW, "d1"), tree=tree).problems
    assert (problem.words.zh, problem.words.en) == ("d1 甲区 已经存在", "d1 甲区 exists already")
    [problem] = planned(new, Change(ChangeKind.DISSOLVE, "d1"), tree=tree).problems
    assert (problem.words.zh.partition("：")[2], problem.words.en.partition(": ")[2]) == ("n 新镇", "n New Town")
    [problem] = planned(Change(ChangeKind.DISSOLVE, "c1"), tree=tree).problems
    assert problem.words == Text("没有上级，或上级在自己之下：d1 甲区、d2 d2", "without a superior: d1 甲区, d2 The d2")


def test_nobody_learns_what_units_beyond_are_called() -> None:
    told = plan(TREE, (), [Change(ChangeKind.NEW, "q")], DAY, names_before(TREE[:-1], DAY)).problems
    assert [each.words.zh for each in told] == ["q 已经存在"]


def test_what_is_known_to_change_later_is_left_alone() -> None:
    later = date(2025, 1, 1)
    tree = [each for each in TREE if each.code != "d1"]
    tree += [
        Placement("d1", "c1", "d1", "", Level.DISTRICT, START, later),
        Placement("d1", "c2", "d1", "", Level.DISTRICT, later),
    ]
    assert "2025-01-01 另有变动" in refusal(Change(ChangeKind.RENAME, "d1", name="x"), tree=tree)


def test_nobody_gives_and_receives_on_one_day() -> None:
    halves = [Change(ChangeKind.SPLIT, code, ("d1",), name=code) for code in ("d1", "n")]
    assert "请分两次" in refusal(Change(ChangeKind.MERGE, "d1", ("d2",)), *halves)
    known = (Succession("d2", "d1", DAY, SuccessionKind.MERGE),)
    assert "请分两次" in refusal(*halves, known=known)


def test_a_unit_that_is_gone_stands_where_its_superior_stands_now() -> None:
    made = planned(Change(ChangeKind.DISSOLVE, "d1"))
    moved = plan(made.applied(TREE), (), [Change(ChangeKind.MOVE, "c1", parent_code="c2")], date(2025, 1, 1), {})
    assert paths_on(moved.applied(made.applied(TREE)), date(2026, 1, 1))["d1"] == "p.c2.c1.d1"


changes = st.builds(
    Change,
    st.sampled_from(ChangeKind),
    st.sampled_from(["d1", "n1"]),
    st.lists(st.sampled_from(["d1", "d2"]), unique=True).map(tuple),
    st.one_of(st.none(), st.just("c1")),
    st.one_of(st.none(), st.sampled_from(Level)),
    st.one_of(st.none(), st.text('甲a,"', min_size=1).filter(str.strip).map(str.strip)),
    st.none(),
)


@given(changes)
def test_a_line_is_read_as_it_was_written(change: Change) -> None:
    assert read_change(change_row(change)) == change


def test_a_file_says_its_day_and_basis_once() -> None:
    said = [Change(ChangeKind.DISSOLVE, "d1"), Change(ChangeKind.DISSOLVE, "d2")]
    rows = dict(enumerate(csv.DictReader(write_reorganisation(said, DAY, "依据").splitlines()), start=2))
    read = reorganisation_of(rows)
    assert (read.changes, read.effective_on, read.basis) == (tuple(said), DAY, "依据")
    rows[3]["basis"] = "另一依据"
    with pytest.raises(FormInvalid, match="分成两个文件"):
        reorganisation_of(rows)
    with pytest.raises(FormInvalid, match="没有变动"):
        reorganisation_of({})


class TestHeirs:
    STEPS = (
        Following(1, 2, date(2020, 1, 1)),  # 1 into 2
        Following(2, 3, date(2022, 1, 1)), Following(2, 4, date(2022, 1, 1)),  # 2 into halves
        Following(5, 5, date(2021, 1, 1)), Following(5, 6, date(2021, 1, 1)),  # 6 out of 5
    )  # fmt: skip

    def heirs(self, unit: int, year: int, until: int = 2024) -> set[int]:
        gone = {7: Departure(5, date(2020, 6, 1)), 8: Departure(None, date(2020, 6, 1))}
        return set(Heirs(self.STEPS, gone, {3, 4, 5, 6}, date(until, 1, 1)).after(unit, date(year, 12, 31)))

    @pytest.mark.parametrize(
        ("unit", "year", "expected"),
        [
            (1, 2018, {3, 4}),
            (2, 2021, {3, 4}),
            (5, 2020, {5, 6}),
            (5, 2021, {5}),
            (7, 2019, {5, 6}),  # dissolved into its superior before that was split
            (8, 2019, set()),
            (9, 2019, set()),
        ],
    )
    def test_who_stands_where_a_unit_stood(self, unit: int, year: int, expected: set[int]) -> None:
        assert self.heirs(unit, year) == expected

    def test_what_comes_after_the_tree_is_not_looked_at(self) -> None:
        assert self.heirs(5, 2019, until=2020) == {5}


def test_what_goes_along_with_its_superior_is_not_named() -> None:
    before = {1: Spot(None, 1, 5), 2: Spot(1, 2, 3), 3: Spot(2, 3, 3), 4: Spot(1, 4, 5), 5: Spot(4, 5, 5)}
    moved = {1: Spot(None, 1, 5), 4: Spot(1, 2, 5), 2: Spot(4, 3, 4), 3: Spot(2, 4, 4), 5: Spot(4, 5, 5)}
    changes = list_changes(before, moved, lambda unit: {unit}, {})
    assert [(each.unit, each.others) for each in changes] == [(2, (1, 4))]
    assert find_breaks(4, before, moved, changes) == changes
    assert find_breaks(1, before, moved, changes) == find_breaks(2, before, moved, changes) == []
