"""The official print of a submission: the report and its tables as the form prescribes them, as a page and as PDF."""

from dataclasses import dataclass

from flask import Response, render_template, request

from portal.db import transaction
from portal.domain.periods import period_text
from portal.domain.submissions import SubmissionKey, receipt_number
from portal.errors import NotFound
from portal.queries.report import list_passages
from portal.queries.submissions import SubmissionView, VersionRow, get_readable, get_submission, list_versions
from portal.services.downloads import Download
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.cross import all_sheets
from portal.web.present.files import PDF, hand_out
from portal.web.present.pdf import pdf_of
from portal.web.present.report import section_progress
from portal.web.screens import REVIEW, TASKS

pages = guarded_blueprint("printing", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>")


_LETTERS = "甲乙丙12丁"
"""Below the head of a table, as statutory forms number their columns: by heavenly stems and by figures."""


@dataclass(frozen=True)
class _Print:
    view: SubmissionView
    version: VersionRow
    html: str


@pages.get("/print")
def show(key: str) -> str:
    """The print, for the browser's own print dialog; of the current version unless `version` names one."""
    return _printed(key, with_bar=True).html


@pages.get("/print.pdf")
def pdf(key: str) -> Response:
    """The same as a PDF file, tagged for screen readers."""
    printed = _printed(key, with_bar=False)
    name = f"{printed.view.key}-V{printed.version.number}.pdf"
    return hand_out(current_actor(), Download.PRINT, printed.view.key, pdf_of(printed.html), name, PDF)


def _printed(key: str, *, with_bar: bool) -> _Print:
    actor = current_actor()
    name, wanted = SubmissionKey.parse(key), request.args.get("version", type=int)
    with transaction(actor) as session:
        get_readable(session, actor, name)
        versions = list_versions(session, actor, name)
        version = next((each for each in versions if wanted in {None, each.number}), None)
        if version is None:
            raise NotFound("version", f"{key} {wanted}")
        view = get_submission(session, actor, name, version=version.number)
        passages = list_passages(session, actor, name, version=version.number)
    html = render_template(
        "print.html",
        view=view,
        version=version,
        period=say(period_text(view.key.period)),
        letters=_LETTERS,
        mark=_mark(view, version),
        sections=section_progress(view, passages),
        sheets=all_sheets(view),
        with_bar=with_bar,
    )
    return _Print(view, version, html)


def _mark(view: SubmissionView, version: VersionRow) -> str:
    """What stands at the foot of every page: the receipt's number, or that this was never handed in."""
    if version.sha256 is None:
        return _("草稿，未上报")
    return _("受理编号 %(number)s", number=receipt_number(view.key, version.number, version.sha256))
