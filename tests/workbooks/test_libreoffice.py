"""A real client in between: LibreOffice opens the template, saves it, and nothing is lost."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workbooks.making import ANSWERS, examine_trial, trial_template

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")


def resaved(content: bytes, folder: Path, extension: str) -> bytes:
    (folder / "in").mkdir()
    (folder / "in" / "template.xlsx").write_bytes(content)
    subprocess.run(
        [
            str(SOFFICE),
            "--headless",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--convert-to",
            extension,
            "--outdir",
            str(folder / "out"),
            str(folder / "in" / "template.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return (folder / "out" / f"template.{extension}").read_bytes()


@pytest.mark.parametrize("extension", ["xlsx", "ods", "xls"])
def test_saved_by_libreoffice_it_says_the_same(tmp_path: Path, extension: str) -> None:
    examination = examine_trial(resaved(trial_template(ANSWERS), tmp_path, extension))
    assert examination.values == ANSWERS
    assert examination.findings == ()


def test_a_sheet_name_in_an_old_file_holds_nothing_that_cannot_be_stored(tmp_path: Path) -> None:
    name, odd = "SY01 数量", "SY01 \0数"
    content = resaved(trial_template(ANSWERS), tmp_path, "xls")
    assert name.encode("utf-16-le") in content
    examination = examine_trial(content.replace(name.encode("utf-16-le"), odd.encode("utf-16-le")))
    assert examination.values == ANSWERS
    assert examination.places["SY0101"].sheet == "SY01 数"
