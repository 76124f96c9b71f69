"""Drafts of forms: the text of a form file that a unit works on, until it is published."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.tenancy import UnitRow, unit_path_key


class FormDraft(UnitRow, Base):
    """A unit's draft of a form, or of its addition to one (`FZ+441800`); nobody else sees it.

    `base_number` is the version it began with, or that it adds to; 0 for a new form.
    """

    __tablename__ = "form_draft"
    __table_args__ = (unit_path_key(),)

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    base_number: Mapped[int]
    document: Mapped[str]
    row_version: Mapped[int]
    changed_by_id: Mapped[int | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
