"""What the API answers, as JSON: numbers as exact texts, instants in UTC, names in both languages."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from importers.examination_json import finding_json
from portal.domain.forms import Language, Text
from portal.domain.lifecycle import Action
from portal.domain.lists import list_to_json
from portal.domain.submissions import SubmissionKey, receipt_number
from portal.domain.values import Value, exact_text, value_to_json
from portal.queries.collections import CollectionRow
from portal.queries.events import EventRow
from portal.queries.findings import Checked, ExplanationRow
from portal.queries.forms import FormSummary
from portal.queries.paging import PageOf
from portal.queries.person_search import PersonRow
from portal.queries.submissions import Origin, SubmissionView, Task, VersionRow
from portal.queries.units import UnitRow
from portal.queries.uploads import UploadView
from portal.services.collections import settings_record
from portal.services.values import Saved
from portal.web.api.resource import Json
from portal.web.present.uploads import localised


def listed(items: list[Json]) -> Json:
    """A whole list."""
    return {"items": items, "count": len(items)}


def paged(items: list[Json], count: int, part: PageOf) -> Json:
    """A part of a list; `count` is of the whole."""
    return {"items": items, "count": count, "page": part.number, "page_size": part.size}


def unit_shape(unit: UnitRow) -> Json:
    """A unit in one tree."""
    return {
        "code": unit.code,
        "name": unit.name,
        "name_en": unit.name_en,
        "level": str(unit.level),
        "parent": unit.parent_code or None,
        "has_children": unit.has_children,
    }


def form_shape(form: FormSummary) -> Json:
    """A form version in a list."""
    return {
        "code": form.code,
        "number": form.number,
        "name": form.name,
        "name_en": form.name_en,
        "digest": form.digest,
    }


def collection_shape(row: CollectionRow) -> Json:
    """What was sent down."""
    return {
        "form": row.form,
        "version": row.version,
        "period": str(row.period),
        "sender": row.sender,
        "opens_on": row.opens_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "settings": settings_record(row.settings),
    }


def task_shape(task: Task) -> Json:
    """A submission without its figures."""
    return {
        "key": str(task.key),
        "unit": task.key.unit,
        "period": str(task.key.period),
        "form": task.key.form,
        "state": str(task.state),
        "version": task.version,
        "due_on": task.due_on.isoformat(),
        "days_late": task.days_late,
        "exempt_reason": task.exempt_reason,
        "answered": task.answered,
        "expected_answers": task.expected_answers,
        "returned_reason": task.returned_reason,
        "submitted_at": instant(task.submitted_at),
        "accepted_at": instant(task.accepted_at),
        "last_activity_at": instant(task.last_activity_at),
        "demo": task.demo,
    }


def submission_shape(view: SubmissionView, versions: list[VersionRow], actions: list[Action]) -> Json:
    """A submission without its figures; `actions` are open to the actor now."""
    return task_shape(view.task) | {
        "unit_name": view.unit.name,
        "form_name": text_shape(view.form.name),
        "form_version": view.form.number,
        "readable": view.readable,
        "row_version": view.row_version,
        "actions": [str(action) for action in actions],
        "versions": [_version(each) for each in versions],
    }


def _version(version: VersionRow) -> Json:
    return {
        "number": version.number,
        "opened_at": instant(version.opened_at),
        "opened_reason": version.opened_reason,
        "sealed_at": instant(version.sealed_at),
        "sealed_by": version.sealed_by,
        "sha256": version.sha256,
        "sm3": version.sm3 or None,
    }


def receipt_shape(key: SubmissionKey, version: VersionRow) -> Json:
    """What proves that a version was handed in."""
    sha256 = version.sha256 or ""
    return {
        "submission": str(key),
        "version": version.number,
        "number": receipt_number(key, version.number, sha256),
        "sealed_at": instant(version.sealed_at),
        "sealed_by": version.sealed_by,
        "sha256": sha256,
        "sm3": version.sm3 or None,
    }


def values_shape(view: SubmissionView) -> Json:
    """A submission's figures and lists; `origin` is null for what the portal works out."""
    return {
        "key": str(view.key),
        "state": str(view.state),
        "version": view.task.version,
        "row_version": view.row_version,
        "values": {code: _value(value, view.origins.get(code)) for code, value in view.values.items()},
        "lists": {code: list_to_json(answer) for code, answer in view.around.lists.items()},
        "last_year": {code: value_to_json(value) for code, value in view.last_year.items()},
    }


def _value(value: Value, origin: Origin | None) -> Json:
    return value_to_json(value) | {
        "row_version": origin.row_version if origin else 0,
        "origin": origin
        and {
            "entered_by": origin.entered_by,
            "entered_at": instant(origin.entered_at),
            "upload": str(origin.upload_id) if origin.upload_id else None,
            "cell": origin.cell,
        },
    }


def saved_shape(saved: Saved, view: SubmissionView, language: Language) -> Json:
    """What became of figures handed in."""
    return {
        "changed": saved.changed,
        "refused": [finding_json(finding, view.form, language) for finding in saved.refused],
        "row_versions": saved.row_versions,
        "row_version": view.row_version,
        "state": str(view.state),
    }


def findings_shape(checked: Checked, language: Language) -> Json:
    """The findings of a submission, what was said about them, and what could not be checked."""
    findings = []
    for finding in checked.findings:
        given, before = checked.explanations.get(finding.key), checked.last_year.get(finding.key)
        findings.append(
            finding_json(finding, checked.view.form, language)
            | {
                "blocks": checked.stands_in_the_way(finding),
                "explanation": given and _explanation(given),
                "explanation_last_year": before and _explanation(before),
            }
        )
    not_checked = [{"rule": rule, "reason": reason.in_language(language)} for rule, reason in checked.not_evaluated]
    return {"findings": findings, "not_checked": not_checked, "blocking": len(checked.blocking)}


def _explanation(given: ExplanationRow) -> Json:
    return {
        "reason_code": given.reason_code,
        "words": given.words,
        "given_by": given.given_by,
        "given_at": instant(given.given_at),
        "file": given.filename and {"filename": given.filename, "sha256": given.sha256},
        "decision": given.decision and str(given.decision),
        "decision_reason": given.decision_reason,
        "decided_by": given.decided_by,
        "decided_at": instant(given.decided_at),
    }


def upload_shape(upload: UploadView, language: Language) -> Json:
    """An uploaded file, and what was found in it once that is known."""
    return {
        "id": str(upload.id),
        "submission": str(upload.key),
        "filename": upload.filename,
        "size": upload.size,
        "sha256": upload.sha256,
        "state": upload.state,
        "done": upload.done,
        "total": upload.total,
        "uploaded_by": upload.uploaded_by,
        "uploaded_at": instant(upload.uploaded_at),
        "applied_at": instant(upload.applied_at),
        "report": _report(localised(upload.report, language)),
    }


def _report(report: Mapping[str, object] | None) -> Json | None:
    return None if report is None else {name: content for name, content in report.items() if name != "en"}


def event_shape(event: EventRow) -> Json:
    """One happening."""
    return {
        "number": event.number,
        "happened_at": instant(event.happened_at),
        "kind": event.kind,
        "subject": event.subject,
        "actor": event.actor,
        "actor_unit": event.actor_unit,
        "before": event.before,
        "after": event.after,
    }


def person_shape(person: PersonRow) -> Json:
    """Somebody with the roles that the actor may know of."""
    return {
        "username": person.username,
        "name": person.name,
        "email": person.email or None,
        "phone": person.phone or None,
        "active": person.active,
        "last_login": instant(person.last_login),
        "roles": [
            {
                "unit": held.unit,
                "role": str(held.role),
                "from": held.valid_from.isoformat(),
                "to": held.valid_to and held.valid_to.isoformat(),
                "forms": held.forms and list(held.forms),
            }
            for held in person.roles
        ],
    }


def text_shape(text: Text) -> Json:
    """A text in both languages."""
    return {"zh": text.zh, "en": text.in_language("en")}


def instant(moment: datetime | None) -> str | None:
    """A moment in UTC."""
    return None if moment is None else moment.isoformat()


def number_text(number: Decimal | None) -> str | None:
    """A number in full."""
    return None if number is None else exact_text(number)
