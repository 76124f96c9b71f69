"""Why a file cannot be read, for people: a sentence and an advice for each stable reason of `WorkbookUnreadable`."""

from portal.domain.forms import Text

_SAVE_AS = Text(
    "请用 Excel 或 WPS 打开后“另存为”.xlsx，再上传", "Open it in Excel or WPS, save it as .xlsx, and upload that"
)
_TEMPLATE = Text("请上传从系统下载的模板", "Upload the template downloaded from the portal")
_SPLIT = Text(
    "请只保留报表本身的工作表，删去多余的行、列和样式后再上传",
    "Keep the sheets of the report only, without surplus rows, columns and styles",
)
_DAMAGED = Text("文件已损坏", "The file is damaged")
_TOO_LARGE = Text("文件内容远超一份报表的大小", "The file holds far more than any report")
_SUSPECT = Text("文件结构异常，出于安全没有打开", "The file is built in a suspicious way and was not opened")

REASONS: dict[str, tuple[Text, Text]] = {
    "empty": (Text("文件是空的", "The file is empty"), _TEMPLATE),
    "too_big": (Text("文件超过 20 MB", "The file is larger than 20 MB"), _SPLIT),
    "text_or_csv": (
        Text("这是文本或 CSV 文件，文件名却不是 .csv", "This is a text or CSV file, but is not named .csv"),
        Text(
            "如果是 CSV，请把扩展名改为 .csv 后上传；或用 Excel、WPS 另存为 .xlsx",
            "If it is CSV, name it .csv and upload it again; or save it as .xlsx",
        ),
    ),
    "csv_encoding": (
        Text(
            "看不出 CSV 文件的文字编码，或有文字已经损坏", "The encoding of the CSV file cannot be told, or is damaged"
        ),
        Text(
            "请另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后再上传", "Save it as “CSV UTF-8 (comma delimited)” or as .xlsx"
        ),
    ),
    "csv_columns": (
        Text("看不出 CSV 文件用什么分列", "It cannot be told what separates the columns of the CSV file"),
        Text("请用逗号、分号或制表符分列，或另存为 .xlsx", "Separate them by commas, semicolons or tabs, or use .xlsx"),
    ),
    "csv_ragged": (
        Text("CSV 文件的这一行比表头多出一列", "A row of the CSV file has more columns than its head"),
        Text(
            "数字里有千分位逗号的，请去掉逗号或给数字加上引号", "Remove thousands separators, or put quotes around them"
        ),
    ),
    "csv_quotes": (
        Text("CSV 文件的引号不成对", "The quotes of the CSV file do not match"),
        Text("请检查这一行前后的引号，或另存为 .xlsx", "Check the quotes around this line, or save it as .xlsx"),
    ),
    "unknown_format": (Text("不认识的文件格式", "The file format is not known"), _TEMPLATE),
    "is_pdf": (Text("这是 PDF 文件", "This is a PDF file"), _TEMPLATE),
    "is_picture": (Text("这是图片", "This is a picture"), _TEMPLATE),
    "is_exe": (Text("这是程序文件", "This is a program"), _TEMPLATE),
    "is_archive": (
        Text("这是压缩包", "This is an archive"),
        Text("请解压后上传其中的 .xlsx 文件", "Unpack it and upload the .xlsx file inside"),
    ),
    "is_docx": (Text("这是 Word 文件", "This is a Word document"), _TEMPLATE),
    "html_table": (
        Text("这是网页，只是扩展名为 .xls", "This is a web page that is only named .xls"),
        _SAVE_AS,
    ),
    "spreadsheetml2003": (Text("这是“XML 电子表格 2003”格式", "This is an XML Spreadsheet 2003 file"), _SAVE_AS),
    "flat_odf": (Text("这是未打包的 OpenDocument 文件（.fods）", "This is a flat OpenDocument file (.fods)"), _SAVE_AS),
    "xlsb": (Text("这是二进制工作簿（.xlsb）", "This is a binary workbook (.xlsb)"), _SAVE_AS),
    "encrypted": (
        Text("文件设了打开密码", "The file is protected by a password"),
        Text("请去掉打开密码后再上传", "Remove the password and upload it again"),
    ),
    "macro": (
        Text("文件带有宏", "The file contains macros"),
        Text("请“另存为”不带宏的 .xlsx 后再上传", "Save it as .xlsx, without macros, and upload that"),
    ),
    "data_connection": (
        Text("文件带有外部数据连接", "The file has connections to data elsewhere"),
        Text(
            "请在 Excel 或 WPS 的“数据”里删除查询和连接（只留数值），“另存为”.xlsx 后再上传",
            "Delete its queries and connections, keep the figures, save it as .xlsx, and upload that",
        ),
    ),
    "embedded_object": (Text("文件中藏有嵌入的对象", "The file hides an embedded object"), _SAVE_AS),
    "not_ooxml": (Text("这是压缩包，不是工作簿", "This is a zip archive, not a workbook"), _TEMPLATE),
    "corrupt_zip": (_DAMAGED, _SAVE_AS),
    "corrupt_ole": (_DAMAGED, _SAVE_AS),
    "bad_xml": (_DAMAGED, _SAVE_AS),
    "missing_part": (_DAMAGED, _SAVE_AS),
    "sheet_missing": (_DAMAGED, _SAVE_AS),
    "bad_row": (_DAMAGED, _SAVE_AS),
    "bad_cell_ref": (_DAMAGED, _SAVE_AS),
    "bad_string_index": (_DAMAGED, _SAVE_AS),
    "duplicate_cell": (_DAMAGED, _SAVE_AS),
    "duplicate_sheet_name": (_DAMAGED, _SAVE_AS),
    "duplicate_part": (_DAMAGED, _SAVE_AS),
    "crashed": (Text("文件无法读取，可能已损坏", "The file cannot be read and may be damaged"), _SAVE_AS),
    "too_slow": (Text("读取用时过长，已停止", "Reading took too long and was stopped"), _SPLIT),
    "too_much_memory": (_TOO_LARGE, _SPLIT),
    "too_many_parts": (_TOO_LARGE, _SPLIT),
    "too_many_sheets": (_TOO_LARGE, _SPLIT),
    "too_many_rows": (_TOO_LARGE, _SPLIT),
    "too_many_columns": (_TOO_LARGE, _SPLIT),
    "too_many_cells": (_TOO_LARGE, _SPLIT),
    "too_many_styles": (_TOO_LARGE, _SPLIT),
    "too_many_names": (_TOO_LARGE, _SPLIT),
    "too_many_texts": (_TOO_LARGE, _SPLIT),
    "text_too_long": (_TOO_LARGE, _SPLIT),
    "part_too_big": (_TOO_LARGE, _SPLIT),
    "total_too_big": (_TOO_LARGE, _SPLIT),
    "zip_ratio": (_TOO_LARGE, _SPLIT),
    "bad_part_name": (_SUSPECT, _SAVE_AS),
    "overlapping_parts": (_SUSPECT, _SAVE_AS),
    "zip_method": (_SUSPECT, _SAVE_AS),
    "zip_password": (_SUSPECT, _SAVE_AS),
    "dtd": (_SUSPECT, _SAVE_AS),
}
"""Sentence and advice by reason."""


def reason_text(reason: str, place: str = "") -> Text:
    """The sentence for a reason, with the place if there is one."""
    sentence, _advice = REASONS[reason]
    return Text(f"{sentence.zh}（{place}）", f"{sentence.en} ({place})") if place else sentence


def reason_advice(reason: str) -> Text:
    """What to do about it."""
    return REASONS[reason][1]
