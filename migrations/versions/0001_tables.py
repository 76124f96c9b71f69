"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists ltree")
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "event_chain",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("root_id", name=op.f("pk_event_chain")),
    )
    op.create_table(
        "form",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_form")),
    )
    op.create_table(
        "tree",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tree")),
        sa.UniqueConstraint("effective_on", name=op.f("uq_tree_effective_on")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
        sa.UniqueConstraint("id", "path", name=op.f("uq_unit_id_path")),
    )
    op.create_index("ix_unit_path", "unit", ["path"], unique=False, postgresql_using="gist")
    op.create_table(
        "event",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_event_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "number", name=op.f("pk_event")),
    )
    op.create_index("ix_event_subject", "event", ["root_id", "subject"], unique=False)
    op.create_table(
        "form_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["form_code"], ["form.code"], name=op.f("fk_form_version_form_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_version")),
        sa.UniqueConstraint("form_code", "number", name=op.f("uq_form_version_form_code_number")),
    )
    op.create_table(
        "node",
        sa.Column("tree_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("lft", sa.Integer(), nullable=False),
        sa.Column("rgt", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_node_parent_id")),
        sa.ForeignKeyConstraint(["tree_id"], ["tree.id"], name=op.f("fk_node_tree_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_node_unit_id")),
        sa.PrimaryKeyConstraint("tree_id", "unit_id", name=op.f("pk_node")),
    )
    op.create_index("ix_node_lft", "node", ["tree_id", "lft"], unique=False)
    op.create_index("ix_node_parent", "node", ["tree_id", "parent_id"], unique=False)
    op.create_table(
        "period",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("tree_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tree_id"], ["tree.id"], name=op.f("fk_period_tree_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_period")),
    )
    op.create_table(
        "placement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_placement_overlap"
        ),
        sa.CheckConstraint("level in ('province', 'city', 'district', 'town')", name=op.f("ck_placement_level")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_placement_parent_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_placement_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
    )
    op.create_index("ix_placement_parent_id", "placement", ["parent_id"], unique=False)
    op.create_table(
        "rollup",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("not_applicable", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("weight", sa.Numeric(), nullable=True),
        sa.Column("minimum", sa.Numeric(), nullable=True),
        sa.Column("maximum", sa.Numeric(), nullable=True),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_rollup_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "unit_id", "indicator", "category", name=op.f("pk_rollup")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "succession",
        sa.Column("old_id", sa.Integer(), nullable=False),
        sa.Column("new_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind in ('rename', 'merge', 'split')", name=op.f("ck_succession_kind")),
        sa.ForeignKeyConstraint(["new_id"], ["unit.id"], name=op.f("fk_succession_new_id")),
        sa.ForeignKeyConstraint(["old_id"], ["unit.id"], name=op.f("fk_succession_old_id")),
        sa.PrimaryKeyConstraint("old_id", "new_id", "effective_on", name=op.f("pk_succession")),
    )
    op.create_table(
        "collection",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("form_version_id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("sender_path", LTree(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["form_code"], ["form.code"], name=op.f("fk_collection_form_code")),
        sa.ForeignKeyConstraint(["form_version_id"], ["form_version.id"], name=op.f("fk_collection_form_version_id")),
        sa.ForeignKeyConstraint(["period_code"], ["period.code"], name=op.f("fk_collection_period_code")),
        sa.ForeignKeyConstraint(
            ["sender_id", "sender_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_collection_sender_id_sender_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "form_code", name=op.f("pk_collection")),
    )
    op.create_table(
        "submission",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("exempt_reason", sa.Text(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("expected_answers", sa.Integer(), nullable=False),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint(
            "(state in ('accepted', 'locked', 'published')) = (accepted_at is not null)",
            name=op.f("ck_submission_accepted_at"),
        ),
        sa.CheckConstraint(
            "state in ('assigned', 'drafting', 'checked', 'legally_reviewed', 'signed', 'submitted', 'sent_back', 'accepted', 'locked', 'published')",
            name=op.f("ck_submission_state"),
        ),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
            name=op.f("fk_submission_root_id_period_code_form_code"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_submission_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "form_code", "unit_id", name=op.f("pk_submission")),
    )
    op.create_index("ix_submission_unit_path", "submission", ["unit_path"], unique=False, postgresql_using="gist")
    op.create_table(
        "explanation",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("finding_code", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "unit_id"],
            ["submission.root_id", "submission.period_code", "submission.form_code", "submission.unit_id"],
            name=op.f("fk_explanation_root_id_period_code_form_code_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_explanation_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "root_id",
            "period_code",
            "form_code",
            "unit_id",
            "version_number",
            "finding_code",
            "rule",
            "indicator",
            name=op.f("pk_explanation"),
        ),
    )
    op.create_table(
        "observation",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.Numeric(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("weight", sa.Numeric(), nullable=True),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "unit_id"],
            ["submission.root_id", "submission.period_code", "submission.form_code", "submission.unit_id"],
            name=op.f("fk_observation_root_id_period_code_form_code_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_observation_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "indicator", "unit_id", name=op.f("pk_observation")),
    )
    op.create_index("ix_observation_unit", "observation", ["root_id", "period_code", "unit_id"], unique=False)
    op.create_table(
        "submission_version",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_reason", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_by", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("sm3", sa.Text(), nullable=True),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "unit_id"],
            ["submission.root_id", "submission.period_code", "submission.form_code", "submission.unit_id"],
            name=op.f("fk_submission_version_root_id_period_code_form_code_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_submission_version_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "root_id", "period_code", "form_code", "unit_id", "number", name=op.f("pk_submission_version")
        ),
    )
    op.create_table(
        "upload",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'working', 'done', 'failed')", name=op.f("ck_upload_state")),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "unit_id"],
            ["submission.root_id", "submission.period_code", "submission.form_code", "submission.unit_id"],
            name=op.f("fk_upload_root_id_period_code_form_code_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_upload_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "form_code", "unit_id", "id", name=op.f("pk_upload")),
    )
    op.create_table(
        "value",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.Numeric(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("cell", sa.Text(), nullable=True),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint("num_nonnulls(number, text) = (status = 'reported')::int", name=op.f("ck_value_one_answer")),
        sa.CheckConstraint("number not in ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_value_finite")),
        sa.CheckConstraint("status in ('reported', 'not_applicable', 'missing')", name=op.f("ck_value_status")),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "unit_id", "version_number"],
            [
                "submission_version.root_id",
                "submission_version.period_code",
                "submission_version.form_code",
                "submission_version.unit_id",
                "submission_version.number",
            ],
            name="fk_value_submission_version",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_value_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "root_id", "period_code", "form_code", "unit_id", "version_number", "indicator", name=op.f("pk_value")
        ),
    )
    op.create_table(
        "ab_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=150), nullable=True),
        sa.Column("description", sa.String(length=512), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_register_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("registration_date", sa.DateTime(), nullable=True),
        sa.Column("registration_hash", sa.String(length=256), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("last_login", sa.DateTime(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.Column("fail_login_count", sa.Integer(), nullable=True),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("changed_on", sa.DateTime(), nullable=True),
        sa.Column("created_by_fk", sa.Integer(), nullable=True),
        sa.Column("changed_by_fk", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_fk"],
            ["ab_user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["created_by_fk"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_view_menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("key_hash", sa.String(length=256), nullable=False),
        sa.Column("lookup_hash", sa.String(length=256), nullable=True),
        sa.Column("key_prefix", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("expires_on", sa.DateTime(), nullable=True),
        sa.Column("revoked_on", sa.DateTime(), nullable=True),
        sa.Column("last_used_on", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup_hash"),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("idx_api_key_lookup_hash", "ab_api_key", ["lookup_hash"], unique=True)
    op.create_index("idx_api_key_prefix", "ab_api_key", ["key_prefix"], unique=False)
    op.create_index("idx_api_key_user_id", "ab_api_key", ["user_id"], unique=False)
    op.create_table(
        "ab_group_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "role_id"),
    )
    op.create_index("idx_group_id", "ab_group_role", ["group_id"], unique=False)
    op.create_index("idx_group_role_id", "ab_group_role", ["role_id"], unique=False)
    op.create_table(
        "ab_permission_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("view_menu_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["ab_permission.id"],
        ),
        sa.ForeignKeyConstraint(
            ["view_menu_id"],
            ["ab_view_menu.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_id", "view_menu_id"),
    )
    op.create_index("idx_permission_id", "ab_permission_view", ["permission_id"], unique=False)
    op.create_index("idx_view_menu_id", "ab_permission_view", ["view_menu_id"], unique=False)
    op.create_table(
        "ab_user_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "group_id"),
    )
    op.create_index("idx_user_group_id", "ab_user_group", ["group_id"], unique=False)
    op.create_index("idx_user_id", "ab_user_group", ["user_id"], unique=False)
    op.create_table(
        "ab_user_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "role_id"),
    )
    op.create_table(
        "ab_permission_view_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_view_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["permission_view_id"], ["ab_permission_view.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_view_id", "role_id"),
    )
    op.create_index("idx_permission_view_id", "ab_permission_view_role", ["permission_view_id"], unique=False)
    op.create_index("idx_role_id", "ab_permission_view_role", ["role_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "role in ('filler', 'checker', 'legal_reviewer', 'head', 'reviewer', 'publisher', 'unit_admin', 'auditor', 'system_admin')",
            name=op.f("ck_membership_role"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_membership_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "user_id", "unit_id", "role", "valid_from", name=op.f("uq_membership_user_id_unit_id_role_valid_from")
        ),
    )
    op.create_index("ix_membership_unit_id", "membership", ["unit_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_membership_unit_id", table_name="membership")
    op.drop_table("membership")
    op.drop_index("idx_role_id", table_name="ab_permission_view_role")
    op.drop_index("idx_permission_view_id", table_name="ab_permission_view_role")
    op.drop_table("ab_permission_view_role")
    op.drop_table("ab_user_role")
    op.drop_index("idx_user_id", table_name="ab_user_group")
    op.drop_index("idx_user_group_id", table_name="ab_user_group")
    op.drop_table("ab_user_group")
    op.drop_index("idx_view_menu_id", table_name="ab_permission_view")
    op.drop_index("idx_permission_id", table_name="ab_permission_view")
    op.drop_table("ab_permission_view")
    op.drop_index("idx_group_role_id", table_name="ab_group_role")
    op.drop_index("idx_group_id", table_name="ab_group_role")
    op.drop_table("ab_group_role")
    op.drop_index("idx_api_key_user_id", table_name="ab_api_key")
    op.drop_index("idx_api_key_prefix", table_name="ab_api_key")
    op.drop_index("idx_api_key_lookup_hash", table_name="ab_api_key")
    op.drop_table("ab_api_key")
    op.drop_table("ab_view_menu")
    op.drop_table("ab_user")
    op.drop_table("ab_role")
    op.drop_table("ab_register_user")
    op.drop_table("ab_permission")
    op.drop_table("ab_group")
    op.drop_table("value")
    op.drop_table("upload")
    op.drop_table("submission_version")
    op.drop_index("ix_observation_unit", table_name="observation")
    op.drop_table("observation")
    op.drop_table("explanation")
    op.drop_index("ix_submission_unit_path", table_name="submission", postgresql_using="gist")
    op.drop_table("submission")
    op.drop_table("collection")
    op.drop_table("succession")
    op.drop_table("rollup")
    op.drop_index("ix_placement_parent_id", table_name="placement")
    op.drop_table("placement")
    op.drop_table("period")
    op.drop_index("ix_node_parent", table_name="node")
    op.drop_index("ix_node_lft", table_name="node")
    op.drop_table("node")
    op.drop_table("form_version")
    op.drop_index("ix_event_subject", table_name="event")
    op.drop_table("event")
    op.drop_index("ix_unit_path", table_name="unit", postgresql_using="gist")
    op.drop_table("unit")
    op.drop_table("tree")
    op.drop_table("form")
    op.drop_table("event_chain")
