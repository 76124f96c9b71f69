"""Collections sent down, and the submissions that answer them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.domain.lifecycle import State
from portal.domain.values import ValueStatus
from portal.models.tenancy import SubmissionPart, submission_key, unit_index, unit_path_key

_STATES = ", ".join(repr(str(state)) for state in State)
_STATUSES = ", ".join(repr(str(status)) for status in ValueStatus)


class Collection(Base):
    """One form version for one period, sent down from one unit (报送任务).

    Attributes:
        skip_level: what is submitted is read by every level above at once (越级查看).
        names_siblings: a unit sees in comparisons which sibling a figure belongs to.
        one_person: who filled in may also sign (一人单位).
        entered_above: fillers of the units above may enter answers into drafts (上级代报).
        sign_offs: the steps inside a unit that are demanded before it submits, of check, legal_review and sign.
    """

    __tablename__ = "collection"
    __table_args__ = (
        ForeignKeyConstraint(["sender_id", "sender_path"], ["unit.id", "unit.path"], onupdate="CASCADE"),
        CheckConstraint("sign_offs <@ array['check', 'legal_review', 'sign']", name="sign_offs"),
        UniqueConstraint("root_id", "period_code", "form_code", "sender_id"),
    )

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    period_code: Mapped[str] = mapped_column(ForeignKey("period.code"), primary_key=True)
    form_code: Mapped[str] = mapped_column(ForeignKey("form.code"), primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    sender_id: Mapped[int]
    sender_path: Mapped[str] = mapped_column(LTree)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    created_at: Mapped[datetime]
    skip_level: Mapped[bool] = mapped_column(default=False)
    names_siblings: Mapped[bool] = mapped_column(default=False)
    one_person: Mapped[bool] = mapped_column(default=False)
    entered_above: Mapped[bool] = mapped_column(default=False)
    sign_offs: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)


class Submission(SubmissionPart, Base):
    """One unit's answer to one collection (报送件); it exists from the day the unit is expected to report.

    `level` is the unit's level as of the period. `answered` counts indicators with an answer in the current
    version, so that a superior sees progress without seeing figures. `demo` marks made-up figures (演示数据).
    """

    __tablename__ = "submission"
    __table_args__ = (
        ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
        ),
        unit_path_key(),
        unit_index("submission"),
        CheckConstraint(f"state in ({_STATES})", name="state"),
        CheckConstraint(
            "(state in ('accepted', 'locked', 'published')) = (accepted_at is not null)", name="accepted_at"
        ),
        Index("ix_submission_unit_path", "unit_path", postgresql_using="gist"),
        Index("ix_submission_demo", "root_id", "period_code", "unit_id", postgresql_where=text("demo")),
    )

    level: Mapped[str]
    state: Mapped[str]
    version_number: Mapped[int]
    due_on: Mapped[date]
    exempt_reason: Mapped[str | None]
    answered: Mapped[int]
    expected_answers: Mapped[int]
    returned_reason: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    demo: Mapped[bool]
    row_version: Mapped[int]


class SubmissionVersion(SubmissionPart, Base):
    """A numbered state of the figures: open until submitted, sealed with a digest from then on."""

    __tablename__ = "submission_version"
    __table_args__ = (submission_key(), unit_path_key(), unit_index("submission_version"))

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opened_at: Mapped[datetime]
    opened_reason: Mapped[str]
    sealed_at: Mapped[datetime | None]
    sealed_by: Mapped[str | None]
    sha256: Mapped[str | None]
    sm3: Mapped[str | None]
    open_to: Mapped[int]


class Value(SubmissionPart, Base):
    """A value (填报值) of one version, with where it came from.

    A missing answer has no row, unless it carries a note. `open_to` is the smallest tree depth that may read it.

    Written only by the database functions `put_values` and `copy_values`, which see to it that there is such a version
    and take its path: foreign keys took two thirds of the time in which a value is stored.
    """

    __tablename__ = "value"
    __table_args__ = (
        PrimaryKeyConstraint("root_id", "unit_id", "version_number", "period_code", "form_code", "indicator"),
        CheckConstraint(f"status in ({_STATUSES})", name="status"),
        CheckConstraint("num_nonnulls(number, text) = (status = 'reported')::int", name="one_answer"),
        CheckConstraint("number not in ('NaN', 'Infinity', '-Infinity')", name="finite"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    number: Mapped[Decimal | None]
    text: Mapped[str | None]
    approximate: Mapped[bool]
    as_of_on: Mapped[date | None]
    note: Mapped[str]
    row_version: Mapped[int]
    entered_by_id: Mapped[int | None]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    upload_id: Mapped[UUID | None]
    cell: Mapped[str | None]
    open_to: Mapped[int]


class Explanation(SubmissionPart, Base):
    """The reason given for a finding (说明), with a file if one was attached, and what the superior decided about it.

    A decision is about these words: giving new ones takes it away.
    """

    __tablename__ = "explanation"
    __table_args__ = (
        submission_key(),
        unit_path_key(),
        unit_index("explanation"),
        CheckConstraint("decision in ('accepted', 'refused')", name="decision"),
        CheckConstraint("(decision is null) = (decided_at is null)", name="decided"),
        CheckConstraint("(filename is null) = (sha256 is null)", name="file"),
        ForeignKeyConstraint(
            ["root_id", "unit_id", "sha256"],
            ["stored_file.root_id", "stored_file.unit_id", "stored_file.sha256"],
            name="fk_explanation_stored_file",
        ),
    )

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    finding_code: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    reason_code: Mapped[str]
    words: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    filename: Mapped[str | None]
    sha256: Mapped[str | None]
    decision: Mapped[str | None]
    decision_reason: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    open_to: Mapped[int]


class Upload(SubmissionPart, Base):
    """An uploaded file, byte for byte, and what was found in it.

    `report` is the examination as JSON once the worker is through (`state` done).
    """

    __tablename__ = "upload"
    __table_args__ = (
        submission_key(),
        unit_path_key(),
        unit_index("upload"),
        CheckConstraint("state in ('waiting', 'working', 'done', 'failed')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filename: Mapped[str]
    content: Mapped[bytes] = mapped_column(deferred=True)
    size: Mapped[int]
    sha256: Mapped[str]
    state: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    report: Mapped[dict[str, Any] | None]
    uploaded_by_id: Mapped[int | None]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    open_to: Mapped[int]
