"""Findings written out: those of a return, and those of a file that was uploaded."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from importers.examination_json import finding_json
from importers.list_workbook import Content
from portal import clock
from portal.db import transaction
from portal.domain.forms import Severity
from portal.domain.submissions import SubmissionKey
from portal.queries.findings import check_submission
from portal.queries.uploads import get_upload
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import language
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.present.uploads import localised
from portal.web.screens import REVIEW, TASKS
from portal.web.words import SEVERITIES

pages = guarded_blueprint("finding_export", __name__, TASKS, REVIEW)

JSON = "json"


@pages.get("/submissions/<key>/findings/export.<form>")
def of_submission(key: str, form: str) -> Response:
    """What stands against a return at this moment."""
    actor = current_actor()
    with transaction(actor) as session:
        checked = check_submission(session, actor, SubmissionKey.parse(key))
    found = [finding_json(each, checked.view.form, language()) for each in checked.findings]
    about = [(_("单位"), f"{checked.view.unit.name} {checked.view.unit.code}"), (_("报送"), str(checked.view.key))]
    return _written_out(form, found, about)


@pages.get("/uploads/<uuid:upload_id>/findings.<form>")
def of_upload(upload_id: UUID, form: str) -> Response:
    """What was found in a file."""
    actor = current_actor()
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
    report = localised(upload.report, language()) or {"findings": []}
    return _written_out(form, report["findings"], [(_("文件"), upload.filename), (_("报送"), str(upload.key))])


def _written_out(form: str, found: Sequence[Mapping[str, Any]], about: list[tuple[str, str]]) -> Response:
    if form == JSON:
        return jsonify(findings=found)
    check_size(form, len(found))
    actor = current_actor()
    listing = Listing(
        _("问题清单"), _columns(), [_row(each) for each in found], about, len(found), clock.now(), actor.name
    )
    with transaction(actor) as session:
        return hand_out_list(session, actor, "findings", form, listing)


def _columns() -> list[tuple[str, int]]:
    return [
        (_("程度"), 10),
        (_("表"), 20),
        (_("单元格"), 10),
        (_("指标代码"), 12),
        (_("指标"), 34),
        (_("问题"), 56),
        (_("填的是"), 14),
        (_("应当是"), 14),
        (_("相差"), 12),
        (_("怎么办"), 50),
        (_("改好可消除"), 10),
        (_("规则"), 14),
    ]


def _row(finding: Mapping[str, Any]) -> list[Content]:
    return [
        str(SEVERITIES[Severity(finding["severity"])].name),
        finding["sheet"] or "",
        finding["cell"] or "",
        finding["indicator"] or "",
        finding["name"] or "",
        finding["message"],
        finding["found"],
        finding["expected"],
        finding["difference"],
        finding["advice"],
        finding.get("clears", 1),
        finding["rule"] or "",
    ]
