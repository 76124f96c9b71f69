"""What people are in which unit. The people themselves are Flask-AppBuilder's users."""

from datetime import date

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.domain.directory import Origin
from portal.domain.policy import Role
from portal.models.tenancy import unit_path_key

User.phone = mapped_column(Text)


class Membership(Base):
    """A person holds a role in a unit from a day to a day (inclusive; none: until further notice).

    `forms` are the codes of the forms seen in it; none: all. A partner's always have an end and their forms.
    `origin` names the kind of directory that gave the role and takes it back; none: given by hand.
    `deputy_for_id` is whom the person stands in for. A role revoked before it took effect ends the day before it
    begins.
    """

    __tablename__ = "membership"
    __table_args__ = (
        unit_path_key(),
        ExcludeConstraint(
            ("user_id", "="),
            ("unit_id", "="),
            ("role", "="),
            (text("daterange(valid_from, valid_to + 1)"), "&&"),
            name="ex_membership_overlap",
        ),
        CheckConstraint("valid_to >= valid_from - 1", name="dates"),
        CheckConstraint(f"role in ({', '.join(repr(str(role)) for role in Role)})", name="role"),
        CheckConstraint(f"origin in ({', '.join(repr(str(origin)) for origin in Origin)})", name="origin"),
        CheckConstraint("role <> 'partner' or (valid_to is not null and forms is not null)", name="partner"),
        Index("ix_membership_unit_id", "unit_id"),
        Index("ix_membership_unit_path", "unit_path", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    unit_id: Mapped[int]
    unit_path: Mapped[str] = mapped_column(LTree)
    role: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    forms: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    deputy_for_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    origin: Mapped[str | None]
