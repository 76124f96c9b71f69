"""What people are in which unit. The people themselves are Flask-AppBuilder's users."""

from datetime import date

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.policy import Role


class Membership(Base):
    """A person holds a role in a unit from a day to a day (inclusive; none: until further notice)."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "unit_id", "role", "valid_from"),
        CheckConstraint(f"role in ({', '.join(repr(str(role)) for role in Role)})", name="role"),
        Index("ix_membership_unit_id", "unit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
