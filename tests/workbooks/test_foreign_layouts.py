"""Sheets that are no template: recognised by their labels, asked about once, read exactly as confirmed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook

from importers.foreign import Confirmed, asked_to_json, choices_from_json
from importers.foreign_labels import read_label, relative, split_unit, units_for_all
from importers.foreign_layout import FigureKey, Layout, read_layout
from importers.identity import Context, Expected
from importers.pipeline import Examination, Outcome, examine
from importers.sandbox import read_workbook
from importers.workbook import Merged
from portal.domain.forms import Severity
from portal.domain.periods import Period
from portal.domain.values import Value
from tests.workbooks.making import UNIT, codes, only, saved, trial_form

PERIOD = Period(2023)
CHOSEN = Expected(form="SY", unit="441802", period="2023", version=3)
Rows = Iterable[Sequence[object]]

LIST: list[list[object]] = [
    ["清城区民政局2023年度行政执法统计表"],
    ["填报单位：清城区民政局", None, "单位：万元、次"],
    ["序号", "项   目", "计量单位", "上年数", "2023年"],
    ["甲", "乙", "丙", 1, 2],
    [1, "一、检查情况"],
    [2, "检查次数（次）", "次", 38, 40],
    [3, "    其中：对养老机构", "次", 5, 12],
    [4, "          对殡葬机构", "次", 5, 3],
    [5, "二、处罚"],
    [6, "罚没金额", "元", 37000, 90271.78],
    [7, "登记机构数", "家", 600, 659],
    ["填表人：张三", None, "2024年1月5日"],
]


def book(*sheets: Rows, merged: Sequence[str] = (), titles: Sequence[str] = ("2023年报表", "附表")) -> bytes:
    made = Workbook()
    made.remove(made.worksheets[0])
    for title, rows in zip(titles, sheets, strict=False):
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        for area in merged:
            sheet.merge_cells(area)
    return saved(made)


def layout_of(content: bytes, period: Period = PERIOD) -> Layout:
    return read_layout(read_workbook(content), period)


def figures(content: bytes) -> dict[str, tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Row path, column path and unit, by address."""
    return {f.place.address: (f.key.row, f.key.column, f.unit) for f in layout_of(content).figures}


def examine_foreign(content: bytes, confirmed: Confirmed | None = None, filename: str = "") -> Examination:
    return examine(
        content,
        filename,
        find_form=lambda *_: trial_form(),
        find_context=lambda _: Context(UNIT),
        expected=CHOSEN,
        find_confirmed=lambda *_: confirmed,
    )


def answered(content: bytes, **places: str | None) -> Confirmed:
    """What somebody confirms who answers each indicator with a cell."""
    layout = layout_of(content)
    by_address = {figure.place.address: figure.key for figure in layout.figures}
    choices: dict[str, FigureKey | None] = {i.code: None for i in trial_form().typed_at(UNIT.level)}
    choices |= {code: by_address[place] if place else None for code, place in places.items()}
    return Confirmed(layout.fingerprint, 3, choices, "李四", datetime(2024, 1, 8, tzinfo=UTC))


def suggested(examination: Examination) -> dict[str, str]:
    """Addresses chosen beforehand, by indicator."""
    asked = examination.asked
    assert asked is not None
    return {
        question.indicator: asked.layout.figures[question.chosen].place.address
        for question in asked.questions
        if question.chosen is not None
    }


class TestLayout:
    def test_a_list_with_parts_sections_and_units(self) -> None:
        found = figures(book(LIST))
        assert found["E6"] == (("检查情况", "检查次数"), ("本年",), "次")
        assert found["E7"] == (("检查情况", "检查次数", "对养老机构"), ("本年",), "次")
        assert found["E8"] == (("检查情况", "检查次数", "对殡葬机构"), ("本年",), "次")
        assert found["D10"] == (("处罚", "罚没金额"), ("上年数",), "元")
        assert not {"A6", "C6", "C12"} & found.keys()
        assert {figure.units for figure in layout_of(book(LIST)).figures} == {("万元", "次")}

    def test_merged_heads_over_two_rows(self) -> None:
        rows = [
            ["2023年统计"],
            ["项目", "检查次数", None, "罚没金额（万元）", "备注"],
            [None, "合计", "其中：养老机构"],
            ["行政检查", 40, 12, 9.03, "无"],
        ]
        found = figures(book(rows, merged=["A2:A3", "B2:C2", "D2:D3", "E2:E3"]))
        assert found == {
            "B4": (("行政检查",), ("检查次数", "合计"), ""),
            "C4": (("行政检查",), ("检查次数", "其中:养老机构"), ""),
            "D4": (("行政检查",), ("罚没金额",), "万元"),
        }

    def test_labels_in_two_columns_the_first_merged(self) -> None:
        rows = [["类别", "指标", "本年数"], ["检查", "次数", 40], [None, "人数", 12], ["处罚", "次数", 7]]
        found = figures(book(rows, merged=["A2:A3"]))
        assert [row for row, _column, _unit in found.values()] == [("检查", "次数"), ("检查", "人数"), ("处罚", "次数")]

    def test_tables_side_by_side(self) -> None:
        rows = [["资产", "期末数", "负债", "期末数"], ["货币资金", 1, "借款", 2], ["存货", 3, "应付", 4]]
        assert {at: row for at, (row, _column, _unit) in figures(book(rows)).items()} == {
            "B2": ("货币资金",),
            "B3": ("存货",),
            "D2": ("借款",),
            "D3": ("应付",),
        }

    def test_one_below_the_other(self) -> None:
        rows = [["项目", "本年数"], ["甲类", 1], [], ["项目", "数量", "金额"], ["乙类", 2, 3]]
        assert set(figures(book(rows))) == {"B2", "B5", "C5"}

    def test_the_same_labels_twice_are_told_apart_by_order_only(self) -> None:
        layout = layout_of(book([["项目", "本年数"], ["合计", 1], ["合计", 2]]))
        assert [figure.key.nth for figure in layout.figures] == [0, 1]
        assert {layout.position_of(figure.key) for figure in layout.figures} == {None}

    def test_figures_signatures_and_places_do_not_count_for_the_fingerprint_labels_and_units_do(self) -> None:
        first = layout_of(book(LIST)).fingerprint
        other = [list(row) for row in LIST]
        other[5][4], other[6][4], other[11] = 99, None, ["填表人：王五", None, "2024年2月1日"]
        assert layout_of(book([[], *other])).fingerprint == first
        for row, column, content in ((5, 1, "检查总次数"), (9, 2, "万元"), (1, 2, "单位：元"), (2, 4, "2022年")):
            changed = [list(each) for each in LIST]
            changed[row][column] = content
            assert layout_of(book(changed)).fingerprint != first, content
        assert layout_of(book(LIST, titles=["别的表"])).fingerprint != first

    def test_next_years_sheet_is_the_same_layout(self) -> None:
        later = [[each.replace("2023", "2024") if isinstance(each, str) else each for each in row] for row in LIST]
        then = layout_of(book(later, titles=["2024年报表"]), Period(2024))
        assert then.fingerprint == layout_of(book(LIST)).fingerprint
        assert layout_of(book(LIST), Period(2024)).fingerprint != then.fingerprint

    def test_a_head_without_labels_or_rows_is_no_table(self) -> None:
        assert not layout_of(book([["上年数", "本年数"]])).figures

    def test_more_than_any_report_is_left_alone(self) -> None:
        rows = [["项目", *["本年数"] * 50], *[[f"第{n}"] for n in range(100)]]
        assert not layout_of(book(rows)).figures

    def test_what_is_made_to_take_long_does_not(self) -> None:
        deep = [["项目", "本年数"], *[[f"{' ' * n}第{'长' * 3_000}{n}", 1] for n in range(1_000)]]
        workbook = read_workbook(book(deep))
        workbook.sheets[0].merged = (Merged(1, 4, 200, 16_384), Merged(201, 4, 1_048_576, 16_384))
        layout = read_layout(workbook, PERIOD)
        assert max(len(figure.key.row) for figure in layout.figures) <= 12
        assert max(len(label) for figure in layout.figures for label in figure.key.row) <= 200


class TestLabels:
    @pytest.mark.parametrize(
        ("text", "words", "unit"),
        [
            ("一、检查情况", "检查情况", ""),
            ("（二）罚没 金额（万元）", "罚没金额", "万元"),
            ("1.1.2 机构数(家)", "机构数", "家"),
            ("其中：对养老机构", "对养老机构", ""),
            ("3、登记机构数（含分支机构）", "登记机构数(含分支机构)", ""),
            ("2023年末数", "本年末数", ""),
        ],
    )
    def test_trimmings_are_taken_off(self, text: str, words: str, unit: str) -> None:
        label, _level = read_label(text, PERIOD)
        assert (label.words, label.unit) == (words, unit)

    def test_years_units_of_heads_and_of_tables(self) -> None:
        assert relative("2022年 与 2023年度 与 1999年", PERIOD) == "上年与本年与1999年"
        assert split_unit("金额(元)") == ("金额", "元")
        assert units_for_all("填报单位：清城区民政局") == ()
        assert units_for_all("金额单位：万元") == ("万元",)
        assert units_for_all("单位：个、万元") == ("个", "万元")


class TestQuestion:
    def test_likely_cells_are_suggested_and_nothing_is_read(self) -> None:
        examination = examine_foreign(book(LIST))
        assert (examination.outcome, examination.code) == (Outcome.NOT_RECOGNISED, "layout_unconfirmed")
        assert not examination.values
        assert suggested(examination) == {"SY0101": "E6", "SY0102": "E7", "SY0103": "E10", "SY0107": "E11"}

    def test_a_label_in_doubt_is_not_chosen_beforehand(self) -> None:
        rows = [["项目", "本年数"], ["检查次数", 40], ["检查次数", 41], ["罚没款", 3]]
        examination = examine_foreign(book(rows))
        assert suggested(examination) == {}
        assert examination.asked is not None
        options = {q.indicator: len(q.options) for q in examination.asked.questions}
        assert (options["SY0101"], options["SY0103"]) == (2, 1)

    def test_last_years_column_is_no_suggestion(self) -> None:
        rows = [["项目", "上年数", "2022年", "本年数", "增减"], ["检查次数", 1, 2, 3, 4]]
        assert suggested(examine_foreign(book(rows))) == {"SY0101": "D2"}

    def test_a_workbook_like_nothing_is_none(self) -> None:
        rows = [["项目", "本年数"], ["天气", 3], ["温度", 4]]
        assert examine_foreign(book(rows)).code == "not_a_template"

    def test_what_was_confirmed_is_asked_again_only_where_a_label_changed(self) -> None:
        confirmed = answered(book(LIST), SY0101="E6", SY0102="E8", SY0107="E11")
        changed = [list(row) for row in LIST]
        changed[5][1] = "检查场次（次）"
        changed[10][1] = "登记的机构数"
        examination = examine_foreign(book(changed), confirmed)
        assert examination.code == "layout_unconfirmed"
        assert examination.asked is not None
        asked = {question.indicator for question in examination.asked.questions if not question.known}
        assert {"SY0107", "SY0101", "SY0102"} <= asked
        assert {"SY0201", "SY0202"}.isdisjoint(asked)

    def test_a_label_elsewhere_leaves_the_others_as_they_were(self) -> None:
        confirmed = answered(book(LIST), SY0101="E6", SY0102="E8", SY0107="E11")
        changed = [list(row) for row in LIST]
        changed[10][1] = "登记的机构数"
        examination = examine_foreign(book(changed), confirmed)
        assert examination.asked is not None
        known = {q.indicator: q.chosen for q in examination.asked.questions if q.known}
        places = {code: examination.asked.layout.figures[n].place.address for code, n in known.items() if n is not None}
        assert places == {"SY0101": "E6", "SY0102": "E8"}
        assert "SY0107" not in known
        assert suggested(examination)["SY0102"] == "E8", "what a person chose counts for more than a likeness"

    def test_a_sheet_under_another_title_keeps_what_was_confirmed(self) -> None:
        confirmed = answered(book(LIST), SY0101="E6", SY0102="E8")
        examination = examine_foreign(book(LIST, titles=["统计表"]), confirmed)
        assert examination.asked is not None
        assert {q.indicator for q in examination.asked.questions if q.known and q.chosen is not None} == {
            "SY0101",
            "SY0102",
        }

    def test_it_is_kept_as_json(self) -> None:
        examination = examine_foreign(book(LIST))
        assert examination.asked is not None
        kept = asked_to_json(examination.asked)
        figure = next(each for each in kept["figures"] if each["place"] == "2023年报表!E7")
        assert (figure["row"], figure["shown"], figure["unit"]) == ("检查情况 › 检查次数 › 对养老机构", "12", "次")
        [key] = choices_from_json({"SY0102": figure["key"]}).values()
        assert key in examination.asked.layout.by_key


class TestReading:
    def test_as_confirmed_with_units_converted(self) -> None:
        content = book(LIST)
        examination = examine_foreign(content, answered(content, SY0101="E6", SY0102="E8", SY0103="E10", SY0107="E11"))
        assert examination.outcome is Outcome.CHECKED
        assert examination.values == {
            "SY0101": Value.of(40),
            "SY0102": Value.of(3),
            "SY0103": Value.of(Decimal("9.027178")),
            "SY0107": Value.of(659),
        }
        assert only(examination, "converted").found == "90271.78元"
        assert "李四" in only(examination, "read_as_confirmed").message.zh
        assert examination.places["SY0102"].address == "E8"

    def test_the_next_file_of_the_layout_needs_no_question(self) -> None:
        confirmed = answered(book(LIST), SY0101="E6", SY0102="E8")
        later = [[], *[list(row) for row in LIST]]
        later[6][4] = 41
        examination = examine_foreign(book(later), confirmed)
        assert examination.values == {"SY0101": Value.of(41), "SY0102": Value.of(3)}
        assert examination.places["SY0101"].address == "E7"

    def test_a_new_version_of_the_form_is_asked_about(self) -> None:
        confirmed = answered(book(LIST), SY0101="E6")
        older = Confirmed(confirmed.fingerprint, 2, confirmed.choices, confirmed.by, confirmed.at)
        assert examine_foreign(book(LIST), older).code == "layout_unconfirmed"

    def test_the_unit_of_the_whole_table_holds_where_it_fits(self) -> None:
        rows = [["单位：元"], ["项目", "本年数"], ["检查次数", 40], ["罚没金额", 90271.78]]
        content = book(rows)
        examination = examine_foreign(content, answered(content, SY0101="B3", SY0103="B4"))
        assert examination.values == {"SY0101": Value.of(40), "SY0103": Value.of(Decimal("9.027178"))}

    def test_two_units_that_fit_are_not_chosen_between(self) -> None:
        content = book([["单位：元、万元"], ["项目", "本年数"], ["罚没金额", 3]])
        examination = examine_foreign(content, answered(content, SY0103="B3"))
        assert not examination.values
        assert only(examination, "unit_mismatch").severity is Severity.BLOCKING

    def test_cells_in_other_words_are_judged_as_everywhere(self) -> None:
        changed = [list(row) for row in LIST]
        changed[5][4], changed[7][4], changed[9][4] = "许多", "—", "９ 万元"
        content = book(changed)
        examination = examine_foreign(content, answered(content, SY0101="E6", SY0102="E8", SY0103="E10"))
        assert {"not_a_number", "placeholder"} <= set(codes(examination))
        assert "SY0101" not in examination.values
        assert examination.values["SY0103"] == Value.of(9)

    def test_a_csv_of_ones_own(self) -> None:
        content = "项目,本年数\n检查次数,40\n".encode("gb18030")
        layout = read_layout(read_workbook(content, "a.csv"), PERIOD)
        choices = {"SY0101": layout.figures[0].key}
        confirmed = Confirmed(layout.fingerprint, 3, choices, "李四", datetime(2024, 1, 8, tzinfo=UTC))
        assert examine_foreign(content, confirmed, "a.csv").values == {"SY0101": Value.of(40)}
