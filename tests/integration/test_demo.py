"""The demonstration as loaded: complete, consistent, and added up to what an independent computation says."""

import csv
import stat
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal import db
from portal.db import identity_transaction, transaction
from portal.demo import accounts, quarters
from portal.demo.loading import load
from portal.demo.seeds import read_seeds
from portal.domain.forms import AggregationKind, FormVersion
from portal.domain.lifecycle import COUNTED, State, open_to
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Role
from portal.domain.submissions import SubmissionKey, digest
from portal.domain.units import Level
from portal.domain.values import exact_text
from portal.models import Event, Membership, Observation, Submission, SubmissionVersion, Unit, Value
from portal.queries import event_chain, findings
from portal.queries.forms import get_form
from portal.queries.people import find_actor, portal_actor
from portal.queries.progress import completeness
from portal.queries.rollups import verification
from portal.queries.rollups.over_time import roll_up_made
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import roll_up
from portal.queries.submissions import typed_values
from portal.queries.units import list_units
from portal.services.passwords import verify
from tests.databases import TestServer

ROOT = "640000"
YEARS = (2019, 2022, 2023)
GONE = ("640291", "640391")
"""Invented units that are in the tree of the first of these years only."""
EXEMPT = "640303"
QUARTERS = [quarter for year in quarters.YEARS for quarter in Period(year).parts(PeriodKind.QUARTER)]
QUARTERLY = ["JB0101", "JB0102", "JB0103", "JB0104", "JB0105", "JB0201", "JB0202", "JB0203", "JB0204", "JB0205"]
CURRENT = Period(2023)


@dataclass(frozen=True)
class Loaded:
    """The database of this module: Ningxia's reports of three years."""

    data_dir: Path
    progress: list[tuple[int, int]]
    actor: Actor
    form: FormVersion


@pytest.fixture(scope="module")
def demo(test_server: TestServer, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    data_dir = tmp_path_factory.mktemp("demo")
    with test_server.database("huizong_demo", template_database) as target:
        engine = db.connect(target.app_url)
        progress: list[tuple[int, int]] = []
        load(data_dir, lambda done, total: progress.append((done, total)), roots=(ROOT,), years=YEARS)
        with transaction(None) as session:
            yield Loaded(data_dir, progress, portal_actor(session, ROOT), get_form(session, "FZ"))
        engine.dispose()


@pytest.fixture
def session(demo: Loaded) -> Iterator[Session]:
    with transaction(demo.actor) as session:
        yield session


def submissions(session: Session, period: Period | int) -> dict[str, Submission]:
    """By unit code; here only the yearly form is sent down for years, and only the quarterly one for quarters."""
    query = select(Unit.code, Submission).join(Submission, Submission.unit_id == Unit.id)
    return dict(session.execute(query.where(Submission.period_code == str(period))).all())


def test_a_second_load_adds_nothing(demo: Loaded) -> None:
    listing = demo.data_dir / accounts.FILENAME
    tables = (Submission, SubmissionVersion, Value, Observation, Event, Membership, User)

    def counts() -> list[int]:
        with transaction(demo.actor) as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in tables]

    before, written = counts(), listing.read_bytes()
    seen: list[tuple[int, int]] = []
    load(demo.data_dir, lambda done, total: seen.append((done, total)), roots=(ROOT,), years=YEARS)
    assert counts() == before
    assert listing.read_bytes() == written
    assert seen == []


def test_progress_counts_every_report_made_up(demo: Loaded) -> None:
    assert demo.progress == [(done, 5 * 30) for done in range(1, 5 * 30 + 1)]


def test_past_years_are_accepted_but_for_the_published_report(session: Session) -> None:
    states = {code: State(row.state) for code, row in submissions(session, 2019).items()}
    assert states.pop(ROOT) is State.DRAFTING
    assert set(states.values()) == {State.ACCEPTED}
    assert {row.state for row in submissions(session, 2022).values()} == {State.ACCEPTED}


def test_the_published_report_is_exactly_what_was_published(demo: Loaded, session: Session) -> None:
    row = submissions(session, 2019)[ROOT]
    assert typed_values(session, row) == read_seeds()[ROOT, 2019]
    assert not row.demo
    assert all(each.demo for code, each in submissions(session, 2019).items() if code != ROOT)
    checked = findings.check_submission(session, demo.actor, SubmissionKey(ROOT, Period(2019), "FZ"))
    assert {each.code for each in checked.findings} == {"required"}
    assert (
        session.scalar(
            select(func.count()).where(Observation.unit_id == row.unit_id, Observation.period_code == "2019")
        )
        == 0
    )


def test_every_stage_shows_in_the_current_year(demo: Loaded, session: Session) -> None:
    row = completeness(session, demo.actor, period=CURRENT, unit=ROOT)[0].completeness
    assert row.exempt == 1
    assert row.expected == 27
    assert 0 < row.accepted < row.handed_in < row.expected
    assert row.late == row.outstanding > 0


def test_rows_are_what_the_portal_would_have_written(demo: Loaded, session: Session) -> None:
    """Digests, counts of answers and who may read: as sealing, counting and moving by hand leave them."""
    for period in [*map(Period, YEARS), *QUARTERS]:
        for code, row in submissions(session, period).items():
            key = SubmissionKey(code, period, row.form_code)
            depth = row.unit_path.count(".") + 1
            versions = session.scalars(
                select(SubmissionVersion)
                .where(SubmissionVersion.unit_id == row.unit_id, SubmissionVersion.form_code == row.form_code)
                .where(SubmissionVersion.period_code == str(period))
                .order_by(SubmissionVersion.number)
            ).all()
            assert [each.number for each in versions] == list(range(1, row.version_number + 1))[: len(versions)]
            for each in versions:
                sealed = each.number < row.version_number or State(row.state) in {State.SUBMITTED, *COUNTED}
                assert (each.sealed_at is not None) == sealed
                state = State(row.state) if each.number == row.version_number else State.SUBMITTED
                assert each.open_to == open_to(state, depth)
                if State(row.state) in COUNTED and each.number == row.version_number:
                    values = typed_values(session, row, each.number)
                    assert each.sha256 == digest(key, each.number, values).sha256
                    assert row.answered == sum(value.answered for value in values.values())


def test_a_report_that_was_sent_back_keeps_what_was_handed_in(demo: Loaded, session: Session) -> None:
    returned = [
        (year, code, row)
        for year in YEARS
        for code, row in submissions(session, year).items()
        if row.version_number == 2 and State(row.state) in COUNTED
    ]
    assert returned
    parents = {unit.code: unit.parent_code for unit in list_units(session)}
    for _, code, row in returned:
        superior = parents[code] or code
        with transaction(None) as reference:
            actor = portal_actor(reference, superior)
        with transaction(actor) as own:
            first, second = typed_values(own, row, 1), typed_values(own, row, 2)
        assert first.keys() == second.keys()
        assert first["FZ0804"].number == second["FZ0804"].number + 7


def test_accepted_reports_have_no_findings_but_explained_ones(demo: Loaded, session: Session) -> None:
    """Checked as the portal checks, with last year as stored."""
    for period in (CURRENT, *QUARTERS):
        for code, row in submissions(session, period).items():
            if State(row.state) in COUNTED:
                checked = findings.check_submission(session, demo.actor, SubmissionKey(code, period, row.form_code))
                assert checked.blocking == [], (code, period)
                assert period == CURRENT or not checked.findings, (code, period)


def test_stored_roll_ups_and_the_chain_are_sound(demo: Loaded, session: Session) -> None:
    compared, mismatches = verification.verify(session, demo.actor.place.root_id)
    assert compared > 1000
    assert mismatches == []
    length, broken = event_chain.verify(session, demo.actor.place.root_id)
    reports = len(YEARS) * 28 + len(GONE) + len(QUARTERS) * 27
    assert (length, broken) == (4 + len(YEARS) + len(QUARTERS) + reports, None)
    kinds = Counter(session.scalars(select(Event.kind)))
    assert kinds == {
        "units_imported": 1,
        "reorganisation_described": 1,
        "reorganisation_applied": 1,
        "reorganisation_published": 1,
        "collection_sent_down": len(YEARS) + len(QUARTERS),
        "demo_loaded": reports,
    }


def figures(session: Session, actor: Actor, tree: str) -> dict[str, RollUpRow]:
    """Cases of petition of 2019, by unit, in one of the two trees."""
    rows = [
        row
        for by in ("self", "level:city", "level:district")
        for row in roll_up(session, actor, unit=ROOT, period=Period(2019), indicators=["FZ0901"], by=by, tree=tree)
    ]
    return {row.unit_code: row for row in rows}


def test_an_invented_merger_split_and_move_show_in_the_years_before(demo: Loaded, session: Session) -> None:
    then, now = (figures(session, demo.actor, tree) for tree in ("reported", "current"))
    assert now["640221"].value == then["640221"].value + then["640291"].value
    assert (now["640324"].torn, now["640300"].torn, now["640500"].torn) == (("640391",),) * 3
    assert now["640400"].value == then["640400"].value + then["640424"].value
    assert now["640200"].value == then["640200"].value
    assert now[ROOT].value == then[ROOT].value
    assert "示例" in then["640424"].unit_name


@dataclass(frozen=True)
class Reported:
    """Accepted answers of one period by unit code, read straight from the tables."""

    numbers: dict[str, dict[str, Fraction]]
    texts: dict[str, dict[str, str]]

    def of(self, code: str, units: set[str]) -> list[Fraction]:
        return [numbers[code] for unit, numbers in self.numbers.items() if unit in units and code in numbers]

    def both(self, units: set[str], *codes: str) -> list[tuple[Fraction, ...]]:
        return [
            tuple(numbers[code] for code in codes)
            for unit, numbers in self.numbers.items()
            if unit in units and set(codes) <= numbers.keys()
        ]


def accepted(session: Session, period: Period | int) -> Reported:
    rows = session.execute(
        text("""
        select unit.code, value.indicator, value.number, value.text
        from submission join value using (root_id, period_code, form_code, unit_id)
        join unit on unit.id = unit_id
        where value.version_number = submission.version_number and submission.accepted_at is not null
          and value.status = 'reported' and period_code = :period
        """),
        {"period": str(period)},
    )
    numbers: dict[str, dict[str, Fraction]] = defaultdict(dict)
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for unit, indicator, number, words in rows:
        if number is None:
            texts[unit][indicator] = words
        else:
            numbers[unit][indicator] = Fraction(number)
    return Reported(numbers, texts)


RATIOS = {  # indicator: numerator and denominator, written out once more
    "FZ0107": ("FZ0106", "FZ0105"),
    "FZ0205": ("FZ0204", "FZ0201"),
    "FZ0312": ("FZ0311", "FZ0310"),
    "FZ0403": ("FZ0401", "FZ0402"),
    "FZ0509": ("FZ0508", "FZ0501"),
    "FZ0512": ("FZ0511", "FZ0510"),
    "FZ0610": ("FZ0609", "FZ0611"),
    "FZ0703": ("FZ0702", "FZ0701"),
    "FZ0907": ("FZ0908", "FZ0901"),
}


def expected_value(form: FormVersion, code: str, reported: Reported, units: set[str]) -> Fraction | None:
    """What the indicator comes to over the units; None for one that is not added up."""
    way = form.indicator(code).aggregation
    match way.kind:
        case AggregationKind.SUM:
            return sum(reported.of(way.of or code, units), Fraction())
        case AggregationKind.RATIO_OF_SUMS:
            above, below = RATIOS[code]
            pairs = reported.both(units, above, below)
            return 100 * sum(a for a, _ in pairs) / sum(b for _, b in pairs)
        case AggregationKind.WEIGHTED_MEAN:
            pairs = reported.both(units, code, way.weight)
            return sum(number * weight for number, weight in pairs) / sum(weight for _, weight in pairs)
        case AggregationKind.COUNT_YES:
            return Fraction(sum(texts[code] == "是" for unit, texts in reported.texts.items() if unit in units))
        case _:
            return None


def assert_equal(row: RollUpRow, value: Fraction | None) -> None:
    if value is None:
        assert row.value is None, row.indicator
    else:
        assert abs(Fraction(row.value) - value) * 10**20 <= abs(value), row.indicator
        assert row.text == exact_text(row.value)


@pytest.mark.parametrize("year", [2022, 2023])
@pytest.mark.parametrize("by", ["self", "children", "level:district"])
def test_roll_ups_are_what_the_figures_add_up_to(demo: Loaded, session: Session, year: int, by: str) -> None:
    reported = accepted(session, year)
    tree = {unit.code: unit for unit in list_units(session, under=ROOT)}
    rows = roll_up(session, demo.actor, unit=ROOT, period=Period(year), by=by)
    kinds = set()
    for row in rows:
        if row.indicator in {"FZ0315", "FZ1001", "FZ1003"} or not row.reported:
            continue  # not a plain quotient, or carried in: looked at below
        units = {code for code, unit in tree.items() if f".{row.unit_code}." in f".{unit.path}."}
        assert_equal(row, expected_value(demo.form, row.indicator, reported, units))
        kinds.add(demo.form.indicator(row.indicator).aggregation.kind)
    assert kinds == {indicator.aggregation.kind for indicator in demo.form}


def of_quarters(code: str, parts: Sequence[Reported], units: set[str]) -> Fraction | str | None:
    """What a quarterly indicator comes to over the quarters, written out once more; None where nobody reported."""
    heard = [numbers for part in parts if (numbers := part.of(code, units))]
    match code:
        case "JB0103" | "JB0203":
            sides = ("JB0102", "JB0101") if code == "JB0103" else ("JB0202", "JB0201")
            above, below = (sum((number for part in parts for number in part.of(side, units)), 0) for side in sides)
            return 100 * above / below if below else None
        case "JB0105":  # a stock
            return sum(heard[-1]) if heard else None
        case "JB0204":  # an average
            return sum(map(sum, heard), Fraction()) / len(heard) if heard else None
        case "JB0205":
            said = [[texts[code] for unit, texts in part.texts.items() if unit in units] for part in parts]
            counts = Counter(next(filter(None, reversed(said)), []))
            return ";".join(
                f"{each}:{counts[each]}" for each in ("满意", "基本满意", "不满意", "未评价") if counts[each]
            )
    return sum(map(sum, heard), Fraction())


@pytest.mark.parametrize("period", ["2022H1", "2022", "2023H2", "2023"])
@pytest.mark.parametrize(("by", "many"), [("self", 1), ("children", 5), ("level:district", 22)])
def test_half_years_and_years_are_what_their_quarters_come_to(
    demo: Loaded, session: Session, period: str, by: str, many: int
) -> None:
    made = Period.parse(period)
    parts = [accepted(session, quarter) for quarter in made.parts(PeriodKind.QUARTER)]
    tree = {unit.code: unit for unit in list_units(session, under=ROOT)}
    rows = roll_up_made(session, demo.actor, unit=ROOT, period=made, indicators=QUARTERLY, by=by)
    assert len(rows) == len(QUARTERLY) * many
    for row in rows:
        units = {code for code, unit in tree.items() if f".{row.unit_code}." in f".{unit.path}."}
        value = of_quarters(row.indicator, parts, units)
        if isinstance(value, str):
            assert row.text == value
        else:
            assert_equal(row, value)
        if row.indicator == "JB0101":
            assert row.reported == sum(len(part.of(row.indicator, units)) for part in parts)
            assert row.partial == (row.reported < len(parts) * len(units - {ROOT}))


def test_the_quarters_of_a_year_come_to_what_its_yearly_report_says(session: Session) -> None:
    yearly = accepted(session, 2022).numbers
    parts = [accepted(session, quarter).numbers for quarter in Period(2022).parts(PeriodKind.QUARTER)]
    assert len(parts[0]) == 27
    for unit in parts[0]:
        for quarterly, said in (("JB0101", "FZ0410"), ("JB0104", "FZ0408"), ("JB0201", "FZ0901"), ("JB0202", "FZ0908")):
            assert sum(part[unit][quarterly] for part in parts) == yearly[unit][said]
        assert parts[-1][unit]["JB0105"] == yearly[unit]["FZ0501"]


def test_a_distribution_counts_answers_and_a_range_has_ends(demo: Loaded, session: Session) -> None:
    reported = accepted(session, 2022)
    (grades, items) = roll_up(session, demo.actor, unit=ROOT, period=Period(2022), indicators=["FZ0301", "FZ0803"])[
        ::-1
    ]
    counts = Counter(texts["FZ0803"] for texts in reported.texts.values())
    assert grades.counts == counts
    choices = demo.form.indicator("FZ0803").choices
    assert grades.text == ";".join(f"{choice}:{counts[choice]}" for choice in choices if counts[choice])
    numbers = reported.of("FZ0301", set(reported.numbers))
    assert (items.minimum, items.maximum, items.value) == (min(numbers), max(numbers), None)


def test_a_share_of_a_difference_and_one_of_carried_figures(demo: Loaded, session: Session) -> None:
    now, before = accepted(session, 2023), accepted(session, 2022)
    reduction, closing = roll_up(session, demo.actor, unit=ROOT, period=CURRENT, indicators=["FZ0315", "FZ1003"])
    limits = now.both(set(now.numbers), "FZ0313", "FZ0314")
    assert_equal(reduction, 100 * sum(a - b for a, b in limits) / sum(a for a, _ in limits))
    closed = sum(numbers["FZ1002"] for numbers in now.numbers.values())
    assert_equal(closing, 100 * closed / sum(before.numbers[unit]["FZ1004"] for unit in now.numbers))


def test_coverage_leaves_out_the_exempt_and_the_inapplicable(demo: Loaded, session: Session) -> None:
    (people, platform) = roll_up(session, demo.actor, unit=ROOT, period=CURRENT, indicators=["FZ0601", "FZ0416"])[::-1]
    rows = submissions(session, 2023)
    districts = {code: row for code, row in rows.items() if row.level == Level.DISTRICT}
    assert rows[EXEMPT].exempt_reason
    assert people.expected == len(districts) - 1
    assert people.reported == sum(State(row.state) in COUNTED for row in districts.values())
    assert people.partial
    assert people.demo
    taken = sum(State(row.state) in COUNTED for row in rows.values())
    assert (platform.not_applicable, platform.reported, platform.value) == (taken, 0, None)


def test_every_role_has_an_account_that_works(demo: Loaded) -> None:
    listing = demo.data_dir / accounts.FILENAME
    assert stat.S_IMODE(listing.stat().st_mode) == 0o600
    with listing.open(encoding="utf-8", newline="") as file:
        rows = {row["username"]: row for row in csv.DictReader(file)}
    assert Counter(row["role"] for row in rows.values()) == {
        "filler": 28, "checker": 28, "legal_reviewer": 28, "head": 28, "reviewer": 6, "unit_admin": 6,
        "publisher": 1, "auditor": 1,
    }  # fmt: skip
    with identity_transaction() as session:
        user = session.scalars(select(User).where(User.username == "640121_filler")).one()
        assert verify(user.password, rows["640121_filler"]["password"])
        actor = find_actor(session, user.id, user.last_name + user.first_name)
        assert (actor.place.code, actor.roles) == ("640121", {Role.FILLER})
    assert rows["640121_filler"]["unit_name"] == "银川市永宁县民政局"


def test_figures_are_said_to_come_from_the_filler(demo: Loaded, session: Session) -> None:
    user = session.scalars(select(User).where(User.username == "640121_filler")).one()
    entered = session.execute(
        select(Value.entered_by_id, Value.entered_by)
        .join(Unit, Unit.id == Value.unit_id)
        .where(Unit.code == "640121", Value.period_code == "2022")
        .distinct()
    ).all()
    assert entered == [(user.id, user.last_name + user.first_name)]


def test_accounts_of_a_further_province_get_the_same_password(demo: Loaded, tmp_path: Path) -> None:
    listing = tmp_path / accounts.FILENAME
    listing.write_bytes((demo.data_dir / accounts.FILENAME).read_bytes())
    ids = accounts.create(tmp_path, ("440000",))
    with listing.open(encoding="utf-8", newline="") as file:
        rows = {row["username"]: row["password"] for row in csv.DictReader(file)}
    assert len(set(rows.values())) == 1
    assert {"admin", "441802_filler", "640121_filler"} <= rows.keys()
    with identity_transaction() as session:
        places = {name: find_actor(session, ids[name], name) for name in ("admin", "441800_partner", "441803_checker")}
    assert places["admin"].roles == {Role.SYSTEM_ADMIN}
    assert places["441800_partner"].forms == {"FZ"}
    assert places["441803_checker"].roles == {Role.CHECKER, Role.HEAD}  # stands in
