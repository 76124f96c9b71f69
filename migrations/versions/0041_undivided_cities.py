"""A level for cities without districts, which are asked what cities are asked and what districts are.

Units keep the level they have: an administrator knows which cities have no districts, and from which day on.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

PLACEMENT = "ck_placement_level"
LEVELS = ("province", "city", "district", "town")
WITH_UNDIVIDED = ("province", "city", "undivided_city", "district", "town")
FORCED = ("submission", "expected_answers", "collection", "reorganisation")

CITIES_AGAIN = (
    *(
        f"update {table} set level = 'city' where level = 'undivided_city'"
        for table in ("placement", "node", "submission")
    ),
    # what follows was written for these levels, or is remembered of them
    "update tree set stamp = gen_random_uuid()",
    "select count_expected(root_id, period_code, null) from (select distinct root_id, period_code from collection) sent",
    """
    update reorganisation
    set changes = replace(changes::text, '"undivided_city"', '"city"')::jsonb,
        before = replace(before, ',undivided_city,', ',city,')
    where changes::text like '%undivided_city%' or before like '%undivided_city%'
    """,
)


def _allow(levels: tuple[str, ...]) -> None:
    op.create_check_constraint(op.f(PLACEMENT), "placement", f"level in ({', '.join(map(repr, levels))})")


def upgrade() -> None:
    """Let placements be of the level."""
    op.drop_constraint(op.f(PLACEMENT), "placement", type_="check")
    _allow(WITH_UNDIVIDED)


def downgrade() -> None:
    """Let these be cities like any other."""
    op.drop_constraint(op.f(PLACEMENT), "placement", type_="check")
    for table in FORCED:
        op.execute(f"alter table {table} no force row level security")
    for statement in CITIES_AGAIN:
        op.execute(statement)
    for table in FORCED:
        op.execute(f"alter table {table} force row level security")
    _allow(LEVELS)
