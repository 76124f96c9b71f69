"""审计日志: what happened in the unit and below, found by who, when, what and from where; and written out."""

from datetime import date

from flask import Response, render_template, request

from portal import clock
from portal.db import transaction
from portal.domain.event_kinds import EventGroup
from portal.domain.policy import Actor, Permission, Subject, permits
from portal.errors import InvalidInput
from portal.queries.event_chain import chain_head
from portal.queries.event_search import EventFilter, audit_events, chain_of, count_events, each_event
from portal.queries.units import list_units
from portal.web.access import guarded_blueprint
from portal.web.event_words import EVENT_GROUPS
from portal.web.identity import current_actor
from portal.web.language import day
from portal.web.language import gettext as _
from portal.web.present.event_export import event_listing
from portal.web.present.events import shown_events, units_of
from portal.web.present.exports import check_size, hand_out_list
from portal.web.sane import is_count
from portal.web.screens import AUDIT

SHOWN = 50
PORTAL = "portal"

_FILTERS = frozenset({"unit", "of", "since", "until", "person", "group", "subject", "address"})
"""Parameters of the address that `_filter` reads."""

pages = guarded_blueprint("audit", __name__, AUDIT, url_prefix="/audit")


@pages.get("/")
def index() -> str:
    """Events, newest first; a page begins below the number `before`."""
    actor = current_actor()
    wanted = _filter(actor)
    before = _before()
    with transaction(actor) as session:
        found = audit_events(session, actor, wanted, before=before, limit=SHOWN + 1)
        events = list(shown_events(session, found[:SHOWN]))
        named = units_of(session, found)
        units = list_units(session, under=actor.place.code)
    return render_template(
        "audit.html",
        events=events,
        units=units,
        named=named,
        wanted=wanted,
        asked=_asked(),
        newest=before is None,
        older=found[SHOWN - 1].number if len(found) > SHOWN else None,
        groups=EVENT_GROUPS,
        may_see_portal=permits(actor, Permission.AUDIT_PORTAL, Subject(actor.place.path)),
    )


@pages.get("/export.<form>")
def export(form: str) -> Response:
    """All events of the filter as a file, as they are at this moment; that it was written out is an event too."""
    actor = current_actor()
    wanted = _filter(actor)
    with transaction(actor) as session:
        head = chain_head(session, chain_of(session, wanted))
        count = count_events(session, actor, wanted, up_to=head.length)
        check_size(form, count)
        listing = event_listing(
            session,
            each_event(session, actor, wanted, up_to=head.length),
            filters=_chosen(wanted),
            head=head,
            count=count,
            made_at=clock.now(),
            made_by=actor.name,
        )
        return hand_out_list(session, actor, "events", form, listing, {"length": head.length, "hash": head.hash})


def _filter(actor: Actor) -> EventFilter:
    """The filter in the address; without one, everything of the actor's unit and below."""
    group = request.args.get("group", "")
    if group and group not in set(EventGroup):
        raise InvalidInput("group", "unknown", group)
    of_portal = request.args.get("of") == PORTAL
    return EventFilter(
        unit="" if of_portal else request.args.get("unit") or actor.place.code,
        of_portal=of_portal,
        since=_day("since"),
        until=_day("until"),
        person=_text("person"),
        group=EventGroup(group) if group else None,
        subject=_text("subject"),
        address=_text("address"),
    )


def _chosen(wanted: EventFilter) -> list[tuple[str, str]]:
    return [
        (_("范围"), _("门户") if wanted.of_portal else wanted.unit),
        (_("从"), day(wanted.since) if wanted.since else ""),
        (_("到"), day(wanted.until) if wanted.until else ""),
        (_("操作人"), wanted.person),
        (_("类别"), str(EVENT_GROUPS[wanted.group]) if wanted.group else ""),
        (_("对象"), wanted.subject),
        (_("地址"), wanted.address),
    ]


def _asked() -> dict[str, str]:
    """The filter as parameters of an address, without the place in the list."""
    return {name: text for name, text in request.args.items() if name in _FILTERS and text}


def _text(name: str) -> str:
    return request.args.get(name, "").strip()


def _day(name: str) -> date | None:
    text = _text(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(name, "not_a_day", text) from error


def _before() -> int | None:
    text = request.args.get("before", "")
    if not text:
        return None
    if not is_count(text):
        raise InvalidInput("before", "not_a_number", text)
    return int(text)
