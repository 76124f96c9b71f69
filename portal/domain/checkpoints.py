"""Signed checkpoints: how long a chain of events was at a moment, and the hash of its last link.

A chain's hashes prove that nothing between two links was changed, but whoever may write to the database can compute all
of them anew. A checkpoint cannot be: its signature (Ed25519, RFC 8032) needs a key that the database does not hold.
Kept elsewhere, it also shows when the chain and its stored checkpoints are rewritten or cut off together.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.errors import InvalidInput

GENESIS = "0" * 64
"""What the first link, or the first checkpoint, has before it."""


@dataclass(frozen=True)
class Checkpoint:
    """What was true of a chain at a moment.

    Attributes:
        root: code of the chain's top unit; empty for the portal's own chain.
        number: counts the chain's checkpoints from 1.
        length: how many events there were.
        hash: of the last of them.
        made_at: aware.
        previous: digest of the checkpoint before this one.
        key: the public key, 32 bytes in hex.
        signature: over `text`, in hex.
    """

    root: str
    number: int
    length: int
    hash: str
    made_at: datetime
    previous: str
    key: str
    signature: str = ""

    @property
    def text(self) -> str:
        """What is signed: canonical JSON of everything but the signature."""
        said = {**asdict(self), "made_at": self.made_at.astimezone(UTC).isoformat()}
        del said["signature"]
        return json.dumps(said, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """What the next checkpoint names as `previous`."""
        return hashlib.sha256((self.text + self.signature).encode()).hexdigest()

    @property
    def signed(self) -> bool:
        """Whether the signature is that of the key."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            key.verify(bytes.fromhex(self.signature), self.text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def sign(
    private: Ed25519PrivateKey, *, root: str, number: int, length: int, link: str, made_at: datetime, previous: str
) -> Checkpoint:
    """A checkpoint of a chain whose last event has the hash `link`."""
    unsigned = Checkpoint(root, number, length, link, made_at, previous, public_key(private))
    signature = private.sign(unsigned.text.encode()).hex()
    return Checkpoint(root, number, length, link, made_at, previous, unsigned.key, signature)


def public_key(private: Ed25519PrivateKey) -> str:
    """The public half, 32 bytes in hex."""
    return private.public_key().public_bytes_raw().hex()


@dataclass(frozen=True)
class CheckpointFile:
    """Exported checkpoints, and the public key of the installation that wrote them down."""

    public_key: str
    checkpoints: tuple[Checkpoint, ...]


def write_checkpoints(key: str, checkpoints: Iterable[Checkpoint]) -> Iterator[str]:
    """JSON lines: the public key, then a checkpoint each."""
    yield json.dumps({"format": "huizong-checkpoints-1", "public_key": key})
    for each in checkpoints:
        yield json.dumps({**json.loads(each.text), "signature": each.signature}, sort_keys=True)


def read_checkpoints(content: str) -> CheckpointFile:
    """What `write_checkpoints` wrote.

    Raises:
        InvalidInput: it is something else; the line is named.
    """
    lines = content.splitlines()
    head = _json_line(lines[0] if lines else "", 1)
    if head.keys() != {"format", "public_key"} or head["format"] != "huizong-checkpoints-1":
        raise InvalidInput("checkpoints", "not_a_checkpoint_file")
    found = tuple(_checkpoint(_json_line(line, number), number) for number, line in enumerate(lines[1:], start=2))
    return CheckpointFile(str(head["public_key"]), found)


def _json_line(line: str, number: int) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise InvalidInput("checkpoints", "not_json", f"line {number}") from error
    if not isinstance(content, dict):
        raise InvalidInput("checkpoints", "not_json", f"line {number}")
    return content


def _checkpoint(content: dict[str, Any], line: int) -> Checkpoint:
    kinds = {each.name: int if each.name in {"number", "length"} else str for each in fields(Checkpoint)}
    if content.keys() != kinds.keys() or not all(isinstance(content[name], kind) for name, kind in kinds.items()):
        raise InvalidInput("checkpoints", "not_a_checkpoint", f"line {line}")
    try:
        return Checkpoint(**{**content, "made_at": datetime.fromisoformat(content["made_at"])})
    except ValueError as error:
        raise InvalidInput("checkpoints", "not_a_checkpoint", f"line {line}") from error
