"""A unit's own sheets: asked about once on a page, read as confirmed, not asked about again."""

import io
import itertools
import re
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from openpyxl import Workbook
from sqlalchemy import insert, select

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.errors import NotPermitted
from portal.jobs.uploads import process
from portal.models import LayoutMapping
from portal.queries.submissions import get_submission
from portal.queries.uploads import get_upload
from tests.web.conftest import Browser, Site, sound

KEY = "d111-2023-T"
_COUNTER = itertools.count()
ROWS = [
    ["试验局2023年统计表"],
    ["项目", "计量单位", "2022年", "2023年"],
    ["检查次数", "次", 8, 10],
    ["  其中：甲", "次", 3, 4],
    ["        乙", "次", 5, 6],
    ["事项的数量", "项", 6, 7],
    ["支出", "元", 10000, 12500],
]


def book(rows: Sequence[Sequence[object]] = ROWS, title: str = "") -> bytes:
    """A workbook of a layout of its own, unless the sheet's title makes it another's."""
    made = Workbook()
    made.active.title = title or f"表{next(_COUNTER)}"
    for row in rows:
        made.active.append(list(row))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def upload(browser: Browser, content: bytes) -> str:
    """Upload and examine; gives the address of the upload."""
    response = browser.post(f"/submissions/{KEY}/upload", {"file": (io.BytesIO(content), "本局统计.xlsx")})
    assert response.status_code == 303
    process("d111", UUID(response.location.rsplit("/", 1)[1]))
    return response.location


def boxes(browser: Browser, address: str) -> dict[str, tuple[str, str]]:
    """What each indicator is set to on the page: value and words of the chosen option."""
    response = browser.client.get(f"{address}/layout")
    sound(response)
    found = {}
    for code, options in re.findall(r'<select name="cell-(\w+)".*?>(.*?)</select>', response.text, re.DOTALL):
        chosen = re.search(r'<option value="(\d*)" selected>\s*(.*?)\s*</option>', options, re.DOTALL)
        found[code] = (chosen[1], chosen[2]) if chosen else ("", "")
    return found


def offered(browser: Browser, address: str) -> dict[str, str]:
    return {code: words for code, (_value, words) in boxes(browser, address).items()}


def fields(browser: Browser, address: str, **changed: str) -> dict[str, str]:
    """The form of the page as it stands, with some fields changed."""
    standing = {f"cell-{code}": value for code, (value, _words) in boxes(browser, address).items()}
    return standing | {name.replace("_", "-"): value for name, value in changed.items()}


@pytest.fixture
def filler(site: Site) -> Browser:
    return site.person("d111", Role.FILLER)


def values_at(site: Site, address: str) -> dict[str, object]:
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        report = get_upload(session, actor, UUID(address.rsplit("/", 1)[1])).report
    assert report is not None
    return report["values"]


def test_it_is_asked_confirmed_read_and_not_asked_again(site: Site, filler: Browser) -> None:
    address = upload(filler, book(title="年报"))
    assert "确认对应关系" in filler.get(address).text
    assert values_at(site, address) == {}
    chosen = offered(filler, address)
    assert {code for code, text in chosen.items() if text} == {"T101", "T102", "T103", "T203"}
    assert "D3 检查次数 ｜ 本年 ＝ 10 次" in chosen["T101"]
    assert chosen["T107"] == ""

    confirmed = filler.post(f"{address}/layout", fields(filler, address, other_T107="D6"))
    assert confirmed.location == address
    assert "正在检查" in filler.get(address).text
    process("d111", UUID(address.rsplit("/", 1)[1]))
    page = filler.get(address)
    ticked = [box["value"] for box in page.all("input", name="codes") if "checked" in box]
    assert ticked == ["T101", "T102", "T103", "T107", "T203"]
    assert "确认的对应关系读取了 5 项" in page.text

    filler.post(f"{address}/apply", {"codes": ticked})
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        view = get_submission(session, actor, site.world.key("d111"))
    assert view.values["T203"] == Value.of(Decimal("1.25"))
    assert view.values["T107"].number == 7

    later = [list(row) for row in ROWS]
    later[2][3], later[3][3] = 11, 5
    again = upload(filler, book([[], *later], title="年报"))
    assert values_at(site, again)["T101"] == {"status": "reported", "number": "11"}


def test_a_changed_label_asks_for_that_one_only(site: Site, filler: Browser) -> None:
    first = upload(filler, book())
    filler.post(f"{first}/layout", fields(filler, first, other_T107="D6"))
    process("d111", UUID(first.rsplit("/", 1)[1]))
    changed = [list(row) for row in ROWS]
    changed[5][0] = "办理事项"
    second = upload(filler, book(changed, title="月报"))
    page = filler.get(f"{second}/layout")
    assert "请核对 1 项" in page.text
    assert "没有找到相近内容" not in page.text
    assert "D3 检查次数" in offered(filler, second)["T101"]
    filler.post(f"{second}/layout", fields(filler, second, other_T107="月报!D6"))
    process("d111", UUID(second.rsplit("/", 1)[1]))
    assert values_at(site, second)["T107"] == {"status": "reported", "number": "7"}
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        rows = session.scalars(select(LayoutMapping).order_by(LayoutMapping.number)).all()
    assert [row.choices["T107"]["row"] for row in rows][-2:] == [["事项的数量"], ["办理事项"]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"other_T107": "Z99"}, "文件里没有这一格"),
        ({"cell_T107": "999"}, "文件里没有这一格"),
        ({"cell_T107": "-1"}, "文件里没有这一格"),
        ({"other_T107": "D3"}, "同一格不能对应两个指标"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_lost(
    filler: Browser, changed: dict[str, str], words: str
) -> None:
    address = upload(filler, book())
    refused = filler.post(f"{address}/layout", fields(filler, address, **changed))
    assert refused.status_code == 422
    assert words in refused.text
    [(name, content)] = changed.items()
    assert name.startswith("cell") or f'value="{content}"' in refused.text
    assert "D3 检查次数" in offered(filler, address)["T101"]


def test_a_form_that_leaves_indicators_out_is_refused(filler: Browser) -> None:
    address = upload(filler, book())
    assert filler.post(f"{address}/layout", {"cell-T101": ""}).status_code == 422


def test_the_second_of_two_tabs_is_too_late(filler: Browser) -> None:
    address = upload(filler, book())
    form = fields(filler, address)
    assert filler.post(f"{address}/layout", form).status_code == 303
    assert filler.post(f"{address}/layout", form).status_code == 409


def test_only_who_fills_in_confirms_and_nobody_else_sees_it(site: Site, filler: Browser) -> None:
    address = upload(filler, book())
    form = fields(filler, address)
    head = site.person("d111", Role.HEAD)
    assert head.post(f"{address}/layout", form).status_code == 403
    for unit in ("d112", "c11"):
        other = site.person(unit, Role.FILLER)
        assert other.client.get(f"{address}/layout").status_code == 404
        assert other.post(f"{address}/layout", form).status_code == 404


def test_what_one_unit_confirmed_counts_for_no_other(site: Site, filler: Browser) -> None:
    address = upload(filler, book())
    filler.post(f"{address}/layout", fields(filler, address))
    mine, other = site.world.actor("d111"), site.world.actor("d112")
    with transaction(mine) as session:
        row = session.scalars(select(LayoutMapping)).first()
        assert row is not None
        stolen = {column.name: getattr(row, column.name) for column in LayoutMapping.__table__.columns}
    for stranger in (other, site.world.actor("c11"), site.world.actor("p1")):
        with transaction(stranger) as session:
            assert session.scalars(select(LayoutMapping)).all() == []
    with pytest.raises(NotPermitted), transaction(other) as session:
        session.execute(insert(LayoutMapping), [stolen | {"number": 99}])
