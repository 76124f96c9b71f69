"""What every page of ours must be: well formed, labelled, without inline styles and handlers, asking no other host."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "path", "rect", "source", "wbr", "col"})


@dataclass
class Page(HTMLParser):
    """A page read once: its tags, its text, and what is wrong with it."""

    source: str
    faults: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(self.source)
        self.faults += [f"<{tag}> is never closed" for tag in self.open]
        self._check()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        self.faults += [f"<{tag} {name}> twice" for name, times in Counter(names).items() if times > 1]
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}, open: {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self.open and self.open[-1] in {"script", "style"}):
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        """All that a reader sees."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The tags with these attributes."""
        return [
            found
            for name, found in self.tags
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]

    def _check(self) -> None:
        ids = Counter(found["id"] for _tag, found in self.tags if "id" in found)
        self.faults += [f"id {name} {times} times" for name, times in ids.items() if times > 1]
        for tag, found in self.tags:
            self.faults += [f"<{tag} {name}>" for name in found if name == "style" or name.startswith("on")]
            if tag == "label" and "for" in found and found["for"] not in ids:
                self.faults.append(f"a label for {found['for']}, which is not there")
            self.faults += [f"{name} → {found[name]}" for name in ("src", "action") if "//" in found.get(name, "")]
            for name in found.get("aria-describedby", "").split() + found.get("aria-labelledby", "").split():
                if name not in ids:
                    self.faults.append(f"described by {name}, which is not there")
        if len(self.all("h1")) != 1:
            self.faults.append(f"{len(self.all('h1'))} headings of the first level")
        if not self.all("html") or not self.all("html")[0].get("lang"):
            self.faults.append("no language")
