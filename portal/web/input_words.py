"""What is wrong with what somebody entered, in words."""

from portal.domain.passwords import LONGEST, SHORTEST, PasswordProblem
from portal.web.language import gettext as _


def input_sentence(problem: str) -> str:
    """What is wrong with one entry; `problem` is the stable word of an InvalidInput."""
    known: dict[str, str] = {
        "not_a_number": _("不是数字。"),
        "required": _("请写明理由。"),
        "too_long": _("内容太长，请缩短。"),
        "unknown": _("请从列出的选项中选择。"),
        "before_opening": _("截止日期不能早于开始日期。"),
        "wrong_kind": _("这张报表不按这种报告期填报。"),
        "indicators_taken": _("这一期已经下达的另一张报表里有相同代码的指标，两张表的数会分不清。"),
        "not_a_row": _("清单里没有这一行。"),
        "too_many_rows": _("清单的行太多。"),
        "not_addressed": _("有的单位不在这项任务的范围内。"),
        "past": _("最后一天不能早于今天。"),
        "heavier_than_form": _("只能改得比报表制度规定的轻，不能改重。"),
        "not_a_day": _("请填日期，如 2024-01-31。"),
        "not_within_a_year": _("请选从今天起一年以内的日期。"),
        "nameless": _("请写一个名称。"),
        "too_short": _("说明至少写 10 个字，讲清楚原因。"),
        "says_nothing": _("不能只写“核实无误”之类，请写明数据为什么是这样。"),
        "not_a_period": _("报告期的写法不对。"),
        "export_too_long": _("符合条件的太多，一个文件写不下。请缩小时间范围或增加筛选条件。"),
        "no_file": _("请先选择文件。"),
        "no_such_cell": _("文件里没有这一格，或者它不在表中。"),
        "cell_twice": _("同一格不能对应两个指标。"),
        "empty_file": _("文件是空的。"),
        "file_too_large": _("文件太大，请压缩后再添加。"),
        "kind_not_taken": _("这种文件不收。请用 PDF、OFD、Word（docx）、Excel（xlsx）或图片，不能带宏。"),
        "named_otherwise": _("文件名的后缀与内容不符，请用原来的文件。"),
        "too_many": _("一次选得太多，请分几次办理。"),
        "too_many_figures": _("一次要的数太多，请限定指标，或分单位查询。"),
        "too_many_files": _("附件太多，请合并或去掉一些。"),
        "missing": _("请填写。"),
        "not_a_username": _("只能用 2 到 64 个小写字母、数字和 . _ -，以字母或数字开头。"),
        "not_an_email": _("不是邮箱地址。"),
        "not_a_phone": _("不是电话号码。"),
        "before_the_beginning": _("不能早于开始日期，也不能早于今天。"),
        "not_before_the_end": _("应在今天和现定的最后一天之间。"),
        "not_for_this_role": _("只有协同单位人员才限定报表。"),
        "nobody": _("在您管理的范围内没有这个用户名，或者就是本人。"),
        "nothing_to_take_over": _("这几天没有可以代理的角色，或者代理人已经有了。"),
        "own_rights": _("不能取消自己最后的管理员角色，请由另一位管理员办理。"),
        "own_account": _("不能在这里办理自己的账号。"),
        "last_administrator": _("至少要有一位长期的、账号启用的系统管理员。"),
        "not_a_form_code": _("报表代码由大写字母、数字、下划线组成，以字母开头，最多 32 个字符。"),
        "tangled": _("几个原指标与几个新指标交错，分不清去向：只能几个并成一个，或者一个拆成几个。"),
        "unchanged": _("草稿与已发布的版本相同，不必发布。"),
        "not_own": _("只能补充本单位的指标，不能替别的单位补充。"),
        "nothing_below": _("本单位没有下级，不用补充指标。"),
        "asks_nobody": _("这项任务里没有还要填报的单位，或者补充里没有指标。"),
        "from_directory": _("由统一身份目录管理，不能在这里办理。"),
    }
    return known.get(problem, _("填写的内容不符合要求（%(problem)s）。", problem=problem))


def password_sentence(problem: PasswordProblem) -> str:
    """Why a password is not good enough, and what to do."""
    return {
        PasswordProblem.TOO_SHORT: _("密码至少 %(count)s 个字符。可以用一句话，可以有汉字和空格。", count=SHORTEST),
        PasswordProblem.TOO_LONG: _("密码最多 %(count)s 个字符。", count=LONGEST),
        PasswordProblem.COMMON: _("这个密码太常见，或者只是常见密码的变化，容易被猜中。请换一个。"),
        PasswordProblem.NAMES_YOU: _("密码里不能有您的姓名、用户名、邮箱或单位的名称、代码。"),
        PasswordProblem.UNCHANGED: _("新密码不能与现在的密码相同。"),
    }[problem]
