"""Append the events of a transaction by one statement, which reads each body as JSON once instead of seven times."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
IDENTITY = "current_setting('huizong.identity', true) = 'on'"
PORTAL = "current_setting('huizong.portal', true) = 'on'"

APPEND = """
create or replace function append_events(p_root int, p_bodies text[]) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    head event_chain;
    line text;
    {variables}
begin
    insert into event_chain (root_id, unit_path, length, hash)
    select id, path, 0, repeat('0', 64) from unit where id = p_root
    union all select 0, null, 0, repeat('0', 64) where p_root = 0
    on conflict do nothing;
    select * into head from event_chain where root_id = p_root for update;
    {append}
    update event_chain set length = head.length, hash = head.hash where root_id = p_root;
end
$$
"""
COLUMNS = """root_id, number, unit_id, unit_path, happened_at, kind, subject, private, actor, address, body,
        previous_hash, hash"""
MAY = f"u.path <@ {SCOPE} or (u.id is not null and ({IDENTITY} or {PORTAL}))"
REFUSE = """raise exception 'an event of a unit outside the scope, or outside the chain''s top unit'
            using errcode = '42501';"""

# `links` holds the hash that the chain ended with, and then one for each event.
AT_ONCE = APPEND.format(
    variables="links text[]; added int;",
    append=f"""
    links := array[head.hash];
    foreach line in array p_bodies loop
        head.hash := encode(sha256(convert_to(head.hash || line, 'UTF8')), 'hex');
        links := links || head.hash;
    end loop;
    insert into event ({COLUMNS})
    select p_root, head.length + b.place, u.id, u.path, j.at, j.kind, j.subject, j.private, j.actor, j.address, b.body,
        links[b.place], links[b.place + 1]
    from unnest(p_bodies) with ordinality as b(body, place)
    cross join lateral jsonb_to_record(b.body::jsonb) as j(
        at timestamptz, kind text, subject text, private boolean, actor text, address text, unit text)
    left join unit u on u.code = j.unit and u.root_id = p_root
    where {MAY} or (p_root = 0 and j.unit = '');
    get diagnostics added = row_count;
    if added < cardinality(p_bodies) then
        {REFUSE}
    end if;
    head.length := head.length + added;""",
)
ONE_BY_ONE = APPEND.format(
    variables="link text;",
    append=f"""
    foreach line in array p_bodies loop
        link := encode(sha256(convert_to(head.hash || line, 'UTF8')), 'hex');
        insert into event ({COLUMNS})
        select p_root, head.length + 1, u.id, u.path, (b.body->>'at')::timestamptz, b.body->>'kind', b.body->>'subject',
            (b.body->>'private')::boolean, b.body->>'actor', b.body->>'address', line, head.hash, link
        from (select line::jsonb as body) b left join unit u on u.code = b.body->>'unit' and u.root_id = p_root
        where {MAY} or (p_root = 0 and b.body->>'unit' = '');
        if not found then
            {REFUSE}
        end if;
        head.length := head.length + 1;
        head.hash := link;
    end loop;""",
)


def upgrade() -> None:
    _define(AT_ONCE)


def downgrade() -> None:
    _define(ONE_BY_ONE)


def _define(function: str) -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute(function)
    op.execute("revoke create on schema public from huizong_definer")
