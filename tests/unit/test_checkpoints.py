"""Signed checkpoints: what they say, that nobody else can say it, and the file they are kept in."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from portal.audit_key import load_key
from portal.domain.checkpoints import GENESIS, Checkpoint, public_key, read_checkpoints, sign, write_checkpoints
from portal.environment import ConfigInvalid
from portal.errors import InvalidInput

KEY = Ed25519PrivateKey.generate()
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


def signed(root: str = "440000", number: int = 1, length: int = 7, link: str = "ab" * 32) -> Checkpoint:
    made_at = datetime(2024, 3, 1, 16, 0, 0, 123456, tzinfo=UTC)
    return sign(KEY, root=root, number=number, length=length, link=link, made_at=made_at, previous=GENESIS)


def written(*checkpoints: Checkpoint) -> str:
    return "\n".join(write_checkpoints(public_key(KEY), checkpoints))


@given(st.text(max_size=12), st.integers(1, 10**6), st.integers(0, 2**31 - 1), HEX)
def test_a_checkpoint_is_signed_and_comes_back_from_its_file(root: str, number: int, length: int, link: str) -> None:
    made = signed(root, number, length, link)
    assert made.signed
    kept = read_checkpoints(written(made))
    assert (kept.public_key, kept.checkpoints) == (public_key(KEY), (made,))
    assert kept.checkpoints[0].signed


@pytest.mark.parametrize(
    "change",
    [
        {"root": "450000"},
        {"number": 2},
        {"length": 6},
        {"hash": "ac" * 32},
        {"made_at": datetime(2024, 3, 1, 16, 0, 0, 123457, tzinfo=UTC)},
        {"previous": "1" * 64},
        {"key": Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()},
        {"signature": "00" * 64},
        {"signature": "no hex"},
    ],
)
def test_whatever_is_changed_the_signature_no_longer_fits(change: dict[str, object]) -> None:
    assert not replace(signed(), **change).signed


def test_the_next_one_names_it_with_its_signature() -> None:
    assert signed().digest != replace(signed(), signature="00" * 64).digest


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        '{"format": "something else", "public_key": "00"}',
        written(signed()).replace('"number"', '"numbers"'),
        written(signed()).replace('"length": 7', '"length": "7"'),
        written(signed()).replace("2024-03-01", "yesterday"),
        written(signed()) + "\n{",
    ],
)
def test_another_file_is_refused(content: str) -> None:
    with pytest.raises(InvalidInput):
        read_checkpoints(content)


def test_the_file_is_one_object_a_line() -> None:
    head, line = written(signed()).split("\n")
    assert json.loads(head)["public_key"] == public_key(KEY)
    assert json.loads(line)["length"] == 7


class TestKey:
    def test_is_made_once_and_private(self, tmp_path: Path) -> None:
        file = tmp_path / "audit_key.pem"
        assert public_key(load_key(file)) == public_key(load_key(file))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["audit_key.pem"]

    def test_anything_else_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "audit_key.pem"
        file.write_text("no key")
        with pytest.raises(ConfigInvalid, match="no private key"):
            load_key(file)
        file.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        with pytest.raises(ConfigInvalid, match="Ed25519"):
            load_key(file)
