"""Append events to the hash chain of their top unit.

The application may read events and call this function, nothing else: what has happened cannot be rewritten by it.
The head of the chain is locked from here to the commit, which is why this is called last.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND = """
create function append_events(p_root int, p_bodies text[]) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    head event_chain;
    line text;
    link text;
begin
    insert into event_chain (root_id, unit_path, length, hash)
    select id, path, 0, repeat('0', 64) from unit where id = p_root on conflict do nothing;
    select * into head from event_chain where root_id = p_root for update;
    foreach line in array p_bodies loop
        link := encode(sha256(convert_to(head.hash || line, 'UTF8')), 'hex');
        insert into event (root_id, number, unit_id, unit_path, happened_at, kind, subject, body, previous_hash, hash)
        select p_root, head.length + 1, u.id, u.path, (b.body->>'at')::timestamptz, b.body->>'kind', b.body->>'subject',
               line, head.hash, link
        from (select line::jsonb as body) b join unit u on u.code = b.body->>'unit' and u.root_id = p_root;
        if not found then
            raise exception 'an event of a unit outside the chain''s top unit' using errcode = '42501';
        end if;
        head.length := head.length + 1;
        head.hash := link;
    end loop;
    update event_chain set length = head.length, hash = head.hash where root_id = p_root;
end
$$
"""


def upgrade() -> None:
    op.execute("grant select, insert, update on event_chain to huizong_definer")
    op.execute("grant select, insert on event to huizong_definer")
    op.execute("grant select on unit to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(APPEND)
    op.execute("alter function append_events(int, text[]) owner to huizong_definer")
    op.execute("revoke all on function append_events(int, text[]) from public")
    op.execute("grant execute on function append_events(int, text[]) to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute("drop function append_events(int, text[])")
    op.execute("revoke all on event, event_chain from huizong_definer")
