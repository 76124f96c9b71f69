"""Forms for half-years, quarters and months, and one-off special collections (专项), by the same machinery as the year."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from importers.identity import Context, UnitName
from importers.pipeline import examine
from importers.template import template
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Role
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import InvalidInput
from portal.queries.filling import get_filling
from portal.queries.people import portal_actor
from portal.queries.rollups.totals import roll_up
from portal.services import collections, forms, moves, values
from tests.web.conftest import Site
from tests.web.test_dashboards import open_page

PERIODS = {
    PeriodKind.HALF: ("2023H1", "2023H2"),
    PeriodKind.QUARTER: ("2022Q4", "2023Q1"),
    PeriodKind.MONTH: ("2023M10", "2023M11"),
}
FORM = """
code: X_KIND
number: 1
name: {zh: 定期表, en: Periodical}
period: KIND
levels: [province, city, district]
sheets:
- code: X_KIND1
  name: 进度
  indicators:
  - {code: X_KIND101, name: 累计数, unit: 件, type: count, roll_up: sum, min: 0}
  - {code: X_KIND102, name: 上期累计数, unit: 件, type: count, source: carried, carried_from: PREV(X_KIND101), roll_up: sum}
rules:
- {id: X_KIND-B1, severity: blocking, indicator: X_KIND101, expression: X_KIND101>=PREV(X_KIND101)}
"""


def published(kind: PeriodKind, code: str = "") -> FormVersion:
    form = read_form(FORM.replace("X_KIND", code or f"X{kind[0].upper()}").replace("KIND", kind))
    with transaction(None) as session:
        forms.publish(session, form)
    return form


def top() -> Actor:
    with transaction(None) as session:
        return portal_actor(session, "p1")


def sent(form: FormVersion, period: Period, actor: Actor | None = None) -> None:
    actor = actor or top()
    with transaction(actor) as session:
        days: dict[str, Any] = {"opens_on": period.ends_on, "due_on": date(2024, 1, 31)}
        collections.send_down(session, actor, form, period, **days)


def accepted(site: Site, unit: str, period: str, form: FormVersion, figure: int) -> SubmissionKey:
    """A unit's figure of a period, typed, handed in and accepted."""
    key, actor, above = (
        SubmissionKey(unit, Period.parse(period), form.code),
        site.world.actor(unit),
        site.world.actor("c11"),
    )
    with transaction(actor) as session:
        values.save_values(session, actor, key, {form.codes[0]: Value.of(figure)})
        moves.take(session, actor, key, Action.SUBMIT)
    with transaction(above) as session:
        moves.take(session, above, key, Action.ACCEPT)
    return key


def dashboard(client: FlaskClient, view: str, search: str = "") -> str:
    """What a view of the dashboards shows."""
    return json.dumps(open_page(client, view, search).get_json(), ensure_ascii=False)


@pytest.mark.parametrize("kind", PERIODS)
def test_a_period_from_sending_down_to_the_roll_up(site: Site, kind: PeriodKind) -> None:
    form, (before, now) = published(kind), PERIODS[kind]
    code = form.codes[0]
    for period, figure in ((before, 5), (now, 8)):
        sent(form, Period.parse(period))
        key, actor = accepted(site, "d111", period, form, figure), site.world.actor("d111")
    with transaction(actor) as session:
        filling = get_filling(session, actor, key)
        (row,) = roll_up(session, actor, unit="d111", period=key.period, indicators=[code])
    assert filling.earlier.previous[code] == Value.of(5)
    assert (row.value, row.reported, row.partial) == (8, 1, False)
    unit = UnitName("d111", "d111 民政局", filling.unit.level)
    content = template(form, unit, key.period, previous=filling.earlier.previous, current={code: Value.of(4)})
    context = Context(unit, previous=filling.earlier.previous)
    examined = examine(content, find_form=lambda *_: form, find_context=lambda _: context)
    assert [finding.rule for finding in examined.findings] == [f"{form.code}-B1"]
    filler = site.person("d111", Role.FILLER)
    assert now in filler.get(f"/submissions/{key}/sheets/{form.sheets[0].code}").text
    assert f"/submissions/{key}/" in filler.get("/tasks/").source
    assert "累计数" in site.person("p1", Role.REVIEWER).get(f"/rollups/d111?period={now}").text


def test_a_special_collection_is_a_form_of_its_own_sent_once(site: Site) -> None:
    """It falls into a year, half, quarter or month, and is asked for that once; nothing came before it."""
    form = replace(published(PeriodKind.MONTH), code="ZX01")
    with transaction(None) as session:
        forms.publish(session, form)
    sent(form, Period.parse("2023M06"))
    assert "ZX01" in site.person("d111", Role.FILLER).get("/tasks/").source


def test_what_another_form_asks_for_the_period_is_not_asked_twice(site: Site) -> None:
    """Accepted figures go by the indicator's code: nobody could accept the second."""
    first = published(PeriodKind.MONTH, "XA")
    second = replace(first, code="XB")
    with transaction(None) as session:
        forms.publish(session, second)
    sent(first, Period.parse("2023M04"))
    with pytest.raises(InvalidInput, match="indicators_taken"):
        sent(second, Period.parse("2023M04"))
    sent(second, Period.parse("2023M05"))


@pytest.mark.parametrize("kind", PERIODS)
def test_a_form_is_not_sent_down_for_another_kind_of_period(site: Site, kind: PeriodKind) -> None:
    form = published(kind)
    for other in PeriodKind:
        if other is not kind:
            with pytest.raises(InvalidInput, match="wrong_kind"):
                sent(form, Period(2023, other))


def test_a_quarter_is_compared_with_the_one_before_or_that_of_last_year(site: Site) -> None:
    form = published(PeriodKind.QUARTER, "QD")
    for period, figures in (("2022Q1", (4, 9)), ("2022Q4", (5, 2)), ("2023Q1", (8, 3))):
        sent(form, Period.parse(period))
        for unit, figure in zip(("d111", "d112"), figures, strict=True):
            accepted(site, unit, period, form, figure)
    client = site.person("p1", Role.REVIEWER).client
    search = f"?u=c11&y=2023Q1&i={form.codes[0]}&l=district"
    page = dashboard(client, "ranking", search)
    for words in ("2023年第1季度", "上年同期", "+4", "-6"):
        assert words in page
    page = dashboard(client, "ranking", f"{search}&c=previous")
    for words in ("上期", "+3", "+1"):
        assert words in page
    for view in ("", "progress", "map", "differences"):
        assert "2023年第1季度" in dashboard(client, view, "?y=2023Q1")
    assert "2023年 " in dashboard(client, "")  # the year is shown first, where there is one


def test_two_special_collections_fall_into_one_month(site: Site) -> None:
    form = published(PeriodKind.DAY, "ZD")
    for period in ("2023M06D05", "2023M06D20"):
        sent(form, Period.parse(period))
    accepted(site, "d111", "2023M06D05", form, 7)
    filler = site.person("d111", Role.FILLER)
    tasks = filler.get("/tasks/").text
    assert "2023年6月5日" in tasks
    assert "2023年6月20日" in tasks
    sheet = f"/submissions/d111-2023M06D20-ZD/sheets/{form.sheets[0].code}"
    assert "累计数" in filler.get(sheet).text
    reviewer = site.person("p1", Role.REVIEWER)
    page = reviewer.get("/rollups/d111?period=2023M06D05")
    assert "2023年6月5日" in page.text
    assert "累计数 7" in " ".join(page.text.split()) or ">7<" in page.source
    assert "2023年6月20日" in dashboard(reviewer.client, "progress", "?y=2023M06D20")
    sender = site.person("p1", Role.UNIT_ADMIN)
    typed = {"form": "ZD@1", "period": "2023M07D01", "opens_on": "2023-07-01", "due_on": "2023-07-10"}
    assert sender.post("/collections/new", typed).location == "/collections/ZD-2023M07D01"
    assert sender.post("/collections/new", typed | {"period": "2023M07"}).status_code == 422
