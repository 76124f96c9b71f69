"""Formulas of a generated workbook: ratios for display only (importing computes them anew), and what may be typed."""

from collections.abc import Callable
from typing import Literal

from openpyxl.worksheet.datavalidation import DataValidation

from importers.template_job import Job
from portal.domain.conditions import Choice
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import DataType, Indicator, Source
from portal.domain.quantities import Call, Node, Quantity, Reference, When
from portal.domain.values import NO, YES, exact_text
from portal.domain.wording import spelled

NOT_APPLICABLE = {"zh": "不适用", "en": "N/A"}
_LONGEST_LIST = 255
_NOT_TYPED = "—"


def display_formula(job: Job, indicator: Indicator) -> str | None:
    """The formula that shows what is calculated from the sheet's figures; None when this workbook cannot tell it.

    It cannot where another figure was accepted, because last year's was corrected since. It shows a dash until every
    operand is a number and the denominator is not 0.
    """
    if indicator.source is not Source.CALCULATED or job.value(indicator) != job.values[indicator.code]:
        return None
    sources = [source.root for source in worked_out_from(job.form, indicator)]
    if not all(_in_sheet(source, job) for source in sources):
        return None
    seen_from = job.places[indicator.code].sheet

    def cell_of(reference: Reference) -> str:
        place = job.places[reference.code]
        return place.reference(place.before if reference.when is When.LAST_YEAR else place.column, seen_from)

    operands = list(dict.fromkeys(cell_of(r) for source in sources for r in source.references))
    counted = f"COUNT({','.join(operands)})<{len(operands)}"
    above, *divisor = [_spreadsheet(source, cell_of) for source in sources]
    if not divisor:
        return f'=IF({counted},"{_NOT_TYPED}",{above})'
    (below,) = divisor
    ratio = f"({above})/({below})*{exact_text(indicator.aggregation.multiplier)}"
    return f'=IF({counted},"{_NOT_TYPED}",IF(({below})=0,"{_NOT_TYPED}",{ratio}))'


def _in_sheet(node: Node, job: Job) -> bool:
    """Whether a spreadsheet of this form can work it out: arithmetic alone, of figures that stand in it."""
    return isinstance(node, Quantity) and _is_arithmetic(node) and all(_is_shown(r, job) for r in node.references)


def _is_shown(reference: Reference, job: Job) -> bool:
    place = None if reference.form else job.places.get(reference.code)
    match reference.when:
        case When.NOW:
            return place is not None
        case When.LAST_YEAR:
            return place is not None and bool(place.before)
    return False


def _is_arithmetic(node: Node) -> bool:
    return not isinstance(node, Call | Choice) and all(_is_arithmetic(part) for part in node.parts())


def _spreadsheet(quantity: Node, cell_of: Callable[[Reference], str]) -> str:
    return spelled(quantity, cell_of).replace("×", "*").replace("÷", "/") if isinstance(quantity, Quantity) else ""


def validation(job: Job, indicator: Indicator, cell: str) -> DataValidation | None:
    """What a spreadsheet program lets the user type: a number, a choice, or that it does not apply.

    Args:
        job: the workbook.
        indicator: says what kind of answer is wanted.
        cell: address of the cell; of the first one, if it is for several.
    """
    words = f"“{NOT_APPLICABLE[job.language]}”"
    if indicator.type.is_number:
        rule = _number_rule(indicator, cell)
        whole = indicator.type is DataType.COUNT
        kind = {"zh": "整数" if whole else "数字", "en": "a whole number" if whole else "a number"}[job.language]
        least = "" if indicator.minimum is None else f"≥{exact_text(indicator.minimum)}"
        prompt = {
            "zh": f"填{least}的{kind}，以{indicator.unit}计。没有发生填0，没有此项职责填{words}，约数写“约3.7”。",
            "en": f"Enter {kind} {least} ({indicator.unit}). 0 if none, {words} if not a duty, 约3.7 if approximate.",
        }[job.language]
        return _validation("custom", rule, prompt)
    if indicator.type in {DataType.YES_NO, DataType.RATING}:
        choices = (YES, NO) if indicator.type is DataType.YES_NO else indicator.choices
        listed = ",".join((*choices, NOT_APPLICABLE[job.language]))
        if any("," in choice for choice in choices) or len(listed) > _LONGEST_LIST:
            return None
        return _validation("list", f'"{listed}"', {"zh": "请从列表中选择", "en": "Choose from the list"}[job.language])
    return None


def _number_rule(indicator: Indicator, cell: str) -> str:
    conditions = [f"ISNUMBER({cell})"]
    if indicator.minimum is not None:
        conditions.append(f"{cell}>={exact_text(indicator.minimum)}")
    if indicator.type is DataType.COUNT:
        conditions.append(f"{cell}=INT({cell})")
    number = f"AND({','.join(conditions)})" if len(conditions) > 1 else conditions[0]
    # AND of a text raises an error in some programs, so the words are looked at first.
    return f'IF(ISTEXT({cell}),OR({cell}="不适用",{cell}="N/A",LEFT({cell},1)="约"),{number})'


def _validation(kind: Literal["custom", "list"], formula: str, prompt: str) -> DataValidation:
    return DataValidation(
        type=kind,
        formula1=formula,
        allow_blank=True,
        showErrorMessage=True,
        showInputMessage=True,
        errorStyle="stop",
        error=prompt[:_LONGEST_LIST],
        prompt=prompt[:_LONGEST_LIST],
    )
