"""House rules that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal

ROOT = Path(portal.__file__).parent.parent
PACKAGES = ("portal", "dashboards", "importers")
MODULE_LINES = 330
FUNCTION_LINES = 60
TEMPLATE_COLUMNS = 140


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in modules():
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def test_the_only_commit_is_in_transaction() -> None:
    """Besides those of connections that are not sessions: the schema's own, and procrastinate's."""
    found = {
        str(module.relative_to(ROOT))
        for module in modules()
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    }
    assert found <= {"portal/db.py", "portal/schema.py"}


def test_modules_stay_small() -> None:
    long = {str(module): len(module.read_text().splitlines()) for module in modules()}
    assert {name: lines for name, lines in long.items() if lines > MODULE_LINES} == {}


def test_functions_stay_small() -> None:
    long = {
        f"{module.name}:{function.name}": function.end_lineno - function.lineno
        for module, function in functions()
        if function.end_lineno - function.lineno > FUNCTION_LINES
    }
    assert long == {}


def test_lines_of_templates_can_be_read() -> None:
    long = [
        f"{template.relative_to(ROOT)}:{number}"
        for template in (ROOT / "portal/web/templates").rglob("*.html")
        for number, line in enumerate(template.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > TEMPLATE_COLUMNS
    ]
    assert long == []


def test_names_say_something() -> None:
    empty = re.compile(r"(^|_)(utils?|helpers?|manager|handler|data|info)(_|\.|$)")
    assert [str(module) for module in modules() if empty.search(module.stem)] == []


def test_whatever_is_not_checked_has_its_reason_beside_it() -> None:
    mark = re.compile(r"noqa(: [A-Z]+\d+(, ?[A-Z]+\d+)*)?|type: ignore(\[[\w, -]+\])?")
    marked = {
        f"{source.relative_to(ROOT)}:{number}": line[found.start() :]
        for package in (*PACKAGES, "tests", "migrations")
        for source in sorted((ROOT / package).rglob("*.py"))
        for number, line in enumerate(source.read_text().splitlines(), start=1)
        if (found := re.search(r"#\s*(noqa|type: ignore)", line))
    }
    assert marked
    assert [place for place, comment in marked.items() if not re.search("[a-z]{2}", mark.sub("", comment))] == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(word: str) -> None:
    assert [str(module) for module in modules() if re.search(rf"\b{word}\b", module.read_text())] == []


def test_no_page_asks_another_host() -> None:
    """Templates, styles and scripts of ours name no other host."""
    elsewhere = re.compile(r"""(?:src|href|url|fetch|import)\s*[=(]\s*["']?(?:https?:)?//""")
    found = [
        str(path)
        for package in PACKAGES
        for pattern in ("*.html", "*.css", "*.js")
        for path in (ROOT / package).rglob(pattern)
        if "bundle" not in path.parts and ".min." not in path.name and elsewhere.search(path.read_text())
    ]
    assert found == []
