"""What units add to forms for their subtrees, and the collections that it belongs to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.tenancy import UnitRow, unit_path_key


class FormAddition(UnitRow, Base):
    """A published addition, which never changes; `definition` has the structure of its file.

    `form_number` is the version of the form that it was written for.
    """

    __tablename__ = "form_addition"
    __table_args__ = (
        unit_path_key(),
        ForeignKeyConstraint(["form_code", "form_number"], ["form_version.form_code", "form_version.number"]),
    )

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    digest: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime]


class CollectionAddition(UnitRow, Base):
    """An addition that belongs to a collection, in its unit's subtree.

    `joined_at` is None if it was there when the collection was sent down. What was handed in before it joined was not
    asked for it, and goes without it.
    """

    __tablename__ = "collection_addition"
    __table_args__ = (
        unit_path_key(),
        ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
        ),
        ForeignKeyConstraint(
            ["root_id", "unit_id", "form_code", "number"],
            ["form_addition.root_id", "form_addition.unit_id", "form_addition.form_code", "form_addition.number"],
        ),
    )

    period_code: Mapped[str] = mapped_column(primary_key=True)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    joined_at: Mapped[datetime | None]
