"""The main job, as people do it: template, LibreOffice, upload, findings, submit, return, accept, roll-up, dashboards."""

import json
import re
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Portal, Visitor
from tests.libreoffice import NEEDED, Job, can_edit, edit

KEY = "441802-2023-FZ"
CITY_KEY = "441800-2023-FZ"


def settled(figures: dict[str, str], last_year: dict[str, str]) -> dict[str, str]:
    """The figures, with those set right that hang together with last year's and with what is known of this year."""

    def number(code: str) -> int:
        return int(figures.get(code) or KNOWN.get(code) or 0)

    before = {code: int(figure) for code, figure in last_year.items() if figure.isdigit()}
    return figures | {
        "FZ0203": str(before["FZ0203"] + number("FZ0201") - number("FZ0202")),
        "FZ0503": str(number("FZ0501") - number("FZ0502")),
        "FZ0506": str(before["FZ0501"] + number("FZ0505") - number("FZ0507") - number("FZ0501")),
        "FZ0611": "17787",
        "FZ0806": str(before["FZ0808"]),
        "FZ0807": str(number("FZ0805") + before["FZ0808"] - number("FZ0808")),
    }


KNOWN = {"FZ0501": "659", "FZ0505": "32"}  # what the published report says


def figures_of(template: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Last year's and this year's figures in a template, by code, as text."""
    last_year, this_year = {}, {}
    for sheet in openpyxl.load_workbook(template).worksheets:
        header = None
        for row in sheet.iter_rows(values_only=True):
            words = [str(cell).strip() if cell is not None else "" for cell in row]
            if "指标代码" in words and "本年数" in words:
                header = (words.index("指标代码"), words.index("上年数"), words.index("本年数"))
            elif header and words[header[0]].startswith("FZ"):
                code, before, now = (words[column] for column in header)
                last_year[code], this_year[code] = before, now
    return last_year, this_year


def fill(template: Path, target: Path, figures: dict[str, str]) -> None:
    """Open, type and save in LibreOffice; the cells are found as a reader finds them, by code and head."""
    edits = []
    for sheet in openpyxl.load_workbook(template):
        heads = {cell.value: cell for row in sheet.iter_rows(max_row=25) for cell in row}
        if {"指标代码", "本年数"} <= heads.keys():
            codes, column = heads["指标代码"].column, heads["本年数"].column_letter
            rows = {sheet.cell(row, codes).value: row for row in range(1, sheet.max_row + 1)}
            typed = {f"{column}{rows[code]}": figure for code, figure in figures.items() if code in rows}
            edits.append(("type_in", sheet.title, typed))
    assert sum(len(typed) for _name, _sheet, typed in edits) == len(figures)
    edit([Job(template, target, tuple(edits))], target.parent)


def upload(visitor: Visitor, file: Path) -> None:
    visitor.go(f"/submissions/{KEY}/")
    visitor.page.set_input_files("input[name=file]", str(file))
    visitor.page.click("text=上传并检查")
    expect(visitor.page.locator("#changes-title, .error-summary").first).to_be_visible(timeout=120_000)


def act(visitor: Visitor, path: str, button: str, reason: str = "") -> None:
    visitor.go(path)
    if reason:
        visitor.page.fill("textarea[name=reason]", reason)
    visitor.page.get_by_role("button", name=button, exact=True).click()
    expect(visitor.page).to_have_url(re.compile("/submissions/[^/]+/$"))


def submit(visitor: Visitor, key: str) -> None:
    visitor.go(f"/submissions/{key}/submit")
    if not visitor.page.locator("#declared").count():
        visitor.go(f"/submissions/{key}/findings/")
        raise AssertionError(visitor.text)
    visitor.page.check("#declared")
    visitor.page.get_by_role("button", name="确认并上报").click()
    expect(visitor.page).to_have_url(re.compile("/receipt$"))


def explain_the_rest(visitor: Visitor) -> None:
    """Give a reason for every finding that asks for one."""
    visitor.go(f"/submissions/{KEY}/findings/")
    unexplained = visitor.page.locator("form:has(textarea[name=words]:empty)")
    for left in reversed(range(unexplained.count())):
        form = unexplained.first
        form.locator("select[name=reason_code]").select_option(index=1)
        form.locator("textarea[name=words]").fill("今年注销的社会组织较多，已逐一核对登记台账")
        form.get_by_role("button", name="保存说明").click()
        expect(unexplained).to_have_count(left)


def rolled_up(portal: Portal, unit: str, indicator: str) -> Decimal:
    done = portal.run("rollup", "--unit", unit, "--period", "2023", "--indicator", indicator, "--format", "json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return Decimal(row["value"])


@pytest.mark.skipif(not can_edit(), reason=NEEDED)
def test_the_main_job(visit, portal_server: Portal, tmp_path: Path) -> None:
    filler = visit("441802_filler")
    assert "法治政府建设年度报表" in filler.text

    # The template comes with last year's figures and with what the draft has.
    filler.go(f"/submissions/{KEY}/")
    with filler.page.expect_download() as download:
        filler.page.click("text=下载 Excel 模板")
    template = tmp_path / "template.xlsx"
    download.value.save_as(template)
    last_year, this_year = figures_of(template)
    assert this_year["FZ0410"] == "28"
    figures = {code: before for code, before in last_year.items() if before and not this_year.get(code)}
    figures = settled({code: figure for code, figure in figures.items() if not figure.startswith("=")}, last_year)

    # A first file with mistakes: each is named by sheet, cell and indicator; nothing reaches the draft by itself.
    wrong = tmp_path / "wrong.xlsx"
    fill(template, wrong, figures | {"FZ0105": "六十二个", "FZ0106": "99999"})
    upload(filler, wrong)
    assert "FZ0105" in filler.text
    assert "应等于 其中各项之和 30" in filler.text
    place = filler.page.locator("tr", has_text="行政检查次数 填报 28").locator("td.code").inner_text()
    assert re.fullmatch(r"[A-Z]+\d+", place)

    # The corrected file, written into the draft and handed in.
    right = tmp_path / "right.xlsx"
    fill(template, right, figures | {"FZ0410": "30"})
    upload(filler, right)
    filler.page.get_by_role("button", name="写入草稿").click()
    expect(filler.page).to_have_url(re.compile("/findings/$"))
    explain_the_rest(filler)
    submit(filler, KEY)
    filler.go(f"/submissions/{KEY}/receipt")
    assert "受理编号 441802-2023-FZ-V" in filler.text

    # The city sends it back with a reason, gets it again, and accepts it: its roll-up changes at once.
    city = visit("441800_reviewer")
    city.go("/review/?period=2023")
    assert "清远市清城区民政局" in city.text
    act(city, f"/review/{KEY}", "退回", reason="请核对 FZ0410 行政检查次数")
    filler.go("/tasks/")
    assert "请核对 FZ0410 行政检查次数" in filler.text
    submit(filler, KEY)
    before = rolled_up(portal_server, "441800", "FZ0410")
    act(city, f"/review/{KEY}", "验收")
    assert rolled_up(portal_server, "441800", "FZ0410") == before + 30

    # The province sees the district's figures and, after accepting the city's own, the city's too.
    submit(visit("441800_filler"), CITY_KEY)
    province = visit("440000_reviewer")
    before = rolled_up(portal_server, "440000", "FZ0101")
    province.go(f"/review/{CITY_KEY}")
    act(province, f"/review/{CITY_KEY}", "验收")
    assert rolled_up(portal_server, "440000", "FZ0101") > before
    province.go("/rollups/440000?period=2023")
    assert "FZ0101" in province.text

    look_at_the_dashboards(province)
    assert portal_server.run("rollup", "verify").returncode == 0
    assert portal_server.run("audit", "verify").returncode == 0


def look_at_the_dashboards(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/dashboards/progress?u=440000&y=2023")
    page.locator("main a", has_text="清远市民政局").first.click()
    expect(page).to_have_title(re.compile("清远市民政局"))
    expect(page).to_have_url(re.compile("u=441800"))
    page.go_back()
    expect(page).to_have_title(re.compile("广东省民政厅"))
    visitor.go("/dashboards/ranking?u=440000&y=2022&i=FZ0501")
    visitor.reads("广州市民政局")
    visitor.go("/dashboards/map?u=440000&y=2022&i=FZ0509&l=district")
    page.wait_for_selector(".js-plotly-plot .choroplethlayer path, .js-plotly-plot .geolayer path", timeout=30_000)
    visitor.reads("审图号")
    visitor.go("/dashboards/differences?u=440000&y=2022")
    visitor.reads("下级合计")


def test_the_map_of_the_other_province(visit) -> None:
    visitor = visit("640000_reviewer")
    visitor.go("/dashboards/map?u=640000&y=2022&i=FZ0509&l=district")
    visitor.page.wait_for_selector(".js-plotly-plot .geolayer path", timeout=30_000)
    visitor.reads("审图号")
    assert "清城" not in visitor.text


def test_english_by_a_switch(visit) -> None:
    visitor = visit("441802_filler")
    visitor.page.click("text=English")
    visitor.reads("My tasks")


def test_signing_out_and_looking_again(visit, portal_server: Portal) -> None:
    visitor = visit("441802_filler")
    visitor.page.click("text=退出")
    expect(visitor.page).to_have_url(re.compile("/login"))
    visitor.page.goto(f"{portal_server.address}/submissions/{KEY}/")
    expect(visitor.page).to_have_url(re.compile("/login"))
