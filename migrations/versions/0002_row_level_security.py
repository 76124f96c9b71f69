"""Let every transaction see only the rows of its scope.

A policy compares columns of the row with one setting and nothing else: no subquery, no function per row.
`nullif` is vital: a pooled connection holds '' after a SET LOCAL, and an empty ltree is an ancestor of everything.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
IN_SCOPE = f"unit_path <@ {SCOPE}"
READABLE = f"{IN_SCOPE} and nlevel({SCOPE}) >= open_to"

# Whoever is responsible for a unit sees that its submission exists and how far it is …
WHOLE = ("submission", "submission_version", "observation")
# … but its figures only from the depth of the tree that `open_to` names.
FIGURES = ("value", "explanation", "upload")
READ_ONLY = ("rollup", "event", "event_chain")
REFERENCE = ("unit", "placement", "succession", "tree", "node", "period", "form", "form_version", "membership")
FLASK_APPBUILDER = (
    "ab_api_key", "ab_group", "ab_group_role", "ab_permission", "ab_permission_view", "ab_permission_view_role",
    "ab_register_user", "ab_role", "ab_user", "ab_user_group", "ab_user_role", "ab_view_menu",
)  # fmt: skip
TENANT = (*WHOLE, *FIGURES, *READ_ONLY, "collection")


def upgrade() -> None:
    op.execute("grant usage on schema public to huizong_app, huizong_definer")
    for table in (*REFERENCE, *FLASK_APPBUILDER, *WHOLE, *FIGURES, "collection"):
        op.execute(f"grant select, insert, update, delete on {table} to huizong_app")
    for table in READ_ONLY:
        op.execute(f"grant select on {table} to huizong_app")
    op.execute("grant usage on all sequences in schema public to huizong_app")

    for table in TENANT:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        # The functions that must see siblings, or write where the application may not, belong to this role.
        op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")
    for table in WHOLE:
        op.execute(f"create policy scope on {table} to huizong_app using ({IN_SCOPE}) with check ({IN_SCOPE})")
    for table in FIGURES:
        # A reviewer who sends back opens a draft that he may not read himself: hence no `open_to` in the check.
        op.execute(f"create policy reading on {table} for select to huizong_app using ({READABLE})")
        op.execute(f"create policy inserting on {table} for insert to huizong_app with check ({IN_SCOPE})")
        op.execute(
            f"create policy updating on {table} for update to huizong_app using ({READABLE}) with check ({IN_SCOPE})"
        )
        op.execute(f"create policy deleting on {table} for delete to huizong_app using ({READABLE})")
    for table in READ_ONLY:
        op.execute(f"create policy scope on {table} for select to huizong_app using ({IN_SCOPE})")
    # A collection is read by those it was sent to, below, and written by whoever is responsible for the sender.
    op.execute(
        "create policy reading on collection for select to huizong_app"
        f" using (sender_path @> {SCOPE} or sender_path <@ {SCOPE})"
    )
    op.execute(
        "create policy sending on collection to huizong_app"
        f" using (sender_path <@ {SCOPE}) with check (sender_path <@ {SCOPE})"
    )


def downgrade() -> None:
    for table in TENANT:
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    for table in (*WHOLE, *READ_ONLY):
        op.execute(f"drop policy scope on {table}")
    for table in FIGURES:
        for policy in ("reading", "inserting", "updating", "deleting"):
            op.execute(f"drop policy {policy} on {table}")
    op.execute("drop policy reading on collection")
    op.execute("drop policy sending on collection")
    for table in TENANT:
        op.execute(f"drop policy definer on {table}")
    op.execute("revoke all on all tables in schema public from huizong_app, huizong_definer")
    op.execute("revoke all on all sequences in schema public from huizong_app")
    op.execute("revoke usage on schema public from huizong_app, huizong_definer")
