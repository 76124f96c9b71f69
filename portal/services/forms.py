"""Publish form versions."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.form_file import form_digest, form_to_dict
from portal.domain.forms import FormVersion
from portal.errors import FormInvalid
from portal.models import Form
from portal.models import FormVersion as FormVersionRow


def publish(session: Session, form: FormVersion) -> FormVersionRow:
    """Take a form version into the portal; the same one a second time changes nothing.

    Raises:
        FormInvalid: that number is published already with other content, or a later one is.
    """
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
    return row
