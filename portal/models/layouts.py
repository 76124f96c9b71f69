"""What people confirmed about a unit's own sheets, so that nobody is asked twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.tenancy import UnitRow, unit_path_key


class LayoutMapping(UnitRow, Base):
    """Which cell of a unit's own sheet answers which indicator of a form; never changed, a later one takes its place.

    `fingerprint` knows the layout again; `choices` holds the labels around each cell by indicator code, null where the
    sheet has none.
    """

    __tablename__ = "layout_mapping"
    __table_args__ = (unit_path_key(),)

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-7)
    form_code: Mapped[str] = mapped_column(ForeignKey("form.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_number: Mapped[int]
    fingerprint: Mapped[str]
    choices: Mapped[dict[str, Any]]
    confirmed_by_id: Mapped[int | None]
    confirmed_by: Mapped[str]
    confirmed_at: Mapped[datetime]
