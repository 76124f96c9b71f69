"""Opens a workbook in LibreOffice, types figures into it and saves it, as a person would.

Run by the system's Python, which has LibreOffice's bridge: `fill_in_libreoffice.py IN.xlsx OUT.xlsx FIGURES.json`.
FIGURES maps indicator codes to what is typed. Nothing of the portal is imported: it finds cells as a reader does, by
the words in the header row.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

HEADER_ROWS = 25
COLUMNS = 15


def property_value(name, value):
    prop = PropertyValue()
    prop.Name, prop.Value = name, value
    return prop


def desktop(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _attempt in range(120):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except NoConnectException:
            time.sleep(0.5)
    raise SystemExit("LibreOffice did not answer")


def header_of(sheet):
    """Row and columns of 指标代码 and 本年数, or None."""
    for row in range(HEADER_ROWS):
        words = {sheet.getCellByPosition(column, row).String.strip(): column for column in range(COLUMNS)}
        if "指标代码" in words and "本年数" in words:
            return row, words["指标代码"], words["本年数"]
    return None


def fill(document, figures):
    typed = 0
    for sheet in document.Sheets:
        header = header_of(sheet)
        if header is None:
            continue
        row, code_column, value_column = header
        for each in range(row + 1, row + 80):
            code = sheet.getCellByPosition(code_column, each).String.strip()
            if code in figures:
                # setFormula is what typing does: a number becomes a number, a word stays a word.
                sheet.getCellByPosition(value_column, each).setFormula(figures[code])
                typed += 1
    return typed


def main(source, target, figures_file):
    figures = json.loads(Path(figures_file).read_text(encoding="utf-8"))
    pipe = f"huizong{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as profile:
        office = subprocess.Popen(
            [
                "soffice",
                f"-env:UserInstallation=file://{profile}",
                "--headless",
                "--norestore",
                "--nologo",
                f"--accept=pipe,name={pipe};urp;",
            ]
        )
        try:
            document = desktop(pipe).loadComponentFromURL(
                Path(source).resolve().as_uri(), "_blank", 0, (property_value("Hidden", True),)
            )
            print(fill(document, figures))
            document.storeToURL(
                Path(target).resolve().as_uri(), (property_value("FilterName", "Calc MS Excel 2007 XML"),)
            )
            document.close(True)
        finally:
            office.terminate()
            office.wait(30)


main(*sys.argv[1:])
