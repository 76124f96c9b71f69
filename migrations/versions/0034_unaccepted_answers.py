"""Tell of the submissions whose answers are in no roll-up why: the coverage of a number has to say so.

Also of units that were in sight in the period's tree, so that the counts of a number are of the units that it is of.
How far a unit is that was not accepted is no business of a partner, who stands outside the tree.
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"

UNACCEPTED = f"""
create function unaccepted_answers(p_root int, p_periods text[])
returns table (period_code text, unit_id int, form_code text, level text, exempt boolean, state text, due_on date)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    inside boolean := coalesce({DEPTH} > 0, false);
    each text;
    left_since int[];
begin
    foreach each in array p_periods loop
        left_since := array(select units_in_sight(each));
        return query
        select s.period_code, s.unit_id, s.form_code, s.level, s.exempt_reason is not null, s.state, s.due_on
        from submission s
        where s.root_id = p_root and s.period_code = each
          and (s.exempt_reason is not null or (inside and s.accepted_at is null))
          and (coalesce(s.unit_path <@ scope, false) or s.unit_id = any(left_since))
          and (forms = '*' or s.form_code = any(string_to_array(forms, ',')));
    end loop;
end
$$
"""

SIGNATURE = "unaccepted_answers(int, text[])"


def upgrade() -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute(UNACCEPTED)
    op.execute(f"alter function {SIGNATURE} owner to huizong_definer")
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute(f"drop function {SIGNATURE}")
