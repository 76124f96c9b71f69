"""Events of the record as a list to be written out."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.clock import CHINA
from portal.domain.event_kinds import KINDS
from portal.queries.event_chain import Head
from portal.queries.events import EventRow
from portal.web.event_words import EVENT_GROUPS
from portal.web.language import gettext as _
from portal.web.present.events import ShownEvent, shown_events
from portal.web.present.exports import Listing


def event_listing(
    session: Session,
    events: Iterable[EventRow],
    *,
    filters: Sequence[tuple[str, str]],
    head: Head,
    count: int,
    made_at: datetime,
    made_by: str,
) -> Listing:
    """The events that a filter finds, and where their chain ended then: nothing later is among them."""
    about = [
        *filters,
        (_("事件链长度"), str(head.length)),
        (_("末条哈希"), head.hash),
        (_("核对方法"), "huizong audit verify"),
    ]
    rows = map(_row, shown_events(session, events))
    return Listing(_("审计日志"), _columns(), rows, about, count, made_at, made_by)


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
