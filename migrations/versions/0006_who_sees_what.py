"""Bind people, forms and collections' settings into row-level security.

A transaction now says, besides its scope: from which depth of the tree it reads figures (`huizong.depth`), which forms
(`huizong.forms`: '*', or codes joined by commas), whether it is a system administrator's (`huizong.portal`), and
whether it is the portal finding out who somebody is (`huizong.identity`). Nothing set still means no rows.

Accepted figures are open to depth 0, so that a partner, who reads from depth 0, sees nothing that is not accepted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
ANY_FORM = f"{FORMS} = '*'"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
PORTAL = "current_setting('huizong.portal', true) = 'on'"
IDENTITY = "current_setting('huizong.identity', true) = 'on'"
READABLE = f"{IN_SCOPE} and {THIS_FORM} and {DEPTH} >= open_to"

WHOLE = ("submission", "submission_version", "observation")
FIGURES = ("value", "explanation", "upload")
OPENED = ("submission_version", *FIGURES)
COUNTED = "('accepted', 'locked', 'published')"

# The scopes of before, for going down again.
OLD_READABLE = f"{IN_SCOPE} and nlevel({SCOPE}) >= open_to"

ROLES = (
    "filler", "checker", "legal_reviewer", "head", "reviewer", "publisher", "unit_admin", "auditor", "system_admin",
)  # fmt: skip

ALL_WITHIN_SCOPE = f"""
create function all_within_scope(p_user int) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select not exists (
        select from membership
        where user_id = p_user and coalesce(valid_to, 'infinity') >= (now() at time zone 'Asia/Shanghai')::date
          and not coalesce(unit_path <@ {SCOPE}, false)
    )
$$
"""


def upgrade() -> None:
    _collection_settings()
    _membership()
    _open_to(counted=0)
    _rollup_form()
    _figures()
    _people()


def _collection_settings() -> None:
    for name in ("skip_level", "names_siblings", "one_person"):
        op.add_column("collection", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
        op.alter_column("collection", name, server_default=None)
    op.add_column(
        "collection", sa.Column("sign_offs", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.alter_column("collection", "sign_offs", server_default=None)
    op.create_check_constraint(
        op.f("ck_collection_sign_offs"), "collection", "sign_offs <@ array['check', 'legal_review', 'sign']"
    )


def _membership() -> None:
    op.add_column("membership", sa.Column("unit_path", LTree(), nullable=True))
    op.execute("update membership m set unit_path = u.path from unit u where u.id = m.unit_id")
    op.alter_column("membership", "unit_path", nullable=False)
    op.add_column("membership", sa.Column("forms", postgresql.ARRAY(sa.Text()), nullable=True))
    op.drop_constraint(op.f("fk_membership_unit_id"), "membership")
    op.create_foreign_key(
        op.f("fk_membership_unit_id_unit_path"),
        "membership", "unit", ["unit_id", "unit_path"], ["id", "path"], onupdate="CASCADE",
    )  # fmt: skip
    _role_check((*ROLES, "partner"))
    op.create_check_constraint(
        op.f("ck_membership_partner"),
        "membership",
        "role <> 'partner' or (valid_to is not null and forms is not null)",
    )
    op.create_index("ix_membership_unit_path", "membership", ["unit_path"], postgresql_using="gist")


def _role_check(roles: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_membership_role"), "membership")
    listed = ", ".join(repr(role) for role in roles)
    op.create_check_constraint(op.f("ck_membership_role"), "membership", f"role in ({listed})")


def _open_to(*, counted: int) -> None:
    """Row-level security is forced on the owner too: it is set aside for this statement."""
    for table in OPENED:
        number = "number" if table == "submission_version" else "version_number"
        # An upload belongs to no version: it is as open as the figures that came from it.
        same = "" if table == "upload" else f"and t.{number} = s.version_number"
        op.execute(f"alter table {table} no force row level security")
        op.execute("alter table submission no force row level security")
        op.execute(
            f"update {table} t set open_to = {counted} from submission s"
            " where (s.root_id, s.period_code, s.form_code, s.unit_id)"
            " = (t.root_id, t.period_code, t.form_code, t.unit_id)"
            f" {same} and s.state in {COUNTED} and t.open_to = {1 - counted}"
        )
        op.execute("alter table submission force row level security")
        op.execute(f"alter table {table} force row level security")


def _rollup_form() -> None:
    """An indicator's code belongs to one form, so the form is a property of the stored roll-up, not part of its key."""
    op.execute("alter table rollup no force row level security")
    op.execute("alter table observation no force row level security")
    op.add_column("rollup", sa.Column("form_code", sa.Text(), nullable=True))
    op.execute(
        "update rollup r set form_code = (select o.form_code from observation o where o.root_id = r.root_id"
        " and o.period_code = r.period_code and o.indicator = r.indicator limit 1)"
    )
    op.alter_column("rollup", "form_code", nullable=False)
    op.execute("alter table observation force row level security")
    op.execute("alter table rollup force row level security")
    op.execute(
        RECOMPUTE_ONE.format(
            form_columns=", form_code", form_of=", min(form_code) as form_code", o="o.form_code,", r="r.form_code,"
        )
    )


RECOMPUTE_ONE = """
create or replace function recompute_rollup_of(p_root int, p_period text, p_tree int, p_unit int) returns void
language sql volatile as $$
    with children as materialized (
        select unit_id, rgt > lft as inner_unit from node where tree_id = p_tree and parent_id = p_unit
    ), parts as (
        select {o} o.indicator, c.category, (o.status = 'reported')::int as reported,
               (o.status = 'not_applicable')::int as not_applicable, o.amount, o.weight, o.number as low, o.number as high
        from observation o
        cross join lateral (select '' union select o.category) as c(category)
        where o.root_id = p_root and o.period_code = p_period
          and (o.unit_id = p_unit or o.unit_id in (select unit_id from children where not inner_unit))
        union all
        select {r} r.indicator, r.category, r.reported, r.not_applicable, r.amount, r.weight, r.minimum, r.maximum
        from rollup r
        where r.root_id = p_root and r.period_code = p_period
          and r.unit_id in (select unit_id from children where inner_unit)
    ), fresh as materialized (
        select indicator, category, sum(reported)::int as reported, sum(not_applicable)::int as not_applicable,
               sum(amount) as amount, sum(weight) as weight, min(low) as minimum, max(high) as maximum{form_of}
        from parts group by indicator, category
    ), gone as (
        delete from rollup r
        where r.root_id = p_root and r.period_code = p_period and r.unit_id = p_unit
          and not exists (select from fresh f where f.indicator = r.indicator and f.category = r.category)
    )
    insert into rollup (root_id, period_code, unit_id, unit_path, indicator, category,
                        reported, not_applicable, amount, weight, minimum, maximum{form_columns})
    select p_root, p_period, p_unit, (select path from unit where id = p_unit), f.*
    from fresh f order by f.indicator, f.category
    on conflict (root_id, period_code, unit_id, indicator, category) do update
    set reported = excluded.reported, not_applicable = excluded.not_applicable, amount = excluded.amount,
        weight = excluded.weight, minimum = excluded.minimum, maximum = excluded.maximum
    where (rollup.reported, rollup.not_applicable, rollup.amount, rollup.weight, rollup.minimum, rollup.maximum)
        is distinct from (excluded.reported, excluded.not_applicable, excluded.amount, excluded.weight,
                          excluded.minimum, excluded.maximum)
$$
"""


def _figures() -> None:
    for table in WHOLE:
        op.execute(f"drop policy scope on {table}")
        op.execute(f"create policy reading on {table} for select to huizong_app using ({IN_SCOPE} and {THIS_FORM})")
        op.execute(
            f"create policy writing on {table} to huizong_app"
            f" using ({IN_SCOPE} and {ANY_FORM}) with check ({IN_SCOPE} and {ANY_FORM})"
        )
    for table in FIGURES:
        op.execute(f"alter policy reading on {table} using ({READABLE})")
        op.execute(f"alter policy inserting on {table} with check ({IN_SCOPE} and {ANY_FORM})")
        op.execute(
            f"alter policy updating on {table} using ({READABLE} and {ANY_FORM}) with check ({IN_SCOPE} and {ANY_FORM})"
        )
        op.execute(f"alter policy deleting on {table} using ({READABLE} and {ANY_FORM})")
    op.execute(f"alter policy scope on rollup using ({IN_SCOPE} and {THIS_FORM})")
    op.execute(f"alter policy scope on event using ({IN_SCOPE} and {ANY_FORM})")
    op.execute(f"alter policy scope on event_chain using ({IN_SCOPE} and {ANY_FORM})")
    op.execute(
        f"alter policy reading on collection using ((sender_path @> {SCOPE} or sender_path <@ {SCOPE}) and {THIS_FORM})"
    )
    op.execute(
        f"alter policy sending on collection using (sender_path <@ {SCOPE} and {ANY_FORM})"
        f" with check (sender_path <@ {SCOPE} and {ANY_FORM})"
    )


def _people() -> None:
    op.execute("grant select on membership to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(ALL_WITHIN_SCOPE)
    op.execute("alter function all_within_scope(int) owner to huizong_definer")
    op.execute("revoke all on function all_within_scope(int) from public")
    op.execute("grant execute on function all_within_scope(int) to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    for table in ("membership", "ab_user"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")
        op.execute(
            f"create policy portal on {table} to huizong_app"
            f" using ({IDENTITY} or {PORTAL}) with check ({IDENTITY} or {PORTAL})"
        )
    op.execute(
        f"create policy scope on membership to huizong_app"
        f" using ({IN_SCOPE} and {ANY_FORM}) with check ({IN_SCOPE} and {ANY_FORM})"
    )
    # Whose memberships one sees is decided by the policy on these: a person without any is nobody's.
    mine = "exists (select from membership m where m.user_id = ab_user.id)"
    op.execute(f"create policy reading on ab_user for select to huizong_app using ({mine})")
    op.execute(
        f"create policy administering on ab_user for update to huizong_app using ({mine} and all_within_scope(id))"
    )


def downgrade() -> None:
    for policy in ("reading", "administering", "portal", "definer"):
        op.execute(f"drop policy {policy} on ab_user")
    for policy in ("scope", "portal", "definer"):
        op.execute(f"drop policy {policy} on membership")
    for table in ("membership", "ab_user"):
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop function all_within_scope(int)")
    op.execute("revoke all on membership from huizong_definer")
    op.execute(f"alter policy scope on rollup using ({IN_SCOPE})")
    op.execute(f"alter policy scope on event using ({IN_SCOPE})")
    op.execute(f"alter policy scope on event_chain using ({IN_SCOPE})")
    op.execute(f"alter policy reading on collection using (sender_path @> {SCOPE} or sender_path <@ {SCOPE})")
    op.execute(f"alter policy sending on collection using (sender_path <@ {SCOPE}) with check (sender_path <@ {SCOPE})")
    for table in FIGURES:
        op.execute(f"alter policy reading on {table} using ({OLD_READABLE})")
        op.execute(f"alter policy inserting on {table} with check ({IN_SCOPE})")
        op.execute(f"alter policy updating on {table} using ({OLD_READABLE}) with check ({IN_SCOPE})")
        op.execute(f"alter policy deleting on {table} using ({OLD_READABLE})")
    for table in WHOLE:
        op.execute(f"drop policy reading on {table}")
        op.execute(f"drop policy writing on {table}")
        op.execute(f"create policy scope on {table} to huizong_app using ({IN_SCOPE}) with check ({IN_SCOPE})")
    op.execute(RECOMPUTE_ONE.format(form_columns="", form_of="", o="", r=""))
    op.drop_column("rollup", "form_code")
    _open_to(counted=1)
    op.drop_index("ix_membership_unit_path", "membership")
    op.drop_constraint(op.f("ck_membership_partner"), "membership")
    op.execute("delete from membership where role = 'partner'")
    _role_check(ROLES)
    op.drop_constraint(op.f("fk_membership_unit_id_unit_path"), "membership")
    op.create_foreign_key(op.f("fk_membership_unit_id"), "membership", "unit", ["unit_id"], ["id"])
    op.drop_column("membership", "forms")
    op.drop_column("membership", "unit_path")
    op.drop_constraint(op.f("ck_collection_sign_offs"), "collection")
    for name in ("sign_offs", "one_person", "names_siblings", "skip_level"):
        op.drop_column("collection", name)
