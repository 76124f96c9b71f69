"""Give the record a chain of the portal's own, keep drafts out of superiors' sight, and anchor it by checkpoints.

An event with `private` is read by its own unit alone, whatever page or export asks. So a chain can no longer be read
whole through its policy: to verify it, `read_chain` gives every link to a scope that covers the whole tree. Everybody
within a tree may know by `chain_heads` how long its chain is and what it ends with. An event is added for a unit within
one's scope; for any unit by the portal finding out who somebody is, and by a system administrator.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
ANY_FORM = "current_setting('huizong.forms', true) = '*'"
IN_SCOPE = f"unit_path <@ {SCOPE} and {ANY_FORM}"
IDENTITY = "current_setting('huizong.identity', true) = 'on'"
PORTAL = "current_setting('huizong.portal', true) = 'on'"
OF_PORTAL = f"root_id = 0 and {PORTAL}"
OWN_OR_OPEN = f"(not private or unit_path = {SCOPE})"

DRAWN = ("values_changed", "finding_explained", "upload_applied", "file_uploaded")
"""The kinds of before that tell what is in a draft."""

APPEND = """
create or replace function append_events(p_root int, p_bodies text[]) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    head event_chain;
    line text;
    link text;
begin
    insert into event_chain (root_id, unit_path, length, hash)
    select id, path, 0, repeat('0', 64) from unit where id = p_root {portal_head}
    on conflict do nothing;
    select * into head from event_chain where root_id = p_root for update;
    foreach line in array p_bodies loop
        link := encode(sha256(convert_to(head.hash || line, 'UTF8')), 'hex');
        insert into event (root_id, number, unit_id, unit_path, happened_at, kind, subject, {drawn_columns} body,
                           previous_hash, hash)
        select p_root, head.length + 1, u.id, u.path, (b.body->>'at')::timestamptz, b.body->>'kind', b.body->>'subject',
               {drawn} line, head.hash, link
        from (select line::jsonb as body) b {join_unit};
        if not found then
            raise exception '{refusal}' using errcode = '42501';
        end if;
        head.length := head.length + 1;
        head.hash := link;
    end loop;
    update event_chain set length = head.length, hash = head.hash where root_id = p_root;
end
$$
"""
NEW_APPEND = APPEND.format(
    refusal="an event of a unit outside the scope, or outside the chain''s top unit",
    portal_head="union all select 0, null, 0, repeat('0', 64) where p_root = 0",
    drawn_columns="private, actor, address,",
    drawn="(b.body->>'private')::boolean, b.body->>'actor', b.body->>'address',",
    join_unit=f"""left join unit u on u.code = b.body->>'unit' and u.root_id = p_root
        where u.path <@ {SCOPE} or (u.id is not null and ({IDENTITY} or {PORTAL}))
              or (p_root = 0 and b.body->>'unit' = '')""",
)
OLD_APPEND = APPEND.format(
    refusal="an event of a unit outside the chain''s top unit",
    portal_head="",
    drawn_columns="",
    drawn="",
    join_unit="join unit u on u.code = b.body->>'unit' and u.root_id = p_root",
)

READ_CHAIN = f"""
create function read_chain(p_root int, p_after int, p_limit int)
returns table (number int, unit text, in_place boolean, happened_at timestamptz, kind text, subject text,
               private boolean, actor text, address text, body text, previous_hash text, hash text)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.number, coalesce(u.code, ''), e.unit_path is not distinct from u.path, e.happened_at, e.kind, e.subject,
           e.private, e.actor, e.address, e.body, e.previous_hash, e.hash
    from event e left join unit u on u.id = e.unit_id
    where e.root_id = p_root and e.number > p_after
      and (((select path from unit where id = p_root) <@ {SCOPE} and {ANY_FORM}) or (p_root = 0 and {PORTAL}))
    order by e.number limit p_limit
$$
"""

CHAIN_HEADS = f"""
create function chain_heads() returns table (root_id int, length int, hash text)
language sql stable security definer set search_path = public, pg_temp as $$
    select c.root_id, c.length, c.hash from event_chain c left join unit u on u.id = c.root_id
    where ((u.path <@ {SCOPE} or u.path @> {SCOPE}) and {ANY_FORM}) or (c.root_id = 0 and {PORTAL})
$$
"""

FUNCTIONS = ("read_chain(int, int, int)", "chain_heads()")


def upgrade() -> None:
    _event_columns()
    op.alter_column("event_chain", "unit_path", nullable=True)
    op.execute(f"alter policy scope on event using (({IN_SCOPE} and {OWN_OR_OPEN}) or ({OF_PORTAL}))")
    op.execute(f"alter policy scope on event_chain using (({IN_SCOPE}) or ({OF_PORTAL}))")
    op.execute(NEW_APPEND)
    op.execute("grant create on schema public to huizong_definer")
    op.execute(READ_CHAIN)
    op.execute(CHAIN_HEADS)
    for function in FUNCTIONS:
        op.execute(f"alter function {function} owner to huizong_definer")
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    _checkpoints()


def _event_columns() -> None:
    """Row-level security is forced on the owner too: it is set aside for drawing the columns of what is there."""
    for column in (
        sa.Column("private", sa.Boolean()),
        sa.Column("actor", sa.Text()),
        sa.Column("address", sa.Text()),
    ):
        op.add_column("event", column)
    op.execute("alter table event no force row level security")
    op.execute(
        f"update event set private = kind in ({', '.join(map(repr, DRAWN))}),"
        " actor = body::jsonb->>'actor', address = body::jsonb->>'address'"
    )
    op.execute("alter table event force row level security")
    for name in ("private", "actor", "address"):
        op.alter_column("event", name, nullable=False)
    for name in ("unit_id", "unit_path"):
        op.alter_column("event", name, nullable=True)
    op.create_check_constraint(op.f("ck_event_unit"), "event", "(root_id = 0) = (unit_id is null)")
    op.create_check_constraint(op.f("ck_event_unit_path"), "event", "(unit_id is null) = (unit_path is null)")
    op.create_index("ix_event_unit_id", "event", ["root_id", "unit_id", "number"])
    op.create_index("ix_event_actor", "event", ["root_id", "actor", "number"])
    op.create_index("ix_event_happened_at", "event", ["root_id", "happened_at"])


def _checkpoints() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("unit_path", LTree(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_checkpoint_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.CheckConstraint("root_id = coalesce(unit_id, 0)", name=op.f("ck_checkpoint_unit")),
        sa.CheckConstraint("(unit_id is null) = (unit_path is null)", name=op.f("ck_checkpoint_unit_path")),
        sa.PrimaryKeyConstraint("root_id", "number", name=op.f("pk_checkpoint")),
    )
    op.execute("grant select, insert on checkpoint to huizong_app")
    op.execute("alter table checkpoint enable row level security")
    op.execute("alter table checkpoint force row level security")
    op.execute("create policy definer on checkpoint to huizong_definer using (true) with check (true)")
    op.execute(f"create policy reading on checkpoint for select to huizong_app using (({IN_SCOPE}) or ({OF_PORTAL}))")
    op.execute(
        f"create policy adding on checkpoint for insert to huizong_app with check (({IN_SCOPE}) or ({OF_PORTAL}))"
    )


def downgrade() -> None:
    op.drop_table("checkpoint")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.execute(OLD_APPEND)
    op.execute(f"alter policy scope on event_chain using ({IN_SCOPE})")
    op.execute(f"alter policy scope on event using ({IN_SCOPE})")
    # The portal's own chain has no place in the schema of before.
    for table in ("event", "event_chain"):
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"delete from {table} where root_id = 0")
        op.execute(f"alter table {table} force row level security")
    op.alter_column("event_chain", "unit_path", nullable=False)
    for name in ("ix_event_happened_at", "ix_event_actor", "ix_event_unit_id"):
        op.drop_index(name, table_name="event")
    op.drop_constraint(op.f("ck_event_unit_path"), "event")
    op.drop_constraint(op.f("ck_event_unit"), "event")
    for name in ("unit_id", "unit_path"):
        op.alter_column("event", name, nullable=False)
    for name in ("address", "actor", "private"):
        op.drop_column("event", name)
