"""批量: files for all units below, and files with their answers; how far each is, and what became of every unit."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.db import transaction
from portal.domain.actors import Actor
from portal.domain.batches import BatchKind, BatchState, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.policy import Permission, Subject, permits, require
from portal.errors import InvalidInput
from portal.jobs import batches as jobs
from portal.queries.batches import LineView, count_lines, get_batch, list_batches, list_lines
from portal.queries.collections import get_collection
from portal.services import batches
from portal.web.access import guarded_blueprint, may_open
from portal.web.identity import current_actor
from portal.web.incoming import name_of, scanned
from portal.web.language import gettext as _
from portal.web.language import language
from portal.web.present.batches import hand_out_file
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.screens import COLLECTIONS, REVIEW, TASKS
from portal.web.words import LINE_OUTCOMES, SEVERITIES, Word, line_outcomes

pages = guarded_blueprint("batches", __name__, TASKS, REVIEW, COLLECTIONS)

SHOWN = 200
"""Units on a page of a report; the rest is in the list that is written out."""

_ORDERED = {"templates": BatchKind.TEMPLATES, "table": BatchKind.TABLE}


@pages.get("/collections/<key>/batches/")
def index(key: str) -> str:
    """What can be ordered and handed in, and what was."""
    actor, name = current_actor(), CollectionKey.parse(key)
    with transaction(actor) as session:
        collection = get_collection(session, actor, name)
        may_hand_in = batches.may_hand_in(session, actor, name)
        rows = list_batches(session, actor, name)
    return render_template(
        "batches.html",
        collection=collection,
        rows=rows,
        may_order=_may_order(actor),
        may_hand_in=may_hand_in,
        may_see_collection=may_open(COLLECTIONS),
    )


@pages.post("/collections/<key>/batches/files")
def order(key: str) -> AnyResponse:
    """Have templates or a table made in the background."""
    actor = current_actor()
    require(actor, Permission.ORDER_FILES, Subject(actor.place.path))
    kind = _ORDERED.get(request.form.get("kind", ""))
    if kind is None:
        raise InvalidInput("kind", "unknown")
    with transaction(actor) as session:
        batch_id = jobs.order(
            session,
            actor,
            CollectionKey.parse(key),
            kind,
            with_figures="with_figures" in request.form,
            language=language(),
        )
    return redirect(url_for("batches.show", batch_id=batch_id), code=303)


@pages.post("/collections/<key>/batches/answers")
def hand_in(key: str) -> AnyResponse:
    """Keep a file with the answers of many units, to be entered in the background."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput("file", "no_file")
    actor = current_actor()
    with transaction(actor) as session:
        batch_id = jobs.hand_in(
            session,
            actor,
            CollectionKey.parse(key),
            name_of(file),
            scanned(file),
            replaces="replaces" in request.form,
            check_only="check_only" in request.form,
        )
    return redirect(url_for("batches.show", batch_id=batch_id), code=303)


@pages.post("/batches/<uuid:batch_id>/enter")
def enter(batch_id: UUID) -> AnyResponse:
    """Enter the file of a batch that only checked."""
    actor = current_actor()
    with transaction(actor) as session:
        entered_id = jobs.enter_checked(session, actor, batch_id)
    return redirect(url_for("batches.show", batch_id=entered_id), code=303)


@pages.get("/batches/<uuid:batch_id>")
def show(batch_id: UUID) -> str:
    """How far a batch is; then its file, or what became of every unit."""
    actor = current_actor()
    chosen = _outcome(request.args.get("outcome", ""))
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
        counts = count_lines(session, actor, batch_id)
        lines = list_lines(session, actor, batch_id, outcome=chosen, most=SHOWN)
        checked = (batch.kind, batch.state) == (BatchKind.CHECK, BatchState.DONE) and batch.has_file
        may_enter = checked and batches.may_hand_in(session, actor, batch.key)
    return render_template(
        "batch.html",
        batch=batch,
        counts={outcome: counts[outcome] for outcome in LINE_OUTCOMES if counts[outcome]},
        lines=lines,
        chosen=chosen,
        listed=counts[chosen] if chosen else counts.total(),
        words=line_outcomes(batch.kind),
        may_cancel=batch.under_way and _may_order(actor),
        may_enter=may_enter,
    )


@pages.get("/batches/<uuid:batch_id>/progress")
def progress(batch_id: UUID) -> Response:
    """How far a batch is, for the page that waits."""
    actor = current_actor()
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
    return jsonify(state="working" if batch.under_way else "done", done=batch.done, total=batch.total)


@pages.post("/batches/<uuid:batch_id>/cancel")
def cancel(batch_id: UUID) -> AnyResponse:
    """Stop before the next units; what is entered stays."""
    actor = current_actor()
    with transaction(actor) as session:
        batches.cancel(session, actor, batch_id)
    flash(_("正在取消：已写入的单位保留，其余不再处理。"), "good")
    return redirect(url_for("batches.show", batch_id=batch_id), code=303)


@pages.get("/batches/<uuid:batch_id>/file")
def download(batch_id: UUID) -> Response:
    """The file that was made, or that was handed in, exactly as it came."""
    return hand_out_file(current_actor(), batch_id)


@pages.get("/batches/<uuid:batch_id>/report.<form>")
def report(batch_id: UUID, form: str) -> Response:
    """What became of every unit, as a list to keep."""
    actor = current_actor()
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
        count = count_lines(session, actor, batch_id).total()
        check_size(form, count)
        lines = list_lines(session, actor, batch_id)
        remarks, words = (batch.report or {}).get("remarks", []), line_outcomes(batch.kind)
        listing = Listing(
            _("检查结果") if batch.kind is BatchKind.CHECK else _("批量代报结果"),
            [(_("名称"), 18), (_("位置"), 24), (_("结果"), 30), (_("写入"), 8), (_("问题"), 24), (_("说明"), 80)],
            [_row(line, words[line.outcome]) for line in lines],
            [(_("文件"), batch.filename), *((_("没有读取"), remark[language()]) for remark in remarks)],
            count,
            clock.now(),
            actor.name,
        )
        return hand_out_list(session, actor, "batch_report", form, listing)


def _row(line: LineView, outcome: Word) -> Sequence[str]:
    counts = _("、").join(
        f"{word.name} {line.counts[code]}" for code, word in SEVERITIES.items() if code in line.counts
    )
    findings = "\n".join(f"{each['cell']} {each[language()]}".strip() for each in line.findings)
    return [line.name, line.place, str(outcome.name), str(line.stored), counts, findings]


def _outcome(text: str) -> LineOutcome | None:
    if not text:
        return None
    if text not in set(LineOutcome):
        raise InvalidInput("outcome", "unknown", text)
    return LineOutcome(text)


def _may_order(actor: Actor) -> bool:
    return permits(actor, Permission.ORDER_FILES, Subject(actor.place.path))
