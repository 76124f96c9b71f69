"""The empty file of a reorganisation, with what may stand in its columns."""

from typing import IO

from importers.list_workbook import write_list_workbook
from portal.domain.reorganisation_file import CHANGE_WORDS, COLUMN_WORDS, LEVEL_WORDS
from portal.web.language import gettext as _

_WIDTHS = (12, 14, 24, 14, 10, 34, 40, 14, 40)


def write_template(file: IO[bytes]) -> None:
    """Write the workbook; its headings are Chinese in every language, as whatever reads the file knows them."""
    change, code, sources, parent, level, name, name_en, effective_on, basis = COLUMN_WORDS
    told = [
        (change, "、".join(CHANGE_WORDS)),
        (code, _("变动以后的单位；撤销的写它自己")),
        (sources, _("合并：并入的单位，用空格分开；拆分：被拆的单位，每个部分加一次")),
        (parent, _("上级的单位代码；不填：不变")),
        (level, _("%(levels)s；不填：不变", levels="、".join(LEVEL_WORDS))),
        (name, _("新名称；不填：不变")),
        (name_en, _("可以不填")),
        (effective_on, _("如 2024-01-31；只写在第一行")),
        (basis, _("批准文件的名称和文号；只写在第一行")),
    ]
    write_list_workbook(
        file,
        title=_("区划调整"),
        cover_name=_("说明"),
        cover=lambda: told,
        list_name=_("区划调整"),
        columns=list(zip(COLUMN_WORDS, _WIDTHS, strict=True)),
        rows=[],
    )
