"""What the field's codes are called on screen, and the sign and tone they are shown with."""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from portal.domain.actors import KeyScope
from portal.domain.batches import BatchKind, BatchState, LineOutcome
from portal.domain.forms import Aggregation, AggregationKind, Severity
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.reorganisations import ChangeKind, ReorganisationState
from portal.domain.units import Level
from portal.domain.values import NO, YES
from portal.queries.findings import Decision
from portal.queries.rollups.differences import Verdict
from portal.queries.rollups.provenance import Absence
from portal.web.language import lazy_gettext as _


@dataclass(frozen=True)
class Word:
    """A name, a sign that tells it apart without colour, and a tone of the style sheet."""

    name: LazyString
    sign: str = ""
    tone: str = "quiet"


STATES: dict[State, Word] = {
    State.ASSIGNED: Word(_("待签收"), "○", "quiet"),
    State.DRAFTING: Word(_("填报中"), "✎", "info"),
    State.CHECKED: Word(_("已审核（本单位）"), "◐", "info"),
    State.LEGALLY_REVIEWED: Word(_("已法制审核"), "◑", "info"),
    State.SIGNED: Word(_("已签发"), "◕", "info"),
    State.SUBMITTED: Word(_("已上报"), "●", "explain"),
    State.SENT_BACK: Word(_("已退回"), "↩", "blocking"),
    State.ACCEPTED: Word(_("已验收"), "✓", "good"),
    State.LOCKED: Word(_("已封账"), "✓", "good"),
    State.PUBLISHED: Word(_("已公布"), "✓", "good"),
}

CHANGE_KINDS: dict[ChangeKind, LazyString] = {
    ChangeKind.RENAME: _("更名"),
    ChangeKind.MOVE: _("改变隶属"),
    ChangeKind.LEVEL: _("改变层级"),
    ChangeKind.NEW: _("新设"),
    ChangeKind.MERGE: _("合并"),
    ChangeKind.SPLIT: _("拆分"),
    ChangeKind.DISSOLVE: _("撤销"),
}

REORGANISATION_STATES: dict[ReorganisationState, Word] = {
    ReorganisationState.DRAFT: Word(_("草稿"), "✎", "info"),
    ReorganisationState.APPLIED: Word(_("已实施"), "●", "explain"),
    ReorganisationState.PUBLISHED: Word(_("已公布"), "✓", "good"),
    ReorganisationState.UNDONE: Word(_("已撤回"), "↩", "quiet"),
}

ACTIONS: dict[Action, LazyString] = {
    Action.RECEIVE: _("签收"),
    Action.CHECK: _("审核通过（本单位）"),
    Action.LEGAL_REVIEW: _("法制审核通过"),
    Action.SIGN: _("签发"),
    Action.SUBMIT: _("上报"),
    Action.WITHDRAW: _("撤回"),
    Action.SEND_BACK: _("退回"),
    Action.ACCEPT: _("验收"),
    Action.REOPEN: _("重新打开"),
    Action.LOCK: _("封账"),
    Action.PUBLISH: _("公布"),
}

OTHER_STATES: dict[str, LazyString] = {
    "exempt": _("免报"),
    "waiting": _("等待检查"),
    "working": _("正在检查"),
    "done": _("已检查，没有可写入的数"),
    "failed": _("检查没有完成"),
    "cancelling": _("正在取消"),
    "cancelled": _("已取消"),
    "enough_under_way": _("已有几个批量任务没有办完"),
}
"""States in which an InvalidMove may leave something, beside those of a submission: exempt, and those of an upload."""

OTHER_ACTIONS: dict[str, LazyString] = {
    "edit": _("修改"),
    "adjust": _("冲抵或调整汇总数"),
    "apply": _("写入草稿"),
    "confirm_layout": _("确认对应关系"),
    "exempt": _("免报"),
    "decide_explanation": _("审定说明"),
    "order": _("再提交批量任务"),
    "cancel": _("取消"),
    "enter": _("写入草稿"),
}
"""What an InvalidMove may refuse beside the actions."""

BATCH_KINDS: dict[BatchKind, LazyString] = {
    BatchKind.TEMPLATES: _("模板包"),
    BatchKind.TABLE: _("汇总表"),
    BatchKind.ANSWERS: _("批量代报"),
    BatchKind.CHECK: _("批量检查"),
}

BATCH_STATES: dict[BatchState, Word] = {
    BatchState.WAITING: Word(_("排队中"), "○", "quiet"),
    BatchState.WORKING: Word(_("处理中"), "✎", "info"),
    BatchState.CANCELLING: Word(_("正在取消"), "◐", "consent"),
    BatchState.DONE: Word(_("已完成"), "✓", "good"),
    BatchState.CANCELLED: Word(_("已取消"), "⊘", "quiet"),
    BatchState.FAILED: Word(_("没有完成"), "✕", "blocking"),
}

LINE_OUTCOMES: dict[LineOutcome, Word] = {
    LineOutcome.STORED: Word(_("已写入草稿"), "✓", "good"),
    LineOutcome.UNCHANGED: Word(_("与草稿相同"), "✓", "good"),
    LineOutcome.EMPTY: Word(_("没有填数"), "○", "quiet"),
    LineOutcome.MISTAKEN: Word(_("有读不懂的格，整个单位没有写入"), "✕", "blocking"),
    LineOutcome.UNKNOWN_UNIT: Word(_("没有这个单位代码"), "✕", "blocking"),
    LineOutcome.NOT_BELOW: Word(_("不是本单位的下级"), "✕", "blocking"),
    LineOutcome.NOT_ASKED: Word(_("本任务没有下达给它"), "✕", "blocking"),
    LineOutcome.REPEATED: Word(_("同一单位出现两次"), "✕", "blocking"),
    LineOutcome.MISNAMED: Word(_("单位名称与代码不符"), "✕", "blocking"),
    LineOutcome.EXEMPT: Word(_("免报"), "⊘", "quiet"),
    LineOutcome.HANDED_IN: Word(_("已上报或已验收，不能写入"), "!", "consent"),
    LineOutcome.SIGNED_OFF: Word(_("该单位已审核或签发，不能写入"), "!", "consent"),
    LineOutcome.HAS_FIGURES: Word(_("草稿里已有数，没有覆盖"), "!", "consent"),
    LineOutcome.NOT_PERMITTED: Word(_("您没有代报权限"), "✕", "blocking"),
    LineOutcome.NOT_RECOGNISED: Word(_("不是本任务的模板"), "✕", "blocking"),
    LineOutcome.UNREADABLE: Word(_("文件打不开"), "✕", "blocking"),
}


def line_outcomes(kind: BatchKind) -> dict[LineOutcome, Word]:
    """What became of units; of a batch that only checks, what would."""
    if kind is not BatchKind.CHECK:
        return LINE_OUTCOMES
    return LINE_OUTCOMES | {LineOutcome.STORED: Word(_("可以写入草稿"), "✓", "good")}


SEVERITIES: dict[Severity, Word] = {
    Severity.BLOCKING: Word(_("必须改正"), "✕", "blocking"),
    Severity.CONSENT: Word(_("须说明并经上级同意"), "!", "consent"),
    Severity.EXPLAIN: Word(_("须说明"), "?", "explain"),
    Severity.INFO: Word(_("提示"), "i", "info"),
}

LEVELS: dict[Level, LazyString] = {
    Level.PROVINCE: _("省级"),
    Level.CITY: _("地市级"),
    Level.UNDIVIDED_CITY: _("不设区的市"),
    Level.DISTRICT: _("区县级"),
    Level.TOWN: _("乡镇级"),
}

ROLES: dict[Role, LazyString] = {
    Role.FILLER: _("填报人"),
    Role.CHECKER: _("审核人"),
    Role.LEGAL_REVIEWER: _("法制审核人"),
    Role.HEAD: _("负责人"),
    Role.REVIEWER: _("上级审核员"),
    Role.PUBLISHER: _("公布员"),
    Role.UNIT_ADMIN: _("单位管理员"),
    Role.AUDITOR: _("审计员"),
    Role.PARTNER: _("协同单位人员"),
    Role.SYSTEM_ADMIN: _("系统管理员"),
}

KEY_SCOPES: dict[KeyScope, LazyString] = {
    KeyScope.READ: _("只读"),
    KeyScope.SUBMIT: _("读和填报"),
}

KEY_SCOPE_HINTS: dict[KeyScope, LazyString] = {
    KeyScope.READ: _("查数据、取汇总，不能改任何东西。"),
    KeyScope.SUBMIT: _("另外还能签收、填数、上传、说明、上报和撤回本单位的报表；审核、签发、验收等须由本人办理。"),
}

REASONS: dict[str, LazyString] = {
    "policy": _("政策或制度调整"),
    "business": _("业务量实际变化"),
    "caliber": _("统计口径变化"),
    "late_data": _("补录以前的数据"),
    "error_last_year": _("上年数有误"),
    "other": _("其他原因"),
}
"""Why a figure is as it is, by the codes of `portal.services.explanations.REASON_CODES`."""

DECISIONS: dict[Decision | None, Word] = {
    None: Word(_("已说明"), "○", "info"),
    Decision.ACCEPTED: Word(_("已采纳"), "✓", "good"),
    Decision.REFUSED: Word(_("未采纳"), "✕", "blocking"),
}
"""How an explanation stands; None: the superior has not decided about it."""

AGGREGATIONS: dict[AggregationKind, LazyString] = {
    AggregationKind.SUM: _("合计"),
    AggregationKind.RATIO_OF_SUMS: _("分子合计÷分母合计"),
    AggregationKind.WEIGHTED_MEAN: _("加权平均"),
    AggregationKind.MEAN: _("单位平均"),
    AggregationKind.MINIMUM: _("最小的一个单位"),
    AggregationKind.MAXIMUM: _("最大的一个单位"),
    AggregationKind.COUNT_YES: _("“是”的单位数"),
    AggregationKind.DISTRIBUTION: _("分布"),
    AggregationKind.RANGE: _("最小～最大"),
    AggregationKind.NONE: _("不汇总"),
}


TABLE_FORMATS = (("xlsx", "Excel"), ("csv", "CSV"))
"""Formats in which a table is written out, with their names in both languages."""

EXPORT_FORMATS = (*TABLE_FORMATS, ("json", "JSON"))
"""The same of a list of findings."""

SCOPES: dict[str, LazyString] = {"own": _("本级"), "territorial": _("属地"), "whole": _("全辖")}
"""Whose figures a roll-up counts."""

ABSENCES: dict[Absence, Word] = {
    Absence.LATE: Word(_("逾期未报"), "✕", "blocking"),
    Absence.OUTSTANDING: Word(_("未报，未到期"), "○", "quiet"),
    Absence.PENDING: Word(_("已上报，待验收"), "●", "explain"),
    Absence.UNANSWERED: Word(_("已验收，这一项没有填"), "—", "consent"),
    Absence.NOT_APPLICABLE: Word(_("不适用"), "⊘", "quiet"),
    Absence.EXEMPT: Word(_("免报"), "⊘", "quiet"),
    Absence.NOT_EXPECTED: Word(_("不要求报"), "·", "quiet"),
    Absence.LEFT: Word(_("后来划出管辖范围，看不到来源"), "⇄", "consent"),
    Absence.TORN: Word(_("后来拆分，分不开"), "✂", "blocking"),
}
"""Why a unit's figure is not in a roll-up."""

DIFFERENCE_VERDICTS: dict[Verdict, Word] = {
    Verdict.INCOMPLETE: Word(_("下级未报齐，暂不判定")),
    Verdict.OWN_MISSING: Word(_("本级未报")),
    Verdict.TERRITORIAL: Word(_("由区县填报，全辖数即下级合计")),
    Verdict.OWN_NOT_ALLOWED: Word(_("本级不填这项，却有本级数，请核实"), "!", "explain"),
    Verdict.SAME_AS_CHILDREN: Word(_("本级数等于下级合计，疑似把全辖数填成了本级数，请核实"), "!", "explain"),
    Verdict.ADDS_UP: Word(_("口径不同，两数相加为全辖数"), "", "good"),
}
"""What the difference between a unit's own figure and the sum of those below it says."""

_CHOICES: dict[str, LazyString] = {YES: _("是"), NO: _("否")}


def choice_name(choice: str) -> str:
    """An answer to choose; ratings are named by the form, in Chinese."""
    return str(_CHOICES.get(choice, choice))


def aggregation_word(aggregation: Aggregation) -> LazyString:
    """How an indicator rolls up, in a word or two."""
    return AGGREGATIONS[aggregation.kind]
