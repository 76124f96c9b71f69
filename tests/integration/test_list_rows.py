"""Lists in a draft, in the versions made of it, and in what is worked out from them."""

from datetime import date
from decimal import Decimal
from importlib import resources
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.lists import ListAnswer
from portal.domain.policy import Actor, Role
from portal.domain.submissions import SubmissionKey, digest
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values
from portal.errors import Blocked, Conflict, InvalidInput, InvalidMove, NotFound, NotPermitted
from portal.models import ListRow, Observation, SubmissionVersion
from portal.queries.events import list_history
from portal.queries.fillers import list_fillers
from portal.queries.findings import check_submission
from portal.queries.people import portal_actor
from portal.queries.report import enclosed
from portal.queries.submissions import get_row, get_submission, typed_values
from portal.services import collections, forms, moves, values
from portal.services.list_rows import RowChange, SavedRows, replace_list, save_rows, state_none
from portal.services.values import Provenance
from tests.world import PERIOD, World

KEY = SubmissionKey("d111", PERIOD, "ZG")
ROW = {"title": "执法力量不足", "category": "执法力量", "measure": "增加编制", "closed": "否"}


def row(**changes: object) -> dict[str, Value]:
    said = {**ROW, **changes}
    return {code: each if isinstance(each, Value) else Value.of(each) for code, each in said.items()}  # type: ignore[arg-type]  # plain answers only


@pytest.fixture
def form() -> FormVersion:
    return read_form(resources.files("portal.reference.forms").joinpath("ZG.yaml").read_text("utf-8"))


@pytest.fixture
def listing(world: World, form: FormVersion) -> World:
    """The world, with the form that has lists sent down as well."""
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(session, sender, form, PERIOD, opens_on=PERIOD.ends_on, due_on=date(2024, 1, 31))
    return world


def save(actor: Actor, *changes: RowChange, list_code: str = "problems") -> SavedRows:
    with transaction(actor) as session:
        return save_rows(session, actor, KEY, list_code, changes)


def answer(actor: Actor, list_code: str = "problems", version: int | None = None) -> ListAnswer | None:
    with transaction(actor) as session:
        return get_submission(session, actor, KEY, version=version).around.lists.get(list_code)


def rows(actor: Actor, version: int | None = None) -> list[Values]:
    found = answer(actor, version=version)
    return [item.cells for item in found.items] if found else []


def figures(actor: Actor, **numbers: int) -> None:
    with transaction(actor) as session:
        values.save_values(session, actor, KEY, {code: Value.of(number) for code, number in numbers.items()})


def take(world: World, action: Action, by: str = "d111", reason: str = "") -> None:
    actor = world.actor(by)
    with transaction(actor) as session:
        moves.take(session, actor, KEY, action, reason=reason)


def codes(actor: Actor) -> list[tuple[str, str]]:
    with transaction(actor) as session:
        return [(each.code, each.key[2]) for each in check_submission(session, actor, KEY).findings]


class TestDraft:
    def test_rows_are_added_changed_and_taken_away(self, listing: World) -> None:
        filler = listing.actor("d111")
        saved = save(filler, RowChange(1, row(cases=3), 0), RowChange(2, row(title="普法形式单一"), 0))
        assert (saved.row_versions, saved.refused, saved.changed) == ({1: 1, 2: 1}, [], 2)
        assert rows(filler) == [row(cases=3), row(title="普法形式单一")]
        assert save(filler, RowChange(1, {"cases": MISSING, "office": Value.of("法规科")}, 1)).row_versions == {1: 2}
        assert rows(filler)[0] == row(office="法规科")
        save(filler, RowChange(1, dict.fromkeys([*ROW, "office"], MISSING), 2))
        assert rows(filler) == [row(title="普法形式单一")]

    def test_the_same_once_more_changes_nothing_whatever_was_seen(self, listing: World) -> None:
        filler = listing.actor("d111")
        save(filler, RowChange(1, row(), 0))
        again = save(filler, RowChange(1, row(), 0))
        assert (again.changed, again.row_versions) == (0, {1: 1})

    def test_who_saw_another_row_is_stopped_also_by_one_that_was_taken_away(self, listing: World) -> None:
        filler = listing.actor("d111")
        save(filler, RowChange(1, row(), 0))
        with pytest.raises(Conflict):
            save(filler, RowChange(2, row(title="又一个"), 0), RowChange(1, row(title="别的"), 0))
        assert rows(filler) == [row()]
        save(filler, RowChange(1, dict.fromkeys(ROW, MISSING), 1))
        with pytest.raises(Conflict):
            save(filler, RowChange(1, row(title="还在写"), 1))

    def test_an_impossible_cell_is_refused_and_the_rest_of_the_row_is_written(self, listing: World) -> None:
        filler = listing.actor("d111")
        saved = save(filler, RowChange(1, row(cases=-1, category="气候"), 0))
        assert [(each.code, str(each.listed)) for each in saved.refused] == [
            ("not_a_choice", "problems.1.category"), ("below_minimum", "problems.1.cases"),
        ]  # fmt: skip
        assert rows(filler) == [{code: each for code, each in row().items() if code != "category"}]

    def test_nothing_to_list_is_an_answer_of_its_own(self, listing: World, form: FormVersion) -> None:
        filler = listing.actor("d111")
        assert ("required", "problems") in codes(filler)
        with transaction(filler) as session:
            state_none(session, filler, KEY, "problems", none=True)
        assert answer(filler) == ListAnswer(form.lists["problems"][1], none=True)
        assert ("required", "problems") not in codes(filler)
        save(filler, RowChange(1, row(), 0))
        told = answer(filler)
        assert told is not None
        assert (told.none, len(told.items)) == (False, 1)
        with transaction(filler) as session, pytest.raises(Conflict):
            state_none(session, filler, KEY, "problems", none=True)

    def test_what_is_no_row_list_or_column_is_refused(self, listing: World) -> None:
        filler = listing.actor("d111")
        for number in (0, -1, 10_000):
            with pytest.raises(InvalidInput):
                save(filler, RowChange(number, row(), 0))
        with pytest.raises(NotFound):
            save(filler, RowChange(1, {"strange": Value.of("x")}, 0))
        with pytest.raises(NotFound):
            save(filler, RowChange(1, {}, 0), list_code="strange")

    def test_who_does_not_fill_in_does_not_write(self, listing: World) -> None:
        for actor in (listing.actor("d111", Role.CHECKER), listing.actor("c11")):
            with pytest.raises(NotPermitted):
                save(actor, RowChange(1, row(), 0))
        with pytest.raises(NotFound):
            save(listing.actor("d112"), RowChange(1, row(), 0))

    def test_every_change_is_on_the_units_own_record(self, listing: World) -> None:
        filler = listing.actor("d111")
        save(filler, RowChange(1, row(cases=3), 0))
        save(filler, RowChange(1, {"cases": Value.of(4)}, 1))
        with transaction(filler) as session:
            last = list_history(session, filler, KEY, limit=10)[0]
        assert (last.kind, last.before["problems.1"]["cases"], last.after["problems.1"]["cases"]) == (
            "list_changed", "3", "4",
        )  # fmt: skip
        above = listing.actor("c11")
        with transaction(above) as session:
            assert all(each.kind != "list_changed" for each in list_history(session, above, KEY, limit=10))


class TestVersions:
    def hand_in(self, world: World, *problems: dict[str, Value]) -> None:
        filler = world.actor("d111")
        save(filler, *(RowChange(number, each, 0) for number, each in enumerate(problems, start=1)))
        with transaction(filler) as session:
            state_none(session, filler, KEY, "plans", none=True)
        figures(filler, ZG101=len(problems), ZG102=0, ZG103=0)
        take(world, Action.SUBMIT)

    def test_what_is_wrong_with_a_list_stands_in_the_way(self, listing: World) -> None:
        with pytest.raises(Blocked):
            self.hand_in(listing, row(), row(title=" 执法力量 不足"))
        assert codes(listing.actor("d111")) == [("repeated_row", "problems.2.title")]

    def test_a_rule_holds_a_figure_against_the_rows(self, listing: World) -> None:
        filler = listing.actor("d111")
        save(filler, RowChange(1, row(), 0), RowChange(3, row(title="另一个"), 0))
        figures(filler, ZG101=3)
        with transaction(filler) as session:
            found = [each for each in check_submission(session, filler, KEY).findings if each.rule == "ZG101-B1"]
        said = "问题数等于问题清单的行数：本年存在的主要问题数 填报 3，应等于 清单“问题清单”的行数 2，相差 1"
        assert [each.message.zh for each in found] == [said]

    def test_a_sum_over_a_column_is_an_indicator_that_rolls_up(self, listing: World) -> None:
        self.hand_in(listing, row(cases=3), row(title="二", cases=4), row(title="三", cases=NOT_APPLICABLE))
        take(listing, Action.ACCEPT, by="c11")
        with transaction(listing.actor("c11")) as session:
            query = select(Observation.number).where(Observation.indicator == "ZG104", Observation.form_code == "ZG")
            assert session.scalars(query).all() == [Decimal(7)]

    def test_the_receipt_vouches_for_the_rows(self, listing: World) -> None:
        self.hand_in(listing, row())
        actor = listing.actor("d111")
        with transaction(actor) as session:
            submission = get_row(session, actor, KEY)
            sealed = session.scalar(
                select(SubmissionVersion.sha256).where(
                    SubmissionVersion.form_code == "ZG", SubmissionVersion.number == 1
                )
            )
            figures_then, with_it = typed_values(session, submission), enclosed(session, submission)
            assert digest(KEY, 1, figures_then, with_it).sha256 == sealed
            assert digest(KEY, 1, figures_then).sha256 != sealed

    def test_the_next_version_begins_with_the_rows_and_leaves_the_last_alone(self, listing: World) -> None:
        self.hand_in(listing, row())
        filler = listing.actor("d111")
        with pytest.raises(InvalidMove):
            save(filler, RowChange(1, row(title="后改"), 1))
        take(listing, Action.SEND_BACK, by="c11", reason="请补充整改措施的时限")
        save(filler, RowChange(1, {"title": Value.of("后改")}, 1))
        assert rows(filler) == [row(title="后改")]
        assert rows(filler, version=1) == [row()]

    def test_rows_are_read_by_whom_the_figures_are(self, listing: World) -> None:
        def counted(unit: str) -> int:
            with transaction(listing.actor(unit)) as session:
                return session.scalar(text("select count(*) from list_row where unit_path ~ '*.d111'")) or 0

        def seen() -> dict[str, bool]:
            return {unit: counted(unit) > 0 for unit in ("d111", "d112", "c11", "p1", "p2")}

        save(listing.actor("d111"), RowChange(1, row(), 0))
        assert seen() == {"d111": True, "d112": False, "c11": False, "p1": False, "p2": False}
        filler = listing.actor("d111")
        with transaction(filler) as session:
            state_none(session, filler, KEY, "plans", none=True)
        figures(filler, ZG101=1, ZG102=0, ZG103=0)
        take(listing, Action.SUBMIT)
        assert seen() == {"d111": True, "d112": False, "c11": True, "p1": False, "p2": False}
        take(listing, Action.ACCEPT, by="c11")
        assert seen() == {"d111": True, "d112": False, "c11": True, "p1": True, "p2": False}

    def test_an_accepted_row_cannot_be_changed_by_sql_either(self, listing: World) -> None:
        self.hand_in(listing, row())
        take(listing, Action.ACCEPT, by="c11")
        with transaction(listing.actor("d111")) as session:
            for statement in ("update list_row set cells = '{}' where number > 0", "delete from list_row"):
                assert session.execute(text(statement)).rowcount == 0  # type: ignore[attr-defined]  # of a change there is one


def test_who_wrote_a_row_has_filled_in(listing: World) -> None:
    filler = listing.actor("d111")
    with transaction(filler) as session:
        save_rows(session, filler, KEY, "problems", [RowChange(1, row(), 0)])
        session.execute(text("update list_row set entered_by_id = 77"))
        assert list_fillers(session, get_row(session, filler, KEY)) == {77}


class TestReplacing:
    def replaced(self, actor: Actor, wanted: list[Values], *, none: bool = False) -> int:
        with transaction(actor) as session:
            origin = Provenance(uuid4(), {"problems.1": "问题清单!B8"})
            return replace_list(session, actor, KEY, "problems", wanted, none=none, provenance=origin)

    def test_rows_in_the_same_place_are_the_same_rows(self, listing: World) -> None:
        filler = listing.actor("d111")
        save(filler, RowChange(2, row(), 0), RowChange(5, row(title="二"), 0), RowChange(6, row(title="三"), 0))
        assert self.replaced(filler, [row(), row(title="另")]) == 2
        assert rows(filler) == [row(), row(title="另")]
        with transaction(filler) as session:
            kept = session.execute(select(ListRow.number, ListRow.row_version, ListRow.cell).order_by(ListRow.number))
            assert [tuple(each) for each in kept] == [(2, 1, None), (5, 2, None), (6, 2, None)]
        assert self.replaced(filler, [row(), row(title="另")]) == 0

    def test_a_file_may_say_that_there_is_nothing_or_nothing_at_all(self, listing: World) -> None:
        filler = listing.actor("d111")
        self.replaced(filler, [row()])
        self.replaced(filler, [], none=True)
        told = answer(filler)
        assert told is not None
        assert told.none
        self.replaced(filler, [], none=False)
        told = answer(filler)
        assert told is None or not told.answered


ROWS = st.lists(
    st.dictionaries(st.sampled_from(["title", "measure"]), st.sampled_from("甲乙丙").map(Value.of), min_size=1)
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), ROWS), max_size=4))
def test_whatever_comes_after_whatever_the_list_says_what_was_written_last(
    listing: World, steps: list[tuple[bool, list[Values]]]
) -> None:
    filler, replacing = listing.actor("d111"), TestReplacing()
    for whole, wanted in steps:
        before = rows(filler)
        if whole:
            replacing.replaced(filler, wanted)
            assert rows(filler) == wanted
        else:
            told = answer(filler)
            first = max((item.number for item in told.items), default=0) + 1 if told else 1
            with transaction(filler) as session:
                taken = session.scalar(
                    text("select coalesce(max(number), 0) from list_row where list_code = 'problems'")
                )
            first = max(first, (taken or 0) + 1)
            save(filler, *(RowChange(first + place, each, 0) for place, each in enumerate(wanted)))
            assert rows(filler) == before + wanted
