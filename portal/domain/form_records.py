"""What may stand in a form file: every key, and the kind of value it takes."""

from portal.domain.cross_tables import Axis, CrossTable, Line, LineRule
from portal.domain.forms import (
    Aggregation,
    AggregationKind,
    Balance,
    Below,
    Blank,
    Change,
    ChangeKind,
    DataType,
    Direction,
    FormVersion,
    Incomplete,
    Indicator,
    OverTime,
    Parts,
    Rule,
    Scope,
    Section,
    Severity,
    Sheet,
    Source,
    Text,
)
from portal.domain.level_kind import Levels
from portal.domain.lists import ColumnType, ListColumn, ListTable
from portal.domain.periods import PeriodKind
from portal.domain.record_kinds import Choice, Day, Exact, Figures, Flag, Several, Whole, Word
from portal.domain.records import Field, Later, Partly, Record

TEXT = Record(Text, (Field("zh", Word()), Field("en", Word())), short="zh")

ROLL_UP = Record(
    Aggregation,
    (
        Field("how", Choice(AggregationKind), "kind"),
        Field("of", Word()),
        Field("numerator", Word()),
        Field("denominator", Word()),
        Field("weight", Word()),
        Field("multiplier", Exact()),
        Field("show_mean", Flag()),
        Field("incomplete", Choice(Incomplete)),
    ),
    short="how",
)

BALANCE = Record(Balance, (Field("plus", Several(Word())), Field("minus", Several(Word()))))

INDICATOR = Record(
    Indicator,
    (
        Field("code", Word()),
        Field("name", TEXT),
        Field("unit", Word()),
        Field("unit_synonyms", Several(Word())),
        Field("type", Choice(DataType)),
        Field("choices", Several(Word())),
        Field("source", Choice(Source)),
        Field("carried_from", Word()),
        Field("formula", Word()),
        Field("roll_up", ROLL_UP, "aggregation"),
        Field("filled_by", Levels(), default=frozenset()),  # left out: by every level of the form
        Field("scope", Choice(Scope)),
        Field("stock", Flag()),
        Field("over_time", Choice(OverTime)),
        Field("eliminate", Word()),
        Field("core", Flag()),
        Field("decimals", Whole()),
        Field("min", Exact(), "minimum"),
        Field("max", Exact(), "maximum"),
        Field("plausible_max", Exact(), "plausible_maximum"),
        Field("explain_change", Exact(), "change_explain_percent"),
        Field("outlier", Exact()),
        Field("part_of", Word(), "parent"),
        Field("parts", Choice(Parts)),
        Field("balance", BALANCE),
        Field("children", Choice(Below), "against_children"),
        Field("direction", Choice(Direction)),
        Field("definition", TEXT),
    ),
)

RULE = Record(
    Rule,
    (
        Field("id", Word()),
        Field("severity", Choice(Severity)),
        Field("indicator", Word()),
        Field("expression", Word()),
        Field("tolerance", Exact()),
        Field("left_blank", Choice(Blank)),
        Field("right_blank", Choice(Blank)),
        Field("words", TEXT),
        Field("advice", TEXT),
        Field("source", TEXT),
        Field("levels", Levels()),
        Field("from", Day(), "valid_from"),
        Field("to", Day(), "valid_to"),
        Field("passes", Several(Figures())),
        Field("fails", Several(Figures())),
    ),
)

CELLS = Partly(tuple(each for each in INDICATOR.table if each.key not in {"code", "name"}))

LINE: Record = Record(
    Line,
    (
        Field("code", Word()),
        Field("name", TEXT),
        Field("sum", Several(Word())),
        Field("blocked", Several(Word())),
        Field("cells", CELLS),
        Field("lines", Several(Later(lambda: LINE))),
    ),
)

LINE_RULE = Record(LineRule, (Field("each", Choice(Axis)), *RULE.table))

CROSS = Record(
    CrossTable,
    (
        Field("cells", CELLS),
        Field("columns", Several(LINE)),
        Field("rows", Several(LINE)),
        Field("rules", Several(LINE_RULE)),
    ),
)

COLUMN = Record(
    ListColumn,
    (
        Field("code", Word()),
        Field("name", TEXT),
        Field("type", Choice(ColumnType)),
        Field("unit", Word()),
        Field("unit_synonyms", Several(Word())),
        Field("decimals", Whole()),
        Field("min", Exact(), "minimum"),
        Field("max", Exact(), "maximum"),
        Field("choices", Several(Word())),
        Field("required", Flag()),
        Field("key", Flag()),
        Field("definition", TEXT),
    ),
)

LIST = Record(
    ListTable,
    (
        Field("code", Word()),
        Field("filled_by", Levels(), default=frozenset()),  # left out: by every level of the form
        Field("least", Whole()),
        Field("most", Whole()),
        Field("core", Flag()),
        Field("columns", Several(COLUMN)),
    ),
)

SHEET = Record(
    Sheet,
    (
        Field("code", Word()),
        Field("name", TEXT),
        Field("indicators", Several(INDICATOR), "listed"),
        Field("cross", CROSS),
        Field("list", LIST, "table"),
    ),
)

ADDED_INDICATOR = Record(
    Indicator,
    tuple(Field("core", Flag(), default=False) if each.key == "core" else each for each in INDICATOR.table),
)

ADDED_SHEET = Record(
    Sheet,
    (
        Field("code", Word()),
        Field("name", TEXT, default=Text("")),  # left out: the form's sheet of that code
        Field("indicators", Several(ADDED_INDICATOR), "listed"),
    ),
)

SECTION = Record(
    Section,
    (
        Field("code", Word()),
        Field("name", TEXT),
        Field("guide", TEXT),
        Field("source", TEXT),
        Field("required", Flag()),
    ),
)

ADDED_SECTION = Record(Section, tuple(each for each in SECTION.table if each.key != "required"))

CHANGE = Record(
    Change,
    (Field("how", Choice(ChangeKind)), Field("old", Several(Word())), Field("new", Several(Word()))),
)

FORM = Record(
    FormVersion,
    (
        Field("code", Word()),
        Field("number", Whole()),
        Field("name", TEXT),
        Field("period", Choice(PeriodKind), "period_kind"),
        Field("levels", Levels()),
        Field("issuer", TEXT),
        Field("approval", TEXT),
        Field("validity", TEXT),
        Field("explain_unchanged", Flag()),
        Field("sheets", Several(SHEET)),
        Field("outline", Several(SECTION)),
        Field("rules", Several(RULE)),
        Field("mapping", Several(CHANGE)),
    ),
)
