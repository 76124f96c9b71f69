"""Publish form versions."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.form_expressions import references_of
from portal.domain.form_file import form_digest, form_to_dict
from portal.domain.forms import FormVersion
from portal.domain.mapping import check_succession
from portal.domain.policy import Actor
from portal.errors import FormInvalid
from portal.models import Form
from portal.models import FormVersion as FormVersionRow
from portal.queries.forms import find_form
from portal.services import events


def publish(session: Session, form: FormVersion, actor: Actor | None = None) -> FormVersionRow:
    """Take a form version into the portal; the same one a second time changes nothing.

    Raises:
        FormInvalid: that number is published already with other content, or a later one is; or it does not say what
            became of the indicators of the version before; or its rules look at what another form, published
            already, does not have.
    """
    require_foreign_figures(session, form)
    digest = form_digest(form)
    head = session.get(Form, form.code)
    if head is None:
        head = Form(code=form.code, name=form.name.zh, name_en=form.name.en)
        session.add(head)
        session.flush()
    query = select(FormVersionRow).where(FormVersionRow.form_code == form.code, FormVersionRow.number == form.number)
    existing = session.scalar(query)
    if existing is not None:
        if existing.digest != digest:
            raise FormInvalid([f"{form.code} v{form.number} 已发布且内容不同，请提高版本号 (published already)"])
        return existing
    newest = session.scalar(select(func.max(FormVersionRow.number)).where(FormVersionRow.form_code == form.code)) or 0
    if form.number < newest:
        raise FormInvalid([f"{form.code} v{form.number} 早于已发布的 v{newest} (older than what is published)"])
    _require_succession(session, form)
    row = FormVersionRow(
        form_code=form.code,
        number=form.number,
        definition=form_to_dict(form),
        digest=digest,
        published_at=clock.now(),
    )
    head.name, head.name_en = form.name.zh, form.name.en
    session.add(row)
    session.flush()
    before = {"number": newest} if newest else {}
    after = {"number": form.number, "name": form.name.zh, "digest": digest}
    events.record_for_portal(session, actor, "form_published", form.code, before=before, after=after)
    return row


def _require_succession(session: Session, form: FormVersion) -> None:
    before = find_form(session, form.code)
    mistakes = check_succession(form, before).found if before else []
    if mistakes:
        raise FormInvalid([f"{'.'.join(map(str, path))}: {problem.zh} / {problem.en}" for path, problem in mistakes])


def require_foreign_figures(session: Session, form: FormVersion) -> None:
    """What the form's rules look at in other forms must be numbers there; a form still to come may bring them.

    Raises:
        FormInvalid: one of them is not.
    """
    problems = []
    for reference in sorted(references_of(form), key=str):
        other = find_form(session, reference.form) if reference.form else None
        indicator = other.by_code.get(reference.code) if other else None
        if other and (indicator is None or not indicator.type.is_number):
            problems.append(f"{reference.form} 报表没有数值指标“{reference.code}” (no such number in that form)")
    if problems:
        raise FormInvalid(problems)
