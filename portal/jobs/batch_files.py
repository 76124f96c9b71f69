"""Files for many units: a zip of templates, or one table with a row for each unit."""

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence

from importers.bundle import LIST_NAMES
from importers.consolidated import UnitLine, write_consolidated
from importers.identity import UnitName
from importers.template import template
from importers.template_job import Job
from portal.db import transaction
from portal.domain.forms import FormVersion, Text
from portal.domain.lifecycle import COUNTED, EDITABLE
from portal.domain.policy import Permission, Subject, require
from portal.domain.spreadsheet_text import not_a_formula
from portal.domain.values import Values
from portal.jobs.batch_work import PieceFile, Work
from portal.queries.batches import list_rows
from portal.queries.collections import get_collection
from portal.queries.figures import Figures, key_of, typed_figures
from portal.queries.forms import get_form
from portal.queries.progress import ProgressRow, list_answers
from portal.queries.submissions import get_submission

_LIST_NAME = Text(*LIST_NAMES)
_LIST_HEAD = Text("文件,单位代码,单位名称,状态", "File,Unit code,Unit,State")
_AT_ONCE = 100
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\s]+')
_LONGEST_NAME = 60


def make_templates(work: Work) -> None:
    """A zip with a template for each unit that is not exempt, and a list of all units."""
    form, rows = _asked(work)
    file = PieceFile(work, len(rows))
    listed: list[tuple[str, ...]] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, row in enumerate(rows, start=1):
            name = "" if row.task.exempt_reason else _file_name(work, form, row)
            if name:
                archive.writestr(name, _template(work, form, row))
            listed.append((name, row.unit.code, row.unit.name, standing(row).in_language(work.batch.language)))
            file.show_progress(number)
        archive.writestr(_LIST_NAME.in_language(work.batch.language), _list(work, listed))
    file.finish()


def make_table(work: Work) -> None:
    """A workbook with a row for each unit."""
    form, rows = _asked(work)
    file = PieceFile(work, len(rows))
    place = work.person.place
    job = Job(
        form,
        UnitName(place.code, place.name, place.level),
        work.batch.key.period,
        language=work.batch.language,
        demo=any(row.task.demo for row in rows),
    )
    with tempfile.TemporaryFile() as whole:
        write_consolidated(whole, job, _lines(work, rows, file), len(rows))
        whole.seek(0)
        while piece := whole.read(64 * 1024):
            file.write(piece)
    file.finish()


def standing(row: ProgressRow) -> Text:
    """Whether anything may be entered for the unit, in a word."""
    if row.task.exempt_reason:
        return Text("免报", "Exempt")
    if row.task.state in EDITABLE:
        return Text("可填", "Open")
    return Text("已验收", "Accepted") if row.task.state in COUNTED else Text("已上报", "Submitted")


def _asked(work: Work) -> tuple[FormVersion, list[ProgressRow]]:
    """The form, and the person's unit and all below it that answer it."""
    require(work.person, Permission.ORDER_FILES, Subject(work.person.place.path))
    with transaction(work.person) as session:
        collection = get_collection(session, work.person, work.batch.key)
        form = get_form(session, collection.form, collection.version)
        return form, list_answers(session, work.person, work.batch.key)


def _template(work: Work, form: FormVersion, row: ProgressRow) -> bytes:
    unit = UnitName(row.unit.code, row.unit.name, row.unit.level)
    language = work.batch.language
    if not work.batch.with_figures:
        return template(form, unit, row.key.period, language=language, demo=row.task.demo)
    with transaction(work.person) as session:
        view = get_submission(session, work.person, row.key)
    return template(
        form,
        unit,
        row.key.period,
        last_year=view.last_year,
        current=view.values,
        lists=view.around.lists,
        language=language,
        demo=row.task.demo,
    )


def _file_name(work: Work, form: FormVersion, row: ProgressRow) -> str:
    """`441802_清城区民政局_法治政府建设_2023.xlsx`: what a unit is called cannot lead out of a folder."""
    parts = (row.unit.code, row.unit.name, form.name.in_language(work.batch.language), str(row.key.period))
    return "_".join(_NOT_IN_NAMES.sub(" ", part).strip(" .")[:_LONGEST_NAME] for part in parts) + ".xlsx"


def _list(work: Work, listed: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_LIST_HEAD.in_language(work.batch.language).split(","))
    writer.writerows([not_a_formula(cell) for cell in line] for line in listed)
    return text.getvalue().encode("utf-8-sig")


def _lines(work: Work, rows: Sequence[ProgressRow], file: PieceFile) -> Iterator[UnitLine]:
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        figures = _figures(work, some)
        for row in some:
            unit = UnitName(row.unit.code, row.unit.name, row.unit.level)
            open_ = row.task.state in EDITABLE and not row.task.exempt_reason
            words = standing(row).in_language(work.batch.language)
            yield UnitLine(unit, words, open_, figures.get(row.unit.id, {}))
        file.show_progress(first + len(some))


def _figures(work: Work, rows: Sequence[ProgressRow]) -> dict[int, Values]:
    """The figures that the person may read, by unit."""
    if not work.batch.with_figures:
        return {}
    with transaction(work.person) as session:
        submissions = list_rows(session, work.person, work.batch.key, [row.unit.id for row in rows])
        figures: Figures = typed_figures(session, submissions)
    return {row.unit_id: figures[key_of(row)] for row in submissions}
