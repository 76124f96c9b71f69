"""Events in the reader's words: what happened, and each thing that changed, before and after."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.forms import Indicator
from portal.domain.lifecycle import State
from portal.domain.policy import Role
from portal.domain.reorganisations import ChangeKind
from portal.domain.submissions import SubmissionKey
from portal.domain.values import ValueStatus
from portal.queries.effective_forms import added_indicators
from portal.queries.events import EventRow
from portal.queries.forms import find_form
from portal.queries.unit_names import UnitName, read_unit_names
from portal.web.event_words import EVENTS
from portal.web.figures import MISSING_SIGN, NOT_APPLICABLE_SIGN
from portal.web.language import gettext, say
from portal.web.language import lazy_gettext as _
from portal.web.words import CHANGE_KINDS, REASONS, ROLES, STATES

_FIGURES = "values_changed"


@dataclass(frozen=True)
class Change:
    """One thing that an event changed; a dash stands for nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownEvent:
    """An event as a page, or a line of an export, shows it."""

    event: EventRow
    what: str
    subject: str
    changes: list[Change]


Indicators = Mapping[str, Indicator]


def shown_events(session: Session, events: Iterable[EventRow]) -> Iterator[ShownEvent]:
    """The events in words, one by one; indicators by the names of the newest version of their form."""
    known: dict[str, Indicators] = {}
    for event in events:
        yield _shown(session, event, known)


def units_of(session: Session, events: Sequence[EventRow]) -> dict[str, UnitName]:
    """What the units that the events name are called, or were called last, by code."""
    codes = {code for event in events for code in (event.unit, event.actor_unit)}
    return read_unit_names(session, codes).on(clock.today())


def _shown(session: Session, event: EventRow, known: dict[str, Indicators]) -> ShownEvent:
    indicators: Indicators = {}
    if event.kind == _FIGURES:
        form_code = SubmissionKey.parse(event.subject).form
        if form_code not in known:
            form = find_form(session, form_code)
            known[form_code] = added_indicators(session, form_code) | (form.by_code if form else {})
        indicators = known[form_code]
    subject = str(_SUBJECTS.get(event.kind, {}).get(event.subject, event.subject))
    return ShownEvent(event, str(EVENTS[event.kind]), subject, list(_changes(event, indicators)))


def _changes(event: EventRow, indicators: Indicators) -> Iterator[Change]:
    """In the order of the words below; the rest, indicators among them, by code."""
    order = {key: place for place, key in enumerate(_FIELDS)}
    for key in sorted(event.before.keys() | event.after.keys(), key=lambda each: (order.get(each, len(order)), each)):
        indicator = indicators.get(key)
        label = f"{key} {say(indicator.name)}" if indicator is not None else str(_FIELDS.get(key, key))
        yield Change(label, _content(key, event.before.get(key)), _content(key, event.after.get(key)))


def _content(key: str, content: Any) -> str:
    if isinstance(content, list):
        return "、".join(_content(key, each) for each in content) or MISSING_SIGN
    if isinstance(content, dict):
        return "；".join(f"{name}：{_content('', each)}" for name, each in content.items()) or MISSING_SIGN
    if content is None or content == "":
        return MISSING_SIGN
    if isinstance(content, bool):
        return gettext("是") if content else gettext("否")
    word = _CONTENTS.get(key, _no_word)(str(content))
    return str(content) if word is None else str(word)


def _no_word(content: str) -> LazyString | str | None:
    signs = {
        ValueStatus.MISSING: MISSING_SIGN,
        ValueStatus.NOT_APPLICABLE: f"{NOT_APPLICABLE_SIGN} {gettext('不适用')}",
    }
    return next((sign for status, sign in signs.items() if content == status), None)


def _reorganised(content: str) -> str | None:
    """A line of a reorganisation, with its kind in the reader's words."""
    kind, _space, rest = content.partition(" ")
    return f"{CHANGE_KINDS[ChangeKind(kind)]} {rest}" if kind in set(ChangeKind) else None


_DOWNLOADS: dict[str, LazyString] = {
    "template": _("填报模板"),
    "original": _("上传的原文件"),
    "print": _("打印版"),
    "annotated": _("标注了问题的工作簿"),
    "receipt": _("回执"),
    "evidence": _("附件"),
    "explanation": _("说明的附件"),
}
_OTHER: dict[str, LazyString] = {
    "password": _("密码"),
    "browser": _("浏览器"),
    "token": _("接口"),
    "wrong": _("用户名或密码不对"),
    "locked": _("账号已锁定"),
    "checked": _("已审核"),
    "not_recognised": _("认不出是哪张报表"),
    "unreadable": _("读不出来"),
    "elimination": _("冲抵数"),
    "adjustment": _("调整数"),
    "check": _("审核"),
    "legal_review": _("法制审核"),
    "sign": _("签发"),
}

_CONTENTS: dict[str, Callable[[str], LazyString | str | None]] = {
    "state": lambda content: STATES[State(content)].name if content in set(State) else None,
    "role": lambda content: ROLES[Role(content)] if content in set(Role) else None,
    "roles": lambda content: ROLES[Role(content)] if content in set(Role) else None,
    "reason_code": REASONS.get,
    "changes": _reorganised,
    "what": _DOWNLOADS.get,
    "method": _OTHER.get,
    "kind": _OTHER.get,
    "why": _OTHER.get,
    "outcome": _OTHER.get,
    "entry": _OTHER.get,
    "sign_offs": _OTHER.get,
}

_SUBJECTS: dict[str, Mapping[str, LazyString]] = {
    "screens_changed": {str(role): name for role, name in ROLES.items()},
    "units_imported": {"units": _("单位")},
    "list_exported": {
        "events": _("审计日志"),
        "units": _("单位"),
        "form": _("报表"),
        "rollups": _("汇总数"),
        "differences": _("差额"),
        "origins": _("数据来源"),
        "recalculated": _("重算对照"),
        "findings": _("问题清单"),
        "lists": _("下级清单"),
    },
}

_FIELDS: dict[str, LazyString] = {
    "what": _("内容"),
    "section": _("章节"),
    "characters": _("字数"),
    "indicator": _("指标"),
    "state": _("状态"),
    "version": _("版本"),
    "reason": _("理由"),
    "sha256": _("摘要（SHA-256）"),
    "digest": _("摘要（SHA-256）"),
    "filename": _("文件名"),
    "size": _("字节数"),
    "upload": _("上传编号"),
    "values": _("写入的项数"),
    "outcome": _("结果"),
    "findings": _("问题数"),
    "finding": _("问题"),
    "reason_code": _("原因"),
    "words": _("说明"),
    "units": _("单位数"),
    "changed_units": _("变动的单位"),
    "changes": _("变动"),
    "effective_on": _("生效日期"),
    "basis": _("依据"),
    "opens_on": _("开始"),
    "due_on": _("截止"),
    "form_version": _("报表版本"),
    "number": _("版本"),
    "periods": _("报告期数"),
    "name": _("名称"),
    "method": _("方式"),
    "kind": _("途径"),
    "why": _("原因"),
    "until": _("至"),
    "role": _("角色"),
    "roles": _("角色"),
    "forms": _("报表"),
    "valid_from": _("起"),
    "valid_to": _("止"),
    "from": _("起"),
    "to": _("止"),
    "for": _("代理"),
    "email": _("邮箱"),
    "phone": _("电话"),
    "origin": _("来源"),
    "unit": _("单位"),
    "skip_level": _("越级查看"),
    "names_siblings": _("同级可见单位名"),
    "one_person": _("一人单位"),
    "entered_above": _("上级代报"),
    "sign_offs": _("必经环节"),
    "exempt": _("免报"),
    "successions": _("沿革"),
    "screens": _("屏幕"),
    "format": _("格式"),
    "rows": _("行数"),
    "length": _("事件链长度"),
    "hash": _("末条哈希"),
    "filter": _("筛选条件"),
    "beginning": _("密钥开头"),
    "scope": _("用途"),
    "expires_on": _("到期"),
    "from_period": _("自报告期"),
    "entry": _("冲抵或调整"),
    "entry_number": _("编号"),
    "amount": _("计入汇总的数"),
}
"""What the keys of `before` and `after` are called; an indicator goes by its own name, a code by itself."""
