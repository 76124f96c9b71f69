"""YAML without its dangers: plain text, numbers, true/false, lists and mappings only, each with its line.

Refused: files beyond a size, deep nesting, anchors and aliases (a few lines of them can stand for gigabytes), tags, and
keys that come twice. `no`, `on`, dates and the like are text, and numbers are exact.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from portal.domain.forms import Text

try:
    from yaml import CSafeDumper as _BaseDumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML was built without its C library; slower, but the same
    from yaml import SafeDumper as _BaseDumper  # type: ignore[assignment]  # has the same methods, and is no subclass
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]  # has the same methods, and is no subclass

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 20
MAX_FLOW_WIDTH = 120
"""A mapping or list without further ones inside is written on one line if it is no longer than this."""

Plain = None | bool | int | Decimal | str | list["Plain"] | dict[str, "Plain"]
PlainPath = tuple[str | int, ...]
"""Where something stands: keys and positions from the top, e.g. `("sheets", 0, "name")`."""

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {f"{_TAG}{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "seq", "map")}
_NUMBER_LIKE = {f"{_TAG}int", f"{_TAG}float"}


@dataclass
class Document:
    """What a YAML text holds.

    Attributes:
        content: plain content; None if the text could not be read.
        lines: the line of every key and list item, counted from 1.
        problems: what is wrong with the text as YAML, by line.
    """

    content: Plain = None
    lines: dict[PlainPath, int] = field(default_factory=dict)
    problems: list[tuple[int, Text]] = field(default_factory=list)

    def refuse(self, line: int, zh: str, en: str) -> None:
        """Note a problem."""
        self.problems.append((line, Text(zh, en)))


def load(text: str) -> Document:
    """Read a YAML text; what is wrong with it is in the document's problems, never raised."""
    document = Document()
    if len(text) > MAX_CHARACTERS:
        document.refuse(1, f"文件超过 {MAX_CHARACTERS} 个字符", f"more than {MAX_CHARACTERS} characters")
        return document
    try:
        _refuse_bombs(text, document)
        node = None if document.problems else yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeError) as failure:
        mark = getattr(failure, "problem_mark", None)
        message = getattr(failure, "problem", None) or str(failure)
        document.refuse(mark.line + 1 if mark else 1, f"不是有效的 YAML：{message}", f"not YAML: {message}")
        return document
    if node is not None:
        document.content = _plain(node, (), document)
    return document


def _refuse_bombs(text: str, document: Document) -> None:
    """Go through the text without building anything, which no nesting or aliasing can make expensive."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            document.refuse(_line(event), "不允许使用锚点和别名", "anchors and aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            document.refuse(_line(event), f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} levels deep")
            return


def _line(part: yaml.Event | yaml.Node) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _plain(node: yaml.Node, path: PlainPath, document: Document) -> Plain:
    document.lines.setdefault(path, _line(node))
    if node.tag not in _KNOWN_TAGS:
        document.refuse(_line(node), f"不允许使用标签 {node.tag}", f"the tag {node.tag} is not allowed")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, position), document) for position, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, path, document)
    return _plain_scalar(node)


def _plain_mapping(node: yaml.MappingNode, path: PlainPath, document: Document) -> dict[str, Plain]:
    mapping: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), _line(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            document.refuse(line, "键须为文字", "a key must be a word")
        elif key in mapping:
            document.refuse(line, f"“{key}” 重复", f'"{key}" comes twice')
        document.lines[(*path, key)] = line
        mapping[key] = _plain(value_node, (*path, key), document)
    return mapping


def _plain_scalar(node: yaml.Node) -> Plain:
    value = str(node.value)
    if node.tag == f"{_TAG}null":
        return None
    if node.tag == f"{_TAG}bool" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if node.tag in _NUMBER_LIKE and _NUMBER.fullmatch(value):
        return Decimal(value) if "." in value else int(value)
    return value


class _Dumper(_BaseDumper):
    """Writes short innermost mappings and lists on one line, and never an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        """A mapping, over several lines if it would not fit on one."""
        node = super().represent_mapping(tag, mapping, flow_style)
        if sum(len(key.value) + len(value.value) + 4 for key, value in node.value) > MAX_FLOW_WIDTH:
            node.flow_style = False
        return node


def dump(content: Plain) -> str:
    """Write plain content as YAML, keys in the order given; it reads back equal."""
    return yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=1000)


def dump_line(content: Plain) -> str:
    """Write plain content as YAML in braces and quotes, on one line unless a text has several; it reads back equal."""
    written: str = yaml.dump(
        content, Dumper=_BaseDumper, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10**6
    )
    return written.removesuffix("\n").removesuffix("\n...")
