"""Spread the tables over the nodes of a Citus cluster, if the database is the coordinator of one.

Tables of units are distributed by `root_id`, all alike: what belongs to one top unit stands on one node. What they
refer to, and what refers to nothing else, is shared: every node has all of it. People, accounts and jobs stay on the
coordinator. Which table is which is read off the models.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Table, event, text
from sqlalchemy.schema import AddConstraint

from portal.db import APP_ROLE, Base
from portal.models import EventChain

_KEY = "root_id"
_ANCHOR = EventChain.__tablename__
"""The tenant table beside whose rows those of all others are put."""

_THERE = "_there"

_TO_PLPGSQL = """
select format('create or replace function %I(%s) returns %s language plpgsql'
    ' %s security definer %s as $citus$ %s $citus$',
    proname, pg_get_function_arguments(oid), pg_get_function_result(oid),
    case provolatile when 's' then 'stable' when 'i' then 'immutable' else 'volatile' end,
    (select string_agg(format('set %s to %s', split_part(each, '=', 1), split_part(each, '=', 2)), ' ')
     from unnest(proconfig) each),
    case when prorettype = 'void'::regtype then format('begin %s; end', body)
         when proretset then format(e'#variable_conflict use_column\nbegin return query %s; end', body)
         else format(e'#variable_conflict use_column\nbegin return (%s); end', body) end)
from (select *, rtrim(prosrc, e' ;\n') as body from pg_proc) f
where prosecdef and pronamespace = 'public'::regnamespace
  and prolang = (select oid from pg_language where lanname = 'sql')
"""
"""Citus cannot tell the node by a parameter of a function in SQL."""

_LET_PARAMETERS_BE_SEEN = """
select format('alter function %s reset plan_cache_mode', oid::regprocedure) from pg_proc
where pronamespace = 'public'::regnamespace and 'plan_cache_mode=force_generic_plan' = any(proconfig)
"""

_LET_QUERIES_NEST = """
select format('alter function %s set citus.allow_nested_distributed_execution to on', oid::regprocedure) from pg_proc
where pronamespace = 'public'::regnamespace and (
    prosecdef or oid in (
        select refobjid from pg_depend where classid = 'pg_policy'::regclass and refclassid = 'pg_proc'::regclass
    )
) and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
"""
"""Such a function asks about other rows of the same top unit, which stand on the same node."""

_DROP_STALE = f"""
select format('drop function %s', here.oid::regprocedure) from pg_proc here
join pg_proc f on f.pronamespace = here.pronamespace and f.proname || '{_THERE}' = here.proname
where here.pronamespace = 'public'::regnamespace and f.prosecdef and f.proargtypes = here.proargtypes
"""

_SEND_THERE = f"""
select format('alter function %s rename to %I;', oid::regprocedure, there)
    || format('create function %I(%s) returns %s language plpgsql'
        ' %s set search_path to public, pg_temp set citus.allow_nested_distributed_execution to on'
        ' as $citus$ %s $citus$;',
        proname, pg_get_function_arguments(oid), pg_get_function_result(oid),
        case provolatile when 's' then 'stable' else 'volatile' end,
        case when prorettype = 'void'::regtype then format('begin perform %s from %s; end', call, place)
             when proretset then format(e'#variable_conflict use_column\\n'
                'begin return query select there.* from %s, %s there; end', place, call)
             else format('declare it %s; begin select %s into it from %s; return it; end',
                         format_type(prorettype, null), call, place) end)
    || format('revoke all on function %I(%s) from public;', proname, pg_get_function_identity_arguments(oid))
    || format('grant execute on function %I(%s) to huizong_app, huizong_definer;', proname,
              pg_get_function_identity_arguments(oid))
    || format('alter function %I(%s) owner to %s', proname, pg_get_function_identity_arguments(oid), proowner::regrole)
from (
    select *, proname || '{_THERE}' as there,
        (select format('%I(%s)', proname || '{_THERE}', string_agg('$' || n, ', ')) from generate_series(1, pronargs) n)
            as call,
        '(select count(*) from {_ANCHOR} where {_KEY} = $1) place' as place
    from pg_proc
) f
where prosecdef and pronamespace = 'public'::regnamespace and proargnames[1] = 'p_root'
  and right(proname, {len(_THERE)}) <> '{_THERE}'
"""
"""The name now belongs to a function that sends the call to the node where the rows of its first argument are.

There the function works in the caller's own transaction; here it would work as another person beside it.
"""


def is_cluster(connection: Connection) -> bool:
    """Whether Citus is installed in the database."""
    return bool(connection.scalar(text("select exists (select from pg_extension where extname = 'citus')")))


def kinds() -> tuple[list[Table], list[Table]]:
    """The tables of units, and those that all nodes share, each after those that it refers to."""
    tables = Base.metadata.sorted_tables
    tenant = [table for table in tables if [column.name for column in table.primary_key.columns][:1] == [_KEY]]
    shared: set[Table] = set()
    while True:
        found = {other for table in (*tenant, *shared) for other in _referred(table)} - set(tenant)
        found |= {table for table in tables if table not in tenant and _referred(table) and _referred(table) <= shared}
        if found <= shared:
            return tenant, [table for table in tables if table in shared]
        shared |= found


def distribute(connection: Connection) -> None:
    """Spread what is not spread yet, and let functions and policies work there."""
    spread = _spread(connection)
    tenant, shared = kinds()
    for table in shared:
        if table.name not in spread:
            connection.execute(text("select create_reference_table(:name)"), {"name": table.name})
    for table in sorted(tenant, key=lambda table: table.name != _ANCHOR):
        if table.name not in spread:
            _spread_by_root(connection, table.name)
    _adapt_functions(connection)
    # Citus works on the workers as whoever asks; without a password nobody else can be this role.
    if not connection.scalar(text("select rolcanlogin from pg_roles where rolname = :role"), {"role": APP_ROLE}):
        connection.exec_driver_sql(f"alter role {APP_ROLE} login")


@contextmanager
def joining(connection: Connection) -> Iterator[None]:
    """Within the block, a table of units that a migration creates joins the others at once.

    A foreign key to a distributed table is possible only from a table that is distributed already. A migration may
    change several tables of one node, one after another; tables refer to shared ones without joining Citus themselves.
    """
    connection.exec_driver_sql("set citus.multi_shard_modify_mode = 'sequential'")
    connection.exec_driver_sql("set citus.enable_local_reference_table_foreign_keys = off")
    withheld: dict[str, list[ForeignKeyConstraint]] = {}

    def withhold(table: Table, connection: Connection, **_kw: Any) -> None:
        spread = _spread(connection)
        withheld[table.name] = [
            key for key in table.foreign_key_constraints if spread.get(key.referred_table.name) == "h"
        ]
        table.constraints.difference_update(withheld[table.name])

    def join(table: Table, connection: Connection, **_kw: Any) -> None:
        if withheld.get(table.name):
            _spread_by_root(connection, table.name)
        for key in withheld.pop(table.name, []):
            connection.execute(AddConstraint(key))

    event.listen(Table, "before_create", withhold)
    event.listen(Table, "after_create", join)
    try:
        yield
    finally:
        event.remove(Table, "before_create", withhold)
        event.remove(Table, "after_create", join)


def _referred(table: Table) -> set[Table]:
    return {key.referred_table for key in table.foreign_key_constraints} - {table}


def _spread(connection: Connection) -> dict[str, str]:
    """By table how it is spread: `h` by key, `n` to all nodes."""
    query = text("select logicalrelid::text as name, partmethod::text as method from pg_dist_partition")
    return {row.name: row.method for row in connection.execute(query)}


def _spread_by_root(connection: Connection, name: str) -> None:
    beside = "default" if name == _ANCHOR else _ANCHOR
    connection.execute(
        text("select create_distributed_table(:name, :key, colocate_with => :beside)"),
        {"name": name, "key": _KEY, "beside": beside},
    )


def _adapt_functions(connection: Connection) -> None:
    connection.exec_driver_sql("grant create on schema public to huizong_definer")
    for query in (_TO_PLPGSQL, _LET_PARAMETERS_BE_SEEN, _LET_QUERIES_NEST, _DROP_STALE, _SEND_THERE):
        for statement in connection.exec_driver_sql(query.replace("%", "%%")).scalars().all():
            connection.exec_driver_sql(statement.replace("%", "%%"))
    connection.exec_driver_sql("revoke create on schema public from huizong_definer")
