"""Our own pages: parse, open a transaction, call one service or query, render."""

from portal.web.pages import findings, handing_in, review, rollups, sheets, submissions, tasks, uploads

BLUEPRINTS = (
    tasks.pages,
    submissions.pages,
    sheets.pages,
    findings.pages,
    handing_in.pages,
    review.pages,
    rollups.pages,
    uploads.pages,
)
