"""Forms: a version is one document, because it is read whole and never changes. Shared by all tenants."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Form(Base):
    """A form (报表制度) through its versions."""

    __tablename__ = "form"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class FormVersion(Base):
    """A published version; `definition` has the structure of the form file."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("form_code", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_code: Mapped[str] = mapped_column(ForeignKey("form.code"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    digest: Mapped[str]
    published_at: Mapped[datetime]
