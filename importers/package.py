"""The parts of a zipped workbook, and the only way XML of an upload is parsed: expat, streaming, without any DTD."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol
from xml.parsers import expat

from importers.zip_directory import open_zip, part_name
from portal.errors import WorkbookUnreadable

_CHUNK = 256 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_ENCODINGS = {None, "utf-8", "utf-16", "us-ascii", "iso-8859-1"}  # what expat decodes by itself


class XmlListener(Protocol):
    """What hears the XML: names and attributes come without their namespace."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, content: str) -> None:
        """Character data; one text may come in several pieces."""


@dataclass(frozen=True)
class Relation:
    """A pointer from one part to another; `target` is a part name unless `external`."""

    id: str
    kind: str  # last word of the relationship type: worksheet, styles, oleObject …
    target: str
    external: bool


class Package:
    """A zipped workbook: its parts, and the relations between them."""

    def __init__(self, content: bytes) -> None:
        self._archive = open_zip(io.BytesIO(content))
        self._entries = {part_name(entry): entry for entry in self._archive.infolist()}

    @property
    def names(self) -> frozenset[str]:
        """Names of all parts, as `part_name` spells them."""
        return frozenset(self._entries)

    def parse(self, name: str, listener: XmlListener) -> None:
        """Let the listener hear a whole part.

        Raises:
            WorkbookUnreadable: `missing_part`, `corrupt_zip`, `dtd` or `bad_xml`.
        """
        for _chunk in self.parse_stepwise(name, listener):
            pass

    def parse_stepwise(self, name: str, listener: XmlListener) -> Iterator[None]:
        """Like `parse`, pausing after every chunk so that the caller can hand on what was heard."""
        entry = self._entries.get(part_name(name))
        if entry is None:
            raise WorkbookUnreadable("missing_part", name)
        parser = _parser(name, listener)
        try:
            with self._archive.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk, False)
                    yield
            parser.Parse(b"", True)
        except expat.ExpatError as cause:
            raise WorkbookUnreadable("bad_xml", f"{name}:{cause.lineno}") from cause
        except _DAMAGE as cause:
            raise WorkbookUnreadable("corrupt_zip", name) from cause
        yield

    def parse_content(self, name: str, content: bytes, listener: XmlListener) -> None:
        """Let the listener hear what stands in for a part; raises what `parse` raises."""
        try:
            _parser(name, listener).Parse(content, True)
        except expat.ExpatError as cause:
            raise WorkbookUnreadable("bad_xml", f"{name}:{cause.lineno}") from cause

    def whole(self, name: str, most: int) -> bytes | None:
        """A part's bytes; None if they are more than `most`.

        Raises:
            WorkbookUnreadable: `missing_part` or `corrupt_zip`.
        """
        entry = self._entries.get(part_name(name))
        if entry is None:
            raise WorkbookUnreadable("missing_part", name)
        try:
            with self._archive.open(entry) as stream:
                content = stream.read(most + 1)
        except _DAMAGE as cause:
            raise WorkbookUnreadable("corrupt_zip", name) from cause
        return content if len(content) <= most else None

    def relations(self, name: str) -> dict[str, Relation]:
        """What a part points at, by relation id; empty when it points at nothing."""
        folder = PurePosixPath(part_name(name))
        relations_part = str(folder.parent / "_rels" / f"{folder.name}.rels")
        if relations_part not in self._entries:
            return {}
        listener = _Relations(folder.parent)
        self.parse(relations_part, listener)
        return listener.found


class _Relations:
    def __init__(self, folder: PurePosixPath) -> None:
        self._folder = folder
        self.found: dict[str, Relation] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != "Relationship":
            return
        external = attributes.get("TargetMode") == "External"
        target = attributes.get("Target", "")
        relation = Relation(
            id=attributes.get("Id", ""),
            kind=attributes.get("Type", "").rpartition("/")[2],
            target=target if external else self._resolved(target),
            external=external,
        )
        self.found[relation.id] = relation

    def _resolved(self, target: str) -> str:
        target = part_name(target)
        path = PurePosixPath(target.lstrip("/")) if target.startswith("/") else self._folder / target
        steps: list[str] = []
        for step in path.parts:
            if step == "..":
                steps = steps[:-1]
            elif step != ".":
                steps.append(step)
        return "/".join(steps)

    def end(self, name: str) -> None:
        """Nothing waits for an element's end."""

    def text(self, content: str) -> None:
        """Relations have no text."""


def _parser(name: str, listener: XmlListener) -> expat.XMLParserType:
    local_names: dict[str, str] = {}

    def local(qualified: str) -> str:
        found = local_names.get(qualified)
        if found is None:
            found = local_names[qualified] = qualified.rpartition(" ")[2]
        return found

    def start(qualified: str, attributes: dict[str, str]) -> None:
        if " " in "".join(attributes):
            attributes = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        listener.start(local(qualified), attributes)

    def end(qualified: str) -> None:
        listener.end(local(qualified))

    def refuse(*_declaration: object) -> None:
        raise WorkbookUnreadable("dtd", name)

    def check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding and encoding.lower()) not in _ENCODINGS:
            raise WorkbookUnreadable("bad_xml", f"{name}: {encoding}")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = listener.text
    parser.XmlDeclHandler = check_encoding
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser
