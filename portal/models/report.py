"""What a submission holds beside its figures: rows of lists, the text by sections, the files that prove it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.tenancy import SUBMISSION_KEY, SubmissionPart, UnitRow, unit_index, unit_path_key


def _version_key(name: str) -> ForeignKeyConstraint:
    """The row belongs to a version of a submission."""
    there = [*(f"submission_version.{column}" for column in SUBMISSION_KEY), "submission_version.number"]
    return ForeignKeyConstraint([*SUBMISSION_KEY, "version_number"], there, name=name)


class Passage(SubmissionPart, Base):
    """What one version says under one section of the form's outline (文字报告).

    A section that was emptied keeps its row, with no words: its row version tells others so.
    """

    __tablename__ = "passage"
    __table_args__ = (_version_key("fk_passage_submission_version"), unit_path_key(), unit_index("passage"))

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    section: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    row_version: Mapped[int]
    entered_by_id: Mapped[int | None]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    open_to: Mapped[int]


class ListRow(SubmissionPart, Base):
    """A row of a list table (明细表) of one version, with where it came from.

    `cells` are answers by column, as `portal.domain.values.value_to_json` writes them; a row that was emptied keeps its
    place without any, so that its row version tells others. Row 0 says that there is nothing to list (本期没有).
    """

    __tablename__ = "list_row"
    __table_args__ = (
        _version_key("fk_list_row_submission_version"),
        unit_path_key(),
        unit_index("list_row"),
        CheckConstraint("number >= 0 and (number > 0 or cells = '{}')", name="number"),
    )

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    list_code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[dict[str, Any]]
    row_version: Mapped[int]
    entered_by_id: Mapped[int | None]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    upload_id: Mapped[UUID | None]
    cell: Mapped[str | None]
    open_to: Mapped[int]


class StoredFile(UnitRow, Base):
    """The bytes of a unit's file, kept once however often the unit uses them; never changed, never taken away."""

    __tablename__ = "stored_file"
    __table_args__ = (unit_path_key(), CheckConstraint("octet_length(content) = size", name="size"))

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-7)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)


class Evidence(SubmissionPart, Base):
    """A file that goes with one version: with one figure, or with the whole (`indicator` is empty)."""

    __tablename__ = "evidence"
    __table_args__ = (
        _version_key("fk_evidence_submission_version"),
        ForeignKeyConstraint(
            ["root_id", "unit_id", "sha256"],
            ["stored_file.root_id", "stored_file.unit_id", "stored_file.sha256"],
            name="fk_evidence_stored_file",
        ),
        unit_path_key(),
    )

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    filename: Mapped[str]
    size: Mapped[int]
    added_by_id: Mapped[int | None]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
    open_to: Mapped[int]


class Assignment(UnitRow, Base):
    """Who in the unit sees to a sheet, an indicator or a section of a form, every year anew; a guide, not a lock.

    `item` is the code. `office` names a section of the bureau (科室), `person_id` one of its people; one or both.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        unit_path_key(),
        CheckConstraint("person_id is not null or office <> ''", name="somebody"),
    )

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-7)
    form_code: Mapped[str] = mapped_column(ForeignKey("form.code"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None]
    office: Mapped[str]
