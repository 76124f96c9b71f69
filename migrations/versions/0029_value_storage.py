"""Let one function write values, a version at a time, in the place of foreign keys that were checked row by row.

Two foreign keys took two thirds of the time in which a value was stored. What they kept is kept otherwise:

* a value belongs to a version, and its path is the unit's own: `put_values` and `copy_values` are the only way in, and
  take path and depth from the version, which they hold until the commit; nobody may change a value's key or path;
* the version stays: nobody may delete it or change its key;
* a unit that moves takes its values along: `follow_units`, beside the foreign keys of the other tables. It finds them through
  their versions, and needs no index of its own.

Whole numbers lead the primary key: what is compared and skipped at every step through the index comes first.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
WRITES = "current_setting('huizong.writes', true) = 'on'"

SUBMISSION = ("root_id", "period_code", "form_code", "unit_id")
BY_TEXT = (*SUBMISSION, "version_number", "indicator")
BY_NUMBER = ("root_id", "unit_id", "version_number", "period_code", "form_code", "indicator")
FREE_OF_VALUE = (
    "status", "number", "text", "approximate", "as_of_on", "note", "row_version", "entered_by_id", "entered_by",
    "entered_at", "upload_id", "cell", "open_to",
)  # fmt: skip
FREE_OF_VERSION = ("opened_at", "opened_reason", "sealed_at", "sealed_by", "sha256", "sm3", "open_to")

# The version is shared until the commit, so that it keeps its path while a reorganisation waits.
HOLD = f"""
    select unit_path, open_to into held from submission_version
    where root_id = p_root and period_code = p_period and form_code = p_form and unit_id = p_unit
      and number = p_version and unit_path <@ {SCOPE} and {WRITES}
    for share;
    if not found then
        raise exception 'values of a version that is not there, or outside the scope' using errcode = '42501';
    end if;
"""

OF_VERSION = """
    root_id = p_root and unit_id = p_unit and version_number = p_version and period_code = p_period
    and form_code = p_form
"""

# A column comes as one text, because the driver spends ten times as long on the elements of an array. One that is
# null stands for the same in every row: reported, exact, without words; one that is empty is a single empty text. Speculative insertion costs half as much
# again, so it is left to drafts that hold something.
INSERT = r"""
    insert into value (root_id, period_code, form_code, unit_id, unit_path, version_number, indicator, status, number,
        text, approximate, as_of_on, note, row_version, entered_by_id, entered_by, entered_at, upload_id, cell, open_to)
    select p_root, p_period, p_form, p_unit, held.unit_path, p_version, v.indicator, coalesce(v.status, 'reported'),
        v.number::numeric, coalesce(v.text, case when p_texts = '' then '' end), coalesce(v.approximate::boolean, false), v.as_of_on::date, coalesce(v.note, ''), 1,
        p_entered_by_id, p_entered_by, p_entered_at, p_upload_id, v.cell, held.open_to
    from (
        select unnest(string_to_array(p_indicators, e'\x1f')) as indicator,
            unnest(string_to_array(p_statuses, e'\x1f')) as status,
            unnest(string_to_array(p_numbers, e'\x1f', e'\x1e')) as number,
            unnest(string_to_array(p_texts, e'\x1f', e'\x1e')) as text,
            unnest(string_to_array(p_approximates, e'\x1f')) as approximate,
            unnest(string_to_array(p_days, e'\x1f', e'\x1e')) as as_of_on,
            unnest(string_to_array(p_notes, e'\x1f', e'\x1e')) as note,
            unnest(string_to_array(p_cells, e'\x1f', e'\x1e')) as cell
    ) v
"""

PUT = rf"""
create function put_values(
    p_root int, p_period text, p_form text, p_unit int, p_version int, p_entered_by_id int, p_entered_by text,
    p_entered_at timestamptz, p_upload_id uuid, p_indicators text, p_statuses text, p_numbers text, p_texts text,
    p_approximates text, p_days text, p_notes text, p_cells text
) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    held record;
    written int;
begin
{HOLD}
    if exists (select from value where {OF_VERSION}) then
        {INSERT}
        on conflict ({", ".join(BY_NUMBER)}) do update set status = excluded.status, number = excluded.number,
            text = excluded.text, approximate = excluded.approximate, as_of_on = excluded.as_of_on,
            note = excluded.note, row_version = value.row_version + 1, entered_by_id = excluded.entered_by_id,
            entered_by = excluded.entered_by, entered_at = excluded.entered_at, upload_id = excluded.upload_id,
            cell = excluded.cell, open_to = excluded.open_to
        where value.open_to > 0 and {DEPTH} >= value.open_to;
    else
        {INSERT};
    end if;
    get diagnostics written = row_count;
    if written < cardinality(string_to_array(p_indicators, e'\x1f')) then
        raise exception 'values that may not be changed' using errcode = '42501';
    end if;
end
$$
"""
COPIED = ", ".join(("indicator", *FREE_OF_VALUE[:-1]))
COPY = f"""
create function copy_values(p_root int, p_period text, p_form text, p_unit int, p_from int, p_version int) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    held record;
begin
{HOLD}
    insert into value (root_id, period_code, form_code, unit_id, unit_path, version_number, open_to, {COPIED})
    select p_root, p_period, p_form, p_unit, held.unit_path, p_version, held.open_to, {COPIED}
    from value where {OF_VERSION.replace("= p_version", "= p_from")};
end
$$
"""
# Callable by anybody, because it only brings paths in line with the versions', which follow by foreign key.
FOLLOW = """
create function follow_units(p_units int[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update value x set unit_path = v.unit_path from submission_version v
    where v.unit_id = any(p_units) and x.unit_path <> v.unit_path
      and (x.root_id, x.unit_id, x.version_number, x.period_code, x.form_code)
        = (v.root_id, v.unit_id, v.number, v.period_code, v.form_code)
$$
"""
FUNCTIONS = {
    f"put_values(int, text, text, int, int, int, text, timestamptz, uuid{', text' * 8})": PUT,
    "copy_values(int, text, text, int, int, int)": COPY,
    "follow_units(int[])": FOLLOW,
}


def upgrade() -> None:
    for constraint in ("fk_value_submission_version", op.f("fk_value_unit_id_unit_path")):
        op.drop_constraint(constraint, "value")
    op.drop_index("ix_value_unit", "value")
    _primary_key(BY_NUMBER)
    op.execute("grant insert on value to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    for function, definition in FUNCTIONS.items():
        op.execute(definition)
        op.execute(f"alter function {function} owner to huizong_definer")
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    op.execute("drop policy inserting on value")
    op.execute("revoke insert, update on value from huizong_app")
    op.execute("revoke update, delete on submission_version from huizong_app")
    op.execute(f"grant update ({', '.join(FREE_OF_VALUE)}) on value to huizong_app")
    op.execute(f"grant update ({', '.join(FREE_OF_VERSION)}) on submission_version to huizong_app")


def _primary_key(columns: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("pk_value"), "value")
    op.create_primary_key(op.f("pk_value"), "value", columns)


def downgrade() -> None:
    op.execute(f"revoke update ({', '.join(FREE_OF_VERSION)}) on submission_version from huizong_app")
    op.execute(f"revoke update ({', '.join(FREE_OF_VALUE)}) on value from huizong_app")
    op.execute("grant update, delete on submission_version to huizong_app")
    op.execute("grant insert, update on value to huizong_app")
    op.execute(
        f"create policy inserting on value for insert to huizong_app with check (unit_path <@ {SCOPE} and {WRITES})"
    )
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.execute("revoke insert on value from huizong_definer")
    _primary_key(BY_TEXT)
    op.create_index("ix_value_unit", "value", ["unit_id"])
    op.create_foreign_key(
        "fk_value_submission_version",
        "value", "submission_version", BY_TEXT[:-1], (*SUBMISSION, "number"),
    )  # fmt: skip
    op.create_foreign_key(
        op.f("fk_value_unit_id_unit_path"),
        "value", "unit", ["unit_id", "unit_path"], ["id", "path"], onupdate="CASCADE",
    )  # fmt: skip
