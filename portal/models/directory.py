"""Which accounts belong to people of a directory."""

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class DirectoryAccount(Base):
    """The account of the person whom a directory calls `subject`; its owner signs in there and has no password here.

    Like other rows of accounts it belongs to no unit and is open to `db.identity_transaction` alone.
    """

    __tablename__ = "directory_account"
    __table_args__ = (UniqueConstraint("user_id"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
