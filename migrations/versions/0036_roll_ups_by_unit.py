"""Tell stored roll-ups a period at a time, and ask only of units out of scope whether its tree had them in sight.

One indicator of many units is found by an index of its own; writing costs little more, because what is recomputed again
and again changes no column of it.

The driver spends longer on the cells of a row than the database on the row: the figures of a period come as texts, one
for each column. Units that are within scope today are so in every period, and are read in one statement for all.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"

JOINED = ("unit_id::text", "indicator", "category", "reported::text", "not_applicable::text")
NUMBERS = ("amount", "weight", "minimum", "maximum")
SEPARATOR = r"e'\x1f'"  # stands in no code and in no answer
CELLS = ", ".join(
    [f"string_agg(r.{column}, {SEPARATOR})" for column in JOINED]
    + [f"string_agg(coalesce(r.{column}::text, ''), {SEPARATOR})" for column in NUMBERS]
)

SEEN = """
    for periods, visible in
        select p_periods, array(select id from unit where id = any(p_units) and coalesce(path <@ scope, false))
        union all
        select array[each], array(
            select id from unit
            where id = any(p_units) and not coalesce(path <@ scope, false) and id in (select units_in_sight(each))
        )
        from unnest(p_periods) each
        where exists (select from unit where id = any(p_units) and not coalesce(path <@ scope, false))
    loop"""

ROWS = f"""
            return query
            select r.period_code, {CELLS}
            from rollup r
            where r.root_id = p_root and r.period_code = any(periods) and r.unit_id = any(visible)
              and (forms = '*' or r.form_code = any(string_to_array(forms, ',')))"""

STORED = f"""
create function stored_rollups(p_root int, p_periods text[], p_units int[], p_indicators text[])
returns table (period_code text, units text, indicators text, categories text, reported text, not_applicable text,
               amounts text, weights text, minima text, maxima text)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    periods text[];
    visible int[];
begin{SEEN}
        if p_indicators is null then{ROWS}
            group by r.period_code;
        else{ROWS}
              and r.indicator = any(p_indicators)
            group by r.period_code;
        end if;
    end loop;
end
$$
"""

EXPECTED = f"""
create function expected_of(p_root int, p_periods text[], p_units int[])
returns table (period_code text, unit_id int, form_code text, level text, answers int, demo boolean)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    periods text[];
    visible int[];
begin{SEEN}
        return query
        select e.period_code, e.unit_id, e.form_code, e.level, e.answers, e.demo
        from expected_answers e
        where e.root_id = p_root and e.period_code = any(periods) and e.unit_id = any(visible)
          and (forms = '*' or e.form_code = any(string_to_array(forms, ',')));
    end loop;
end
$$
"""

# For going down again: a row per figure, and every period for itself.
VISIBLE_BEFORE = """
    foreach each in array p_periods loop
        visible := array(
            select id from unit
            where id = any(p_units) and (coalesce(path <@ scope, false) or id in (select units_in_sight(each)))
        );"""

ROWS_BEFORE = """
            return query
            select r.period_code, r.unit_id, r.indicator, r.category, r.reported, r.not_applicable, r.amount, r.weight,
                   r.minimum, r.maximum
            from rollup r
            where r.root_id = p_root and r.period_code = each and r.unit_id = any(visible)
              and (forms = '*' or r.form_code = any(string_to_array(forms, ',')))"""

STORED_BEFORE = f"""
create function stored_rollups(p_root int, p_periods text[], p_units int[], p_indicators text[])
returns table (period_code text, unit_id int, indicator text, category text, reported int, not_applicable int,
               amount numeric, weight numeric, minimum numeric, maximum numeric)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    each text;
    visible int[];
begin{VISIBLE_BEFORE}
        if p_indicators is null then{ROWS_BEFORE};
        else{ROWS_BEFORE}
              and r.indicator = any(p_indicators);
        end if;
    end loop;
end
$$
"""

EXPECTED_BEFORE = f"""
create function expected_of(p_root int, p_periods text[], p_units int[])
returns table (period_code text, unit_id int, form_code text, level text, answers int, demo boolean)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    each text;
    visible int[];
begin{VISIBLE_BEFORE}
        return query
        select e.period_code, e.unit_id, e.form_code, e.level, e.answers, e.demo
        from expected_answers e
        where e.root_id = p_root and e.period_code = each and e.unit_id = any(visible)
          and (forms = '*' or e.form_code = any(string_to_array(forms, ',')));
    end loop;
end
$$
"""

EXPECTED_OF, STORED_ROLLUPS = "expected_of(int, text[], int[])", "stored_rollups(int, text[], int[], text[])"


def upgrade() -> None:
    op.create_index("ix_rollup_indicator", "rollup", ["root_id", "period_code", "indicator", "unit_id"])
    _replace({EXPECTED_OF: EXPECTED, STORED_ROLLUPS: STORED})


def downgrade() -> None:
    _replace({EXPECTED_OF: EXPECTED_BEFORE, STORED_ROLLUPS: STORED_BEFORE})
    op.drop_index("ix_rollup_indicator", "rollup")


def _replace(functions: dict[str, str]) -> None:
    op.execute("grant create on schema public to huizong_definer")
    for signature, function in functions.items():
        op.execute(f"drop function {signature}")
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
