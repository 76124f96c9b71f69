"""What the field's codes are called on screen, and the sign and tone they are shown with."""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from portal.domain.forms import Aggregation, AggregationKind, Severity
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.units import Level
from portal.domain.values import NO, YES
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
}
"""States in which an InvalidMove may leave something, beside those of a submission: exempt, and those of an upload."""

OTHER_ACTIONS: dict[str, LazyString] = {"edit": _("修改"), "apply": _("写入草稿")}
"""What an InvalidMove may refuse beside the actions."""

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
    Role.SYSTEM_ADMIN: _("系统管理员"),
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
    "file_uploaded": _("上传文件"),
    "upload_applied": _("文件写入草稿"),
    "finding_explained": _("说明"),
    "values_changed": _("改数"),
}
"""What happened to a submission, by the kind of the event."""

_AGGREGATIONS: dict[AggregationKind, LazyString] = {
    AggregationKind.SUM: _("合计"),
    AggregationKind.RATIO_OF_SUMS: _("分子合计÷分母合计"),
    AggregationKind.WEIGHTED_MEAN: _("加权平均"),
    AggregationKind.COUNT_YES: _("“是”的单位数"),
    AggregationKind.DISTRIBUTION: _("分布"),
    AggregationKind.RANGE: _("最小～最大"),
    AggregationKind.NONE: _("不汇总"),
}


SCOPES: dict[str, LazyString] = {"own": _("本级"), "territorial": _("属地"), "whole": _("全辖")}
"""Whose figures a roll-up counts."""

_CHOICES: dict[str, LazyString] = {YES: _("是"), NO: _("否")}


def choice_name(choice: str) -> str:
    """An answer to choose; ratings are named by the form, in Chinese."""
    return str(_CHOICES.get(choice, choice))


def aggregation_word(aggregation: Aggregation) -> LazyString:
    """How an indicator rolls up, in a word or two."""
    return _AGGREGATIONS[aggregation.kind]
