"""Events written out, as CSV for other programs or as a workbook that says on its first sheet what it holds."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from importers.list_workbook import write_list_workbook
from portal.clock import CHINA
from portal.domain.event_kinds import KINDS
from portal.domain.spreadsheet_text import not_a_formula
from portal.queries.event_chain import Head
from portal.queries.events import EventRow
from portal.web.language import gettext as _
from portal.web.present.events import ShownEvent, shown_events
from portal.web.present.files import CSV, XLSX
from portal.web.words import EVENT_GROUPS

LIMITS = {"csv": 500_000, "xlsx": 50_000}
"""The most rows that a file of the format may have; a spreadsheet takes ten times as long to write."""


@dataclass(frozen=True)
class Export:
    """What is written out.

    Attributes:
        filters: label and content of the filters chosen.
        head: where the chain ended at that moment; nothing later is in the file.
    """

    form: str
    filters: list[tuple[str, str]]
    made_at: datetime
    made_by: str
    rows: int
    head: Head

    @property
    def filename(self) -> str:
        """What to save it as."""
        return f"{_('审计日志')}-{self.made_at.astimezone(CHINA):%Y%m%d-%H%M%S}.{self.form}"

    @property
    def mimetype(self) -> str:
        """Its media type."""
        return XLSX if self.form == "xlsx" else CSV

    @property
    def about(self) -> dict[str, Any]:
        """What goes on record about it."""
        return {
            "format": self.form,
            "rows": self.rows,
            "filter": {label: content for label, content in self.filters if content},
            "length": self.head.length,
            "hash": self.head.hash,
        }


def write_export(session: Session, file: IO[bytes], made: Export, events: Iterable[EventRow]) -> None:
    """Write the events into the file; one at a time is in memory."""
    rows = map(_row, shown_events(session, events))
    if made.form == "xlsx":
        write_list_workbook(
            file,
            title=_("审计日志"),
            cover_name=_("说明"),
            cover=_cover(made),
            list_name=_("审计日志"),
            columns=_columns(),
            rows=rows,
        )
    else:
        _write_csv(file, rows)


def _write_csv(file: IO[bytes], rows: Iterator[list[str]]) -> None:
    """With a byte order mark, without which Excel takes UTF-8 for something else."""
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    table = csv.writer(stream)
    table.writerow([name for name, _width in _columns()])
    table.writerows([not_a_formula(content) for content in row] for row in rows)
    stream.detach()


def _cover(made: Export) -> list[tuple[str, str]]:
    return [
        (_("导出时间"), f"{made.made_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"),
        (_("导出人"), made.made_by),
        *((label, content or "—") for label, content in made.filters),
        (_("行数"), str(made.rows)),
        (_("事件链长度"), str(made.head.length)),
        (_("末条哈希"), made.head.hash),
        (_("核对方法"), "huizong audit verify"),
    ]


def _columns() -> list[tuple[str, int]]:
    return [
        (_("编号"), 9),
        (_("时间"), 20),
        (_("类别"), 16),
        (_("事件"), 18),
        (_("对象"), 24),
        (_("单位"), 12),
        (_("操作人"), 12),
        (_("操作人单位"), 12),
        (_("地址"), 18),
        (_("API 密钥"), 14),
        (_("改动前"), 50),
        (_("改动后"), 50),
    ]


def _row(shown: ShownEvent) -> list[str]:
    event = shown.event
    return [
        str(event.number),
        f"{event.happened_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        str(EVENT_GROUPS[KINDS[event.kind].group]),
        shown.what,
        shown.subject,
        event.unit,
        event.actor,
        event.actor_unit,
        event.address,
        event.key,
        "\n".join(f"{change.label}：{change.before}" for change in shown.changes if event.before),
        "\n".join(f"{change.label}：{change.after}" for change in shown.changes if event.after),
    ]
