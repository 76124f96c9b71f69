"""What the field's codes are called on screen, and the sign and tone they are shown with."""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from portal.domain.actors import KeyScope
from portal.domain.batches import BatchKind, BatchState, LineOutcome
from portal.domain.event_kinds import EventGroup
from portal.domain.forms import Aggregation, AggregationKind, Severity
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.reorganisations import ChangeKind, ReorganisationState
from portal.domain.units import Level
from portal.domain.values import NO, YES
from portal.queries.findings import Decision
from portal.queries.provenance import Absence
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
    "cancelled": _("已取消"),
    "enough_under_way": _("已有几个批量任务没有办完"),
}
"""States in which an InvalidMove may leave something, beside those of a submission: exempt, and those of an upload."""

OTHER_ACTIONS: dict[str, LazyString] = {
    "edit": _("修改"),
    "apply": _("写入草稿"),
    "confirm_layout": _("确认对应关系"),
    "exempt": _("免报"),
    "decide_explanation": _("审定说明"),
    "order": _("再提交批量任务"),
    "cancel": _("取消"),
}
"""What an InvalidMove may refuse beside the actions."""

BATCH_KINDS: dict[BatchKind, LazyString] = {
    BatchKind.TEMPLATES: _("模板包"),
    BatchKind.TABLE: _("汇总表"),
    BatchKind.ANSWERS: _("批量代报"),
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

SEVERITIES: dict[Severity, Word] = {
    Severity.BLOCKING: Word(_("必须改正"), "✕", "blocking"),
    Severity.CONSENT: Word(_("须说明并经上级同意"), "!", "consent"),
    Severity.EXPLAIN: Word(_("须说明"), "?", "explain"),
    Severity.INFO: Word(_("提示"), "i", "info"),
}

LEVELS: dict[Level, LazyString] = {
    Level.PROVINCE: _("省级"),
    Level.CITY: _("地市级"),
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

EVENTS: dict[str, LazyString] = {
    "submission_received": _("签收"),
    "submission_checked": _("审核通过（本单位）"),
    "submission_legally_reviewed": _("法制审核通过"),
    "submission_signed": _("签发"),
    "submission_submitted": _("上报"),
    "submission_withdrawn": _("撤回"),
    "submission_sent_back": _("退回"),
    "submission_accepted": _("验收"),
    "submission_reopened": _("重新打开"),
    "submission_locked": _("封账"),
    "submission_published": _("公布"),
    "submission_due_changed": _("改期"),
    "submission_exempted": _("免报"),
    "submission_included": _("取消免报"),
    "submission_unsigned": _("撤销签审"),
    "collection_sent_down": _("下达任务"),
    "collection_changed": _("修改任务"),
    "addition_joined": _("补充指标加入任务"),
    "rule_changed": _("调整审核规则"),
    "rule_waived": _("豁免审核规则"),
    "waiver_ended": _("终止豁免"),
    "explanation_accepted": _("采纳说明"),
    "explanation_refused": _("不采纳说明"),
    "rollups_rebuilt": _("重算汇总数"),
    "demo_loaded": _("载入演示数据"),
    "file_uploaded": _("上传文件"),
    "values_entered_above": _("上级代填数据"),
    "batch_ordered": _("提交批量任务"),
    "batch_cancelled": _("取消批量任务"),
    "batch_ended": _("批量任务结束"),
    "upload_examined": _("文件审核完毕"),
    "upload_failed": _("文件审核没有完成"),
    "upload_applied": _("文件写入草稿"),
    "layout_confirmed": _("确认自用表格的对应关系"),
    "finding_explained": _("说明"),
    "values_changed": _("改数"),
    "list_changed": _("改清单"),
    "text_changed": _("改文字"),
    "evidence_added": _("添加附件"),
    "evidence_removed": _("去掉附件"),
    "work_assigned": _("分工"),
    "file_downloaded": _("下载文件"),
    "list_exported": _("导出清单"),
    "signed_in": _("登录"),
    "sign_in_failed": _("登录失败"),
    "signed_out": _("退出登录"),
    "account_locked": _("账号锁定"),
    "account_unlocked": _("账号解锁"),
    "password_changed": _("改密码"),
    "password_reset": _("重置密码"),
    "sessions_ended": _("结束登录"),
    "second_factor_enabled": _("打开两步验证"),
    "second_factor_disabled": _("关闭两步验证"),
    "second_factor_reset": _("重置两步验证"),
    "second_factor_failed": _("两步验证没有通过"),
    "recovery_codes_made": _("生成恢复码"),
    "recovery_code_used": _("使用恢复码"),
    "key_made": _("新建 API 密钥"),
    "keys_revoked": _("撤销 API 密钥"),
    "key_refused": _("API 密钥无效"),
    "person_added": _("新增人员"),
    "person_changed": _("修改人员资料"),
    "account_switched_off": _("停用账号"),
    "account_switched_on": _("启用账号"),
    "role_granted": _("授予角色"),
    "role_ended": _("终止角色"),
    "deputy_named": _("指定代理人"),
    "screens_changed": _("调整角色的屏幕"),
    "form_draft_begun": _("起草报表制度"),
    "form_draft_saved": _("修改报表制度草稿"),
    "form_draft_dropped": _("删除报表制度草稿"),
    "form_published": _("发布报表制度"),
    "addition_published": _("发布补充指标"),
    "units_imported": _("单位变动"),
    "reorganisation_described": _("起草区划调整"),
    "reorganisation_dropped": _("删除区划调整草稿"),
    "reorganisation_applied": _("实施区划调整"),
    "reorganisation_undone": _("撤回区划调整"),
    "reorganisation_published": _("公布区划调整"),
    "database_backed_up": _("备份数据库"),
    "database_restored": _("恢复数据库"),
}
"""What happened, by the kind of the event (`portal.domain.event_kinds.KINDS`)."""

EVENT_GROUPS: dict[EventGroup, LazyString] = {
    EventGroup.FIGURES: _("填报数据"),
    EventGroup.PROGRESS: _("报送办理"),
    EventGroup.FILES: _("下载与导出"),
    EventGroup.SIGN_IN: _("登录与账号安全"),
    EventGroup.PEOPLE: _("人员与权限"),
    EventGroup.REFERENCE: _("制度、单位与设置"),
}

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


EXPORT_FORMATS = (("xlsx", "Excel"), ("csv", "CSV"), ("json", "JSON"))
"""Formats in which a list is written out, with their names in both languages."""

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
}
"""Why a unit's figure is not in a roll-up."""

_CHOICES: dict[str, LazyString] = {YES: _("是"), NO: _("否")}


def choice_name(choice: str) -> str:
    """An answer to choose; ratings are named by the form, in Chinese."""
    return str(_CHOICES.get(choice, choice))


def aggregation_word(aggregation: Aggregation) -> LazyString:
    """How an indicator rolls up, in a word or two."""
    return AGGREGATIONS[aggregation.kind]
