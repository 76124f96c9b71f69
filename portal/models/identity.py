"""Accounts besides Flask-AppBuilder's own row: passwords, browsers and programs signed in, failures to sign in.

None of these belongs to a unit: they are open to `db.identity_transaction` alone.
"""

from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.sign_in import SessionKind


class Account(Base):
    """What is known of a person's password; no row: nothing has been recorded, and nothing must be changed."""

    __tablename__ = "account"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True, autoincrement=False)
    must_change_password: Mapped[bool]
    password_changed_at: Mapped[datetime]


class WebSession(Base):
    """A browser or a program in which somebody is signed in, or has passed the first of two factors.

    `key` is the SHA-256 of what the browser's cookie holds; a program's token names the row by its id.
    `method` is how they proved who they are: `password`, `ldap`, `oidc`.
    Past `expires_at` the row counts for nothing.
    """

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint(f"kind in ({', '.join(repr(str(kind)) for kind in SessionKind)})", name="kind"),
        CheckConstraint("(key is null) = (kind = 'token')", name="key"),
        Index("ix_web_session_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[bytes | None]
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    kind: Mapped[str]
    method: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str]
    user_agent: Mapped[str]


class SignInThrottle(Base):
    """How often something failed, of one kind (an account, an address …) and under one key, since when."""

    __tablename__ = "sign_in_throttle"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
