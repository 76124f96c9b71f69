"""Changing a form file piece by piece, and what a version says differently from another."""

from dataclasses import replace
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.domain.form_differences import Difference, differences, unaccounted
from portal.domain.form_edits import FormText, PiecePlace, new_form
from portal.domain.form_file import examine_file, read_form, write_form
from portal.domain.forms import FormVersion
from portal.domain.mapping import changes_of, check_succession
from portal.domain.texts import Text
from portal.errors import NotFound
from portal.web.present.form_fields import Shape, boxes, from_form, groups, with_mistakes
from tests.world import FORM

T = read_form(FORM)


def text() -> FormText:
    found = FormText.read(FORM)
    assert found is not None
    return found


def codes(content: FormText, sheet: int = 0) -> list[object]:
    return [piece["code"] for _place, piece in content.pieces(sheet)]


class TestPieces:
    def test_writing_what_was_read_changes_nothing(self) -> None:
        assert read_form(text().write()) == T

    def test_a_number_with_a_point_is_written_exactly(self) -> None:
        content = text()
        place = PiecePlace(1, 2)
        content.put(place, content.piece(place) | {"max": Decimal("0.10")})
        assert read_form(content.write()).indicator("T203").maximum == Decimal("0.1")

    def test_an_indicator_is_added_moved_and_removed(self) -> None:
        content = text()
        new = PiecePlace(0, 7)
        assert content.piece(new) == {}
        content.put(new, {"code": "T108", "name": "新", "unit": "个", "type": "count", "roll_up": "sum"})
        content.move(new, -1)
        assert codes(content)[-2:] == ["T108", "T107"]
        content.remove(PiecePlace(0, 6))
        assert read_form(content.write()) == T

    @given(st.integers(0, 6), st.sampled_from([0, 1, 3]), st.integers(0, 9))
    def test_an_indicator_put_elsewhere_stands_before_the_one_named(self, position: int, sheet: int, to: int) -> None:
        content = text()
        content.put(PiecePlace(3, None), {"code": "T9", "name": "新", "indicators": []})
        before = codes(content, sheet)
        moved, follower = codes(content)[position], before[to : to + 1]
        at = content.transfer(PiecePlace(0, position), PiecePlace(sheet, to))
        assert content.piece(at)["code"] == moved
        after = [each for number in range(4) for each in codes(content, number)]
        assert sorted(map(str, after)) == sorted(f"T{each}" for each in (*range(101, 108), *range(201, 204)))
        if follower and follower != [moved]:
            assert codes(content, sheet)[at.at + 1 : at.at + 2] == follower

    def test_new_codes_follow_the_last(self) -> None:
        content = text()
        assert content.suggestion(PiecePlace(0, 7))["code"] == "T108"
        assert content.suggestion(PiecePlace(None, 2))["id"] == "T107-E2"
        assert content.suggestion(PiecePlace(3, None))["code"] == "T4"
        content.put(PiecePlace(3, None), {"code": "T4", "indicators": []})
        assert content.suggestion(PiecePlace(3, 0))["code"] == "T401"

    def test_a_first_rule_makes_the_list(self) -> None:
        content = FormText.read(new_form("N", "新表"))
        assert content is not None
        content.put(PiecePlace(None, 0), {"id": "R", "severity": "info", "indicator": "N101", "expression": "N101 > 0"})
        assert [rule.id for rule in read_form(content.write()).rules] == ["R"]

    @given(st.integers(0, 6), st.sampled_from([-1, 1]))
    def test_moving_keeps_every_indicator(self, position: int, by: int) -> None:
        content = text()
        content.move(PiecePlace(0, position), by)
        assert sorted(codes(content)) == sorted(codes(text()))
        assert codes(content)[min(max(position + by, 0), 6)] == codes(text())[position]

    @pytest.mark.parametrize("place", ["", "rules", "sheets.0.", "sheets.x.indicators.0", "rules.-1", "outline.0"])
    def test_nothing_else_can_be_named(self, place: str) -> None:
        with pytest.raises(NotFound):
            PiecePlace.parse(place)

    @pytest.mark.parametrize("place", ["sheets.0.indicators.8", "sheets.9.indicators.0", "rules.4", "sheets.4"])
    def test_what_is_not_there_is_not_found(self, place: str) -> None:
        where = PiecePlace.parse(place)
        for change in (text().piece, text().remove, lambda each: text().put(each, {})):
            with pytest.raises(NotFound):
                change(where)

    @pytest.mark.parametrize("broken", ["", "[1, 2]", "a: [", "sheets: 7\nrules: {a: 1}"])
    def test_any_text_is_read_or_refused(self, broken: str) -> None:
        content = FormText.read(broken)
        if content is not None:
            assert content.sheets == []
            assert content.pieces(None) == []
            with pytest.raises(NotFound):
                content.put(PiecePlace(None, 0), {})
        assert examine_file(broken)[0] is None

    def test_an_indicator_that_is_no_mapping_is_a_mistake(self) -> None:
        content = text()
        content.sheets[0]["indicators"] = [1, None]
        assert [piece for _place, piece in content.pieces(0)] == [{}, {}]
        places = {mistake.path for mistake in examine_file(content.write())[1]}
        assert {("sheets", 0, "indicators", 0), ("sheets", 0, "indicators", 1)} <= places

    def test_a_new_form_is_sound(self) -> None:
        assert read_form(new_form("NEW_1", "新表: 一")).name.zh == "新表: 一"


def filled(record, piece) -> MultiDict[str, str]:
    """What a browser sends for the boxes as they are."""
    form: MultiDict[str, str] = MultiDict()
    for box in boxes(record, piece):
        if box.shape in {Shape.TICKS, Shape.FLAG}:
            for word in sorted(box.ticked):
                form.add(box.name, word)
        else:
            form[box.name] = box.text
    return form


class TestBoxes:
    @pytest.mark.parametrize("name", ["FZ", "XG"])
    def test_sending_the_boxes_as_they_are_changes_nothing(self, name: str) -> None:
        form = read_reference(name)
        content = FormText.read(write_form(form))
        assert content is not None
        flat = [number for number, sheet in enumerate(content.sheets) if "cross" not in sheet]
        places = [place for sheet in [*flat, None] for place, _piece in content.pieces(sheet)]
        places += [PiecePlace(number, None) for number in range(len(content.sheets))] + [PiecePlace(None, None)]
        for place in places:
            piece = content.piece(place)
            content.put(place, from_form(place.record, filled(place.record, piece), piece))
        assert read_form(content.write()) == form
        assert content.write() == write_form(form)

    def test_what_is_wrong_goes_to_its_box_or_to_none(self) -> None:
        found = boxes(PiecePlace(0, 0).record, {"code": "T101"})
        mistakes = [
            (("roll_up", "how"), Text("甲")),
            (("name",), Text("乙")),
            ((), Text("丙")),
            (("balance",), Text("丁")),
        ]
        told, placed = with_mistakes(found, mistakes)
        assert [name for name, _words in placed] == ["roll_up.how", "name.zh", "", "balance.plus"]
        assert {box.name for box in told if box.mistakes} == {"roll_up.how", "name.zh", "balance.plus"}
        shown = groups(told)
        assert [group.title is None or group.is_open for group in shown] == [True, False, False, True, False]
        assert sorted(box.name for group in shown for box in group.boxes) == sorted(box.name for box in told)

    def test_what_was_typed_is_what_the_file_says(self) -> None:
        content, place = text(), PiecePlace(0, 5)
        form = filled(place.record, content.piece(place))
        form["choices"] = "好、中，差"
        form["definition.zh"] = "一行\r\n二行"
        form["max"] = "1.50"
        form.poplist("core")
        content.put(place, from_form(place.record, form, content.piece(place)))
        made = read_form(content.write()).indicator("T106")
        assert (made.choices, made.definition.zh, made.core) == (("好", "中", "差"), "一行\n二行", False)
        assert made.maximum == Decimal("1.5")

    def test_keys_without_a_box_stay(self) -> None:
        rule = {"id": "R", "passes": [{"A": 1}], "odd": 1}
        kept = from_form(PiecePlace(None, 0).record, MultiDict({"id": "S"}), rule)
        assert kept == {"id": "S", "passes": [{"A": 1}], "odd": 1}


def read_reference(name: str) -> FormVersion:
    return read_form((files("portal") / "reference" / "forms" / f"{name}.yaml").read_text())


class TestDifferences:
    def test_a_version_and_its_next_number_do_not_differ(self) -> None:
        assert not differences(T, replace(T, number=2)).any

    def test_each_kind_is_told(self) -> None:
        content = text()
        content.put(PiecePlace(0, 0), content.piece(PiecePlace(0, 0)) | {"name": "次数", "max": 5})
        content.remove(PiecePlace(1, 2))
        content.put(PiecePlace(1, 2), {"code": "T204", "name": "新", "unit": "个", "type": "count", "roll_up": "sum"})
        content.remove(PiecePlace(None, 1))
        content.content["name"] = "改名"
        found = differences(T, read_form(content.write()))
        assert [(each.what, each.code, each.keys) for each in found.indicators] == [
            (Difference.CHANGED, "T101", ("name", "max")),
            (Difference.ADDED, "T204", ()),
            (Difference.DROPPED, "T203", ()),
        ]
        assert [(each.what, each.code) for each in found.rules] == [(Difference.DROPPED, "T107-E1")]
        assert found.keys == ("name",)
        assert not found.reordered

    def test_what_comes_and_goes_is_accounted_for(self) -> None:
        content = text()
        content.put(PiecePlace(1, 2), {"code": "T204", "name": "新", "unit": "个", "type": "count", "roll_up": "sum"})
        assert unaccounted(T, read_form(content.write())) == (["T204"], ["T203"])
        content.account_for(changes_of({}, ["T204"], ["T203"]))
        form = read_form(content.write())
        assert unaccounted(T, form) == ([], [])
        assert check_succession(form, T).found == []

    def test_another_order_is_a_difference(self) -> None:
        content = text()
        content.move(PiecePlace(0, 4), 1)
        found = differences(T, read_form(content.write()))
        assert found.reordered
        assert found.any
