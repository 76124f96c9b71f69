"""Keys with which a program asks in a person's name. Seen by `identity_transaction` only."""

from datetime import date, datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.actors import KeyScope


class ApiKey(Base):
    """A key of a person for one unit, good through `expires_on` (a day in China) unless revoked.

    Of the key itself only the digest is stored, and the beginning by which its owner tells it from others.
    """

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint(f"scope in ({', '.join(repr(str(scope)) for scope in KeyScope)})", name="scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    scope: Mapped[str]
    beginning: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_on: Mapped[date]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
