"""A form may ask for sections of the text: without them nothing is handed in, without the others it is."""

from datetime import date

import pytest

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.submissions import SubmissionKey
from portal.errors import Blocked
from portal.queries.findings import check_submission
from portal.queries.people import portal_actor
from portal.services import collections, forms, moves, passages, values
from tests.web.conftest import Site
from tests.world import FORM, good_answers

PERIOD = Period(2022)
KEY = SubmissionKey("d111", PERIOD, "R")
ASKING = FORM.replace("code: T\n", "code: R\n", 1).replace("guide: 写做法", "required: true, guide: 写做法")


@pytest.fixture(scope="module")
def asked(site: Site) -> Site:
    """The site with a form that asks for the first of its two sections, filled in."""
    form = read_form(ASKING)
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(
            session, sender, form, PERIOD, opens_on=date(PERIOD.year, 12, 31), due_on=date(PERIOD.year + 1, 1, 31)
        )
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        values.save_values(session, actor, KEY, good_answers())
    return site


def found(site: Site) -> list[tuple[str, str]]:
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        checked = check_submission(session, actor, KEY)
    return [(finding.code, finding.message.zh) for finding in checked.blocking]


def write(site: Site, section: str, words: str, seen: int = 0) -> None:
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        passages.write_passage(session, actor, KEY, section, words, seen=seen)


def submit(site: Site) -> None:
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        moves.take(session, actor, KEY, Action.SUBMIT)


def test_it_is_handed_in_once_what_is_asked_for_is_written(asked: Site) -> None:
    assert found(asked) == [("text_unwritten", "文字报告必须写的还没有写：一、做法")]
    write(asked, "W2", "不足若干")
    with pytest.raises(Blocked):
        submit(asked)
    filler = asked.person("d111", Role.FILLER)
    page = filler.get(f"/submissions/{KEY}/findings/")
    assert "文字报告必须写的还没有写" in page.text
    assert f"/submissions/{KEY}/#text" in {each["href"] for each in page.all("a")}
    assert "必写" in filler.get(f"/submissions/{KEY}/").text
    assert "还有 1 处问题没有处理" in filler.get(f"/submissions/{KEY}/submit").text
    write(asked, "W1", "做了三件事")
    write(asked, "W1", "  ", seen=1)
    assert found(asked) != []  # emptied again
    write(asked, "W1", "做了三件事", seen=2)
    assert found(asked) == []
    submit(asked)


def test_where_nothing_is_asked_for_the_unwritten_is_only_named(asked: Site) -> None:
    asked.world.fill("d112")
    page = asked.person("d112", Role.FILLER).get("/submissions/d112-2023-T/submit").text
    assert "文字报告还有 2 节没有写" in page
    asked.world.take("d112", Action.SUBMIT)
