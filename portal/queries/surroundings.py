"""What checks look at besides a submission's own figures, for many submissions in a bounded number of statements.

It is the same whoever looks, if they may see the submission: earlier and other figures count once accepted, when
everybody above reads them, and of the unit's peers nobody learns more than the middle.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Integer, Text, any_, bindparam, column, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.bases import as_accepted
from portal.domain.form_expressions import references_of
from portal.domain.forms import DataType, FormVersion, Severity
from portal.domain.lifecycle import HANDED_IN, State
from portal.domain.mapping import value_across
from portal.domain.periods import Period
from portal.domain.quantities import Context, Reference, When
from portal.domain.surroundings import RuleChange, Spread, Surroundings, Waiver
from portal.domain.units import Level
from portal.domain.values import Values
from portal.models import RuleChange as RuleChangeRow
from portal.models import Submission
from portal.models import Waiver as WaiverRow
from portal.queries.bases import kept_bases
from portal.queries.below import sums_below
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, counted_rows, key_of, typed_figures
from portal.queries.forms import version_meant, way_to
from portal.queries.list_rows import lists_of
from portal.queries.parameters import integers, joined, texts

SWITCHED_OFF = "off"


def surroundings(session: Session, rows: Sequence[Submission], form: FormVersion) -> dict[Key, Surroundings]:
    """What is known around each submission of one collection; peers are left out (`with_peers`)."""
    references = references_of(form)
    others = _other_forms(session, rows, form, [each for each in references if each.form])
    below = sums_below(session, rows, form, {each.code for each in references if each.when is When.BELOW})
    changes = _changes(session, rows)
    waivers = _waivers(session, rows)
    lists = lists_of(session, rows, {key_of(row): form for row in rows})
    return {
        key_of(row): Surroundings(
            period=Period.parse(row.period_code),
            others=others[key_of(row)],
            below={code: each.value for code, each in below[row.unit_id].items()},
            versions_below={code: each.versions for code, each in below[row.unit_id].items()},
            lists=lists[key_of(row)],
            changes=changes[key_of(row)[:3]],
            waivers=waivers[key_of(row)],
        )
        for row in rows
    }


_ASKED = (
    func.unnest(bindparam("units", type_=ARRAY(Integer)))
    .table_valued(column("unit_id", Integer), name="asked")
    .render_derived()
)
_SPREAD = (
    func.peer_spread(
        bindparam("root_id", type_=Integer),
        bindparam("period", type_=Text),
        bindparam("form", type_=Text),
        _ASKED.c.unit_id,
        bindparam("indicators", type_=ARRAY(Text)),
    )
    .table_valued("indicator", "peers", "median", "deviation")
    .lateral("spread")
)
_PEERS = select(_ASKED.c.unit_id, _SPREAD).join_from(_ASKED, _SPREAD, true())


def with_peers(
    session: Session, rows: Sequence[Submission], form: FormVersion, around: Mapping[Key, Surroundings]
) -> dict[Key, Surroundings]:
    """The same with what is usual among the units' peers, for the indicators that are held against them."""
    compared = {each.code: each for each in form if each.outlier is not None or each.type is DataType.AMOUNT}
    if not compared or not rows:
        return dict(around)
    asked = dict(zip(("root_id", "period", "form"), key_of(rows[0])[:3], strict=True))
    units = {"units": [row.unit_id for row in rows], "indicators": list(compared)}
    peers: defaultdict[int, dict[str, Spread]] = defaultdict(dict)
    for unit_id, code, count, median, deviation in session.execute(_PEERS, {**asked, **units}):
        times = compared[code].aggregation.multiplier  # a ratio is stored as its two sides
        peers[unit_id][code] = Spread(count, median * times, deviation * times)
    return {key_of(row): replace(around[key_of(row)], peers=peers[row.unit_id]) for row in rows}


def _other_forms(
    session: Session, rows: Sequence[Submission], form: FormVersion, references: Sequence[Reference]
) -> defaultdict[Key, dict[str, Context]]:
    """The accepted figures of the units' other forms, by submission and form code."""
    wanted = {(each.form, each.when) for each in references}
    places = {
        (key_of(row), code, when): (row.root_id, _period(row, when), code, row.unit_id)
        for row in rows
        for code, when in wanted
    }
    found: defaultdict[Key, dict[str, Context]] = defaultdict(dict)
    if not places:
        return found
    counted = counted_rows(session, set(places.values()))
    versions = answered_forms(session, list(counted.values()))
    typed = typed_figures(session, list(counted.values()))
    lists = lists_of(session, list(counted.values()), versions)
    bases = kept_bases(session, list(counted.values()), versions)
    translated = _Translated(session, form, references)
    for (key, code, when), place in places.items():
        other = counted.get(place)
        if other is not None:
            version, around = versions[place], Surroundings(lists=lists[place])
            worked_out = as_accepted(bases.get(place), version, Level(other.level), typed[place], None, None, around)
            values = translated.values(version, worked_out)
            found[key][code] = _with_table(found[key].get(code, Context({})), when, values)
    return found


class _Translated:
    """Figures of other forms by the codes that a form calls them by, in the measures in which it means them."""

    def __init__(self, session: Session, form: FormVersion, references: Iterable[Reference]) -> None:
        self.session = session
        self.form = form
        self.codes = {(each.form, each.code) for each in references}
        self.ways: dict[tuple[str, str, int], list[FormVersion]] = {}

    def values(self, then: FormVersion, values: Values) -> Values:
        """The figures of a version that was answered, as far as rules look at them."""
        asked = [code for form, code in self.codes if form == then.code]
        found = {code: value_across(way, code, values) for code in asked if (way := self._way(then, code))}
        return {code: value for code, value in found.items() if value is not None}

    def _way(self, then: FormVersion, code: str) -> list[FormVersion]:
        """From the version that is meant to the one answered; empty if none has the code."""
        key = (then.code, code, then.number)
        if key not in self.ways:
            meant = version_meant(self.session, self.form, then.code, code)
            self.ways[key] = way_to(self.session, meant, then) if meant else []
        return self.ways[key]


def _with_table(context: Context, when: When, values: Values) -> Context:
    match when:
        case When.LAST_YEAR:
            return replace(context, last_year=values)
        case When.PREVIOUS:
            return replace(context, previous=values)
        case _:
            return replace(context, values=values)


def _period(row: Submission, when: When) -> str:
    period = Period.parse(row.period_code)
    return str({When.LAST_YEAR: period.last_year, When.PREVIOUS: period.previous}.get(when, period))


_CHANGES = (
    select(RuleChangeRow)
    .where(
        tuple_(RuleChangeRow.root_id, RuleChangeRow.period_code, RuleChangeRow.form_code).in_(
            bindparam("collections", expanding=True)
        )
    )
    .order_by(RuleChangeRow.number)
)
_WAIVERS = (
    select(WaiverRow)
    .where(
        WaiverRow.root_id == any_(integers("roots")),
        WaiverRow.unit_id == any_(integers("units")),
        WaiverRow.form_code == any_(texts("forms")),
    )
    .order_by(WaiverRow.expires_on)
)


def _changes(session: Session, rows: Sequence[Submission]) -> defaultdict[tuple[int, str, str], dict[str, RuleChange]]:
    """What holds of the rules now, by collection and rule: the latest change of each."""
    found: defaultdict[tuple[int, str, str], dict[str, RuleChange]] = defaultdict(dict)
    for row in session.scalars(_CHANGES, {"collections": list({key_of(row)[:3] for row in rows})}):
        severity = None if row.severity == SWITCHED_OFF else Severity(row.severity)
        found[row.root_id, row.period_code, row.form_code][row.rule] = RuleChange(severity, row.reason)
    return found


def _waivers(session: Session, rows: Sequence[Submission]) -> defaultdict[Key, dict[str, Waiver]]:
    """The waivers in force, by submission and rule: of this period or an earlier one, and not over yet.

    What is handed in keeps those of the day it was handed in.
    """
    by_unit = {row.unit_id: row for row in rows}
    found: defaultdict[Key, dict[str, Waiver]] = defaultdict(dict)
    asked = {
        "roots": joined({str(row.root_id) for row in rows}),
        "units": joined(str(row.unit_id) for row in rows),
        "forms": joined({row.form_code for row in rows}),
    }
    for waiver in session.scalars(_WAIVERS, asked):
        row = by_unit[waiver.unit_id]
        since = Period.parse(waiver.from_period).starts_on
        if waiver.expires_on >= _day(row) and since <= Period.parse(row.period_code).starts_on:
            found[key_of(row)][waiver.rule] = Waiver(waiver.reason, waiver.approved_by, waiver.expires_on)
    return found


def _day(row: Submission) -> date:
    """The day whose waivers count."""
    if row.submitted_at is not None and State(row.state) in HANDED_IN:
        return row.submitted_at.astimezone(clock.CHINA).date()
    return clock.today()
