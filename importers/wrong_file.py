"""What a file is that was not asked for: 这是 2022 年市级模板，需要 2023 年区县模板."""

from collections.abc import Callable, Mapping

from importers.identity import Identity, UnitName
from portal.domain.forms import Text
from portal.domain.units import Level

FindUnit = Callable[[Identity], UnitName | None]
"""Names the unit of an identity; None if it reports nothing of the kind."""

FIELD_NAMES = {
    "form": Text("报表", "form"),
    "version": Text("模板版本", "template version"),
    "unit": Text("单位", "unit"),
    "period": Text("报告期", "period"),
}
_LEVELS = {
    Level.PROVINCE: Text("省级", "provincial"),
    Level.CITY: Text("市级", "city"),
    Level.UNDIVIDED_CITY: Text("不设区的市", "undivided city"),
    Level.DISTRICT: Text("区县", "district"),
    Level.TOWN: Text("乡镇", "town"),
}


def wrong_file(answers: Mapping[str, str], chosen: Mapping[str, str], find_unit: FindUnit) -> tuple[str, Text] | None:
    """How a file differs from what was chosen when uploading, as a stable code and a sentence; None if it does not.

    Args:
        answers: form, version, unit and period as the file has them.
        chosen: the same as chosen; empty where anything will do.
        find_unit: names units.
    """
    differing = [name for name in FIELD_NAMES if chosen[name] and answers[name] != chosen[name]]
    if not differing:
        return None
    asked_for = {name: chosen[name] or answers[name] for name in FIELD_NAMES}
    here, there = (_description(said, differing, find_unit) for said in (answers, asked_for))
    message = Text(
        f"这是{here.zh}模板，需要{there.zh}模板", f"This is the template {here.en}; the one {there.en} is wanted"
    )
    return f"wrong_{differing[0]}", message


def whole(version: str) -> int:
    """The number of a version as the file writes it; 0 for what is none."""
    return int(version) if version.isdecimal() else 0


def _description(said: Mapping[str, str], fields: list[str], find_unit: FindUnit) -> Text:
    """The fields that differ, in the order in which people say them: period, unit, form, version."""
    parts = []
    if "period" in fields:
        period = said["period"]
        parts.append(Text(f" {period} 年" if period.isdecimal() else f"报告期 {period} ", f"for {period}"))
    if "unit" in fields:
        parts.append(_unit_text(said, find_unit))
    if "form" in fields:
        parts.append(Text(f"报表 {said['form']} ", f"of form {said['form']}"))
    if "version" in fields:
        parts.append(Text(f"第 {said['version']} 版", f"in version {said['version']}"))
    return Text("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def _unit_text(said: Mapping[str, str], find_unit: FindUnit) -> Text:
    unit = find_unit(Identity(said["form"], whole(said["version"]), said["unit"], said["period"]))
    if unit is None:
        return Text(f"单位 {said['unit']} ", f"of unit {said['unit']}")
    level = _LEVELS[unit.level]
    return Text(f"{level.zh}（{unit.name} {unit.code}）", f"of {level.en} unit {unit.name} ({unit.code})")
