"""How a submission is named, and what its receipt proves."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from portal.domain.lists import Lists, row_to_json
from portal.domain.periods import Period
from portal.domain.values import Values, value_to_json
from portal.errors import InvalidInput, NotFound

_KEY = re.compile(r"(?P<unit>[A-Za-z0-9_]+)-(?P<period>[0-9HQMD]+)-(?P<form>[A-Z][A-Z0-9_]*)", re.ASCII)


@dataclass(frozen=True)
class SubmissionKey:
    """Unit, period and form: written `441802-2023-FZ` in addresses, events and receipts."""

    unit: str
    period: Period
    form: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key.

        Raises:
            NotFound: it names nothing.
        """
        match = _KEY.fullmatch(text)
        if match is None:
            raise NotFound("submission", text)
        try:
            period = Period.parse(match["period"])
        except InvalidInput:
            raise NotFound("submission", text) from None
        return cls(match["unit"], period, match["form"])

    def __str__(self) -> str:
        return f"{self.unit}-{self.period}-{self.form}"

    @property
    def last_year(self) -> "SubmissionKey":
        """The same answer of a year ago."""
        return SubmissionKey(self.unit, self.period.last_year, self.form)


@dataclass(frozen=True)
class Digest:
    """Two independent digests, in hex, of the same canonical text; `sm3` is empty where it cannot be computed."""

    sha256: str
    sm3: str


@dataclass(frozen=True)
class Enclosed:
    """What goes with the figures.

    Attributes:
        lists: rows by list, those that are answered.
        texts: words by section.
        files: SHA-256 digests of the files, sorted, by indicator; those of the whole under the empty name.
    """

    lists: Lists = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)


NOTHING_ENCLOSED = Enclosed()


def canonical_text(key: SubmissionKey, version: int, values: Values, enclosed: Enclosed = NOTHING_ENCLOSED) -> str:
    """The one way a sealed version is written down: JSON, keys sorted, numbers exact, missing answers left out.

    Where nothing goes with the figures nothing is said of it: receipts from before there were texts, files and lists
    hold. A list of which was said that there is nothing to list has no rows.
    """
    body: dict[str, object] = {
        "submission": str(key),
        "version": version,
        "values": {code: value_to_json(value) for code, value in values.items() if value.answered},
    }
    answered = {code: answer for code, answer in enclosed.lists.items() if answer.answered}
    if answered:
        body["lists"] = {code: [row_to_json(each.cells) for each in answer.items] for code, answer in answered.items()}
    if enclosed.texts:
        body["texts"] = dict(enclosed.texts)
    if enclosed.files:
        body["files"] = {place: list(digests) for place, digests in enclosed.files.items()}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(key: SubmissionKey, version: int, values: Values, enclosed: Enclosed = NOTHING_ENCLOSED) -> Digest:
    """What the receipt of a sealed version carries."""
    content = canonical_text(key, version, values, enclosed).encode()
    # A Python may be built on a TLS library without the Chinese standard digest: the receipt then shows one of the two.
    sm3 = hashlib.new("sm3", content).hexdigest() if "sm3" in hashlib.algorithms_available else ""
    return Digest(hashlib.sha256(content).hexdigest(), sm3)


def receipt_number(key: SubmissionKey, version: int, sha256: str) -> str:
    """受理编号: `441802-2023-FZ-V2-7K3QX9`; the tail is drawn from the digest, in letters that are not mistaken."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    number, tail = int(sha256[:15], 16), ""
    for _ in range(6):
        number, rest = divmod(number, len(alphabet))
        tail += alphabet[rest]
    return f"{key}-V{version}-{tail}"
