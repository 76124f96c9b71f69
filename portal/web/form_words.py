"""What the keys and words of a form file are called on screen."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel.speaklater import LazyString

from portal.domain.form_differences import Difference
from portal.domain.forms import (
    AggregationKind,
    Below,
    Blank,
    ChangeKind,
    DataType,
    Direction,
    Incomplete,
    OverTime,
    Parts,
    Scope,
    Severity,
    Source,
)
from portal.domain.periods import PeriodKind
from portal.domain.texts import PointedText, Text
from portal.domain.units import Level, NamedLevel
from portal.web.language import language, say
from portal.web.language import lazy_gettext as _
from portal.web.words import AGGREGATIONS, LEVELS, SEVERITIES

LABELS: dict[str, LazyString] = {
    "code": _("代码"),
    "name": _("名称"),
    "name.zh": _("名称"),
    "name.en": _("英文名称"),
    "unit": _("计量单位"),
    "unit_synonyms": _("计量单位的其他写法"),
    "type": _("数据类型"),
    "choices": _("等次选项"),
    "source": _("来源"),
    "carried_from": _("带入的表达式"),
    "formula": _("计算公式"),
    "roll_up": _("汇总方式"),
    "roll_up.how": _("汇总方式"),
    "roll_up.of": _("改汇总这个指标"),
    "roll_up.numerator": _("分子"),
    "roll_up.denominator": _("分母"),
    "roll_up.weight": _("权数指标"),
    "roll_up.multiplier": _("乘数"),
    "roll_up.show_mean": _("另显示单位平均"),
    "roll_up.incomplete": _("没有报齐时"),
    "filled_by": _("填报级别"),
    "scope": _("口径"),
    "stock": _("时点数（年末存量）"),
    "over_time": _("短期合成长期"),
    "eliminate": _("冲抵数取自哪个指标"),
    "core": _("核心指标"),
    "decimals": _("小数位数"),
    "min": _("最小值"),
    "max": _("最大值"),
    "plausible_max": _("合理上限"),
    "explain_change": _("同比变动超过（%）须说明"),
    "outlier": _("偏离同级中位数超过（倍）须说明"),
    "part_of": _("是哪个指标的其中项"),
    "parts": _("其中项之和"),
    "balance": _("存量平衡"),
    "balance.plus": _("存量平衡：加"),
    "balance.minus": _("存量平衡：减"),
    "children": _("与下级合计的关系"),
    "direction": _("评价方向"),
    "definition": _("指标解释"),
    "definition.zh": _("指标解释"),
    "definition.en": _("英文解释"),
    "id": _("规则编号"),
    "severity": _("轻重"),
    "indicator": _("提示在哪个指标"),
    "expression": _("关系式"),
    "tolerance": _("允许误差"),
    "left_blank": _("左边缺数时"),
    "right_blank": _("右边缺数时"),
    "words": _("文字表述"),
    "words.zh": _("文字表述"),
    "words.en": _("英文表述"),
    "advice": _("改正办法"),
    "advice.zh": _("改正办法"),
    "advice.en": _("英文办法"),
    "source.zh": _("依据"),
    "source.en": _("英文依据"),
    "levels": _("适用级别"),
    "from": _("从哪天起适用"),
    "to": _("到哪天止适用"),
    "passes": _("通过的例子"),
    "fails": _("不通过的例子"),
    "period": _("报告期"),
    "issuer": _("制定机关"),
    "issuer.zh": _("制定机关"),
    "issuer.en": _("英文制定机关"),
    "approval": _("批准文号"),
    "approval.zh": _("批准文号"),
    "approval.en": _("英文批准文号"),
    "validity": _("有效期"),
    "validity.zh": _("有效期"),
    "validity.en": _("英文有效期"),
    "explain_unchanged": _("全部与上年相同须说明"),
    "list": _("清单"),
    "outline": _("文字报告提纲"),
    "required": _("必填"),
    "cross": _("交叉表的行和列"),
}
"""By key; by joined keys where a key holds more of them."""

GROUPS: tuple[tuple[LazyString, frozenset[str]], ...] = (
    (
        _("来源、计算和汇总"),
        frozenset(
            {
                "source",
                "carried_from",
                "formula",
                "roll_up.of",
                "roll_up.numerator",
                "roll_up.denominator",
                "roll_up.multiplier",
                "roll_up.weight",
                "roll_up.show_mean",
                "roll_up.incomplete",
                "over_time",
                "eliminate",
            }
        ),
    ),
    (
        _("谁填、怎么理解"),
        frozenset(
            {"filled_by", "scope", "stock", "core", "decimals", "direction", "unit_synonyms", "choices", "part_of"}
        ),
    ),
    (
        _("不写规则也做的审核"),
        frozenset(
            {
                "min",
                "max",
                "plausible_max",
                "explain_change",
                "outlier",
                "parts",
                "balance.plus",
                "balance.minus",
                "children",
            }
        ),
    ),
    (_("误差、缺数和适用范围"), frozenset({"tolerance", "left_blank", "right_blank", "levels", "from", "to"})),
    (_("改正办法和依据"), frozenset({"advice.zh", "source.zh"})),
    (
        _("英文"),
        frozenset(
            f"{field}.en"
            for field in ("name", "definition", "words", "advice", "source", "issuer", "approval", "validity")
        ),
    ),
)
"""Boxes that are folded away, because most indicators and rules do without them."""

CODES = frozenset({"roll_up.of", "roll_up.weight", "eliminate", "part_of", "indicator"})
"""Those that take the code of an indicator."""

EXPRESSIONS = frozenset({"expression", "formula", "carried_from", "roll_up.numerator", "roll_up.denominator"})
"""Those that take an expression over indicators."""

HINTS: dict[str, LazyString] = {
    "code": _("大写字母、数字、下划线，字母开头；发布后含义不变"),
    "unit_synonyms": _("用“、”隔开"),
    "choices": _("从好到差，用“、”隔开"),
    "carried_from": _("来源为“上年带入”时填，如 LY(FZ1004)"),
    "formula": _("来源为“自动计算”且不是比率时填"),
    "roll_up.numerator": _("按“分子合计÷分母合计”汇总时填，如 T102"),
    "roll_up.multiplier": _("百分数填 100"),
    "over_time": _("如各月合成半年、全年；不选：时期数相加，时点数取期末，平均数取平均"),
    "eliminate": _("下级也报了一遍的数（如上级转办件）在汇总时可冲抵，冲抵多少看下级的这个指标"),
    "filled_by": _("不选：本表各级都填"),
    "levels": _("不选：本表各级都适用"),
    "min": _("小于它不能上报"),
    "max": _("大于它不能上报"),
    "plausible_max": _("一个区县超过它须说明"),
    "balance.plus": _("年末数＝上年末数＋这些－那些，用“、”隔开"),
    "expression": _("如 T101 == T102 + T103"),
    "from": _("如 2024-01-01"),
    "to": _("如 2024-12-31"),
}
"""What to type, where the label does not say it."""

LONG = frozenset(
    {"definition.zh", "definition.en", "expression", "formula", "words.zh", "words.en", "advice.zh", "advice.en"}
)
"""Those that take several lines."""

DATA_TYPES: dict[DataType, LazyString] = {
    DataType.COUNT: _("个数"),
    DataType.AMOUNT: _("金额、数量"),
    DataType.RATIO: _("比率"),
    DataType.RATE: _("标准、单价"),
    DataType.MEAN: _("平均数"),
    DataType.YES_NO: _("是否"),
    DataType.RATING: _("等次"),
    DataType.TEXT: _("文字"),
    DataType.DATE: _("日期"),
}

PERIOD_KINDS: dict[PeriodKind, LazyString] = {
    PeriodKind.YEAR: _("年"),
    PeriodKind.HALF: _("半年"),
    PeriodKind.QUARTER: _("季"),
    PeriodKind.MONTH: _("月"),
    PeriodKind.DAY: _("专项（按日，一次）"),
}

CHOICES: dict[type[StrEnum], Mapping[Any, LazyString]] = {
    OverTime: {
        OverTime.SUM: _("各期相加"),
        OverTime.MEAN: _("各期平均"),
        OverTime.LAST: _("取最后一期"),
        OverTime.LOWEST: _("取最低一期"),
        OverTime.HIGHEST: _("取最高一期"),
        OverTime.NONE: _("不合成"),
    },
    Incomplete: {
        Incomplete.PARTIAL: _("先出部分汇总"),
        Incomplete.WITHHELD: _("报齐才出数"),
    },
    DataType: DATA_TYPES,
    AggregationKind: AGGREGATIONS,
    NamedLevel: {each: LEVELS[Level(each)] for each in NamedLevel},
    Severity: {severity: word.name for severity, word in SEVERITIES.items()},
    Source: {
        Source.COLLECTED: _("填报"),
        Source.CALCULATED: _("自动计算"),
        Source.CARRIED: _("上年带入"),
    },
    Scope: {Scope.OWN: _("本级"), Scope.TERRITORIAL: _("属地（区县填报）")},
    Direction: {
        Direction.HIGHER: _("越高越好"),
        Direction.LOWER: _("越低越好"),
        Direction.NEUTRAL: _("不评价"),
    },
    Parts: {Parts.EXHAUSTIVE: _("等于本指标"), Parts.SOME: _("不大于本指标")},
    Below: {Below.EQUAL: _("等于下级合计"), Below.AT_LEAST: _("不小于下级合计")},
    PeriodKind: PERIOD_KINDS,
    Blank: {
        Blank.SKIP_ANY: _("缺一个就不判"),
        Blank.SKIP_ALL: _("当作 0，全缺才不判"),
        Blank.AS_ZERO: _("当作 0"),
    },
}
"""Words to choose from, by their list."""

CHANGES: dict[ChangeKind, LazyString] = {
    ChangeKind.RENAMED: _("更名"),
    ChangeKind.SPLIT: _("拆分"),
    ChangeKind.MERGED: _("合并"),
    ChangeKind.NEW: _("新增"),
    ChangeKind.DROPPED: _("取消"),
}

DIFFERENCES: dict[Difference, LazyString] = {
    Difference.ADDED: _("新增"),
    Difference.DROPPED: _("取消"),
    Difference.CHANGED: _("修改"),
}

_FILE_WORDS: dict[str, LazyString] = {
    **{key: label for key, label in LABELS.items() if "." not in key},
    **{str(word): label for words in CHOICES.values() for word, label in words.items()},
}
_FILE_WORD = re.compile(
    rf"“?(?<![A-Za-z0-9_.(])({'|'.join(sorted(_FILE_WORDS, key=len, reverse=True))})(?![A-Za-z0-9_=(])”?"
)


def told(words: Text) -> str:
    """What is wrong with a form, with its keys and words as the page calls them; an expression keeps its own."""
    sentence = say(words)
    if language() == "en" or isinstance(words, PointedText):
        return sentence
    return _FILE_WORD.sub(lambda match: f"“{_FILE_WORDS[match[1]]}”", sentence)
