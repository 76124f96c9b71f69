"""The key that signs checkpoints of the record: a file outside the database, readable for its owner only."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.environment import ConfigInvalid


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file (PKCS #8, PEM), made by whichever process comes first.

    Raises:
        ConfigInvalid: the file holds no Ed25519 key.
    """
    if not path.exists():
        _make(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise ConfigInvalid(f"{path} holds no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigInvalid(f"{path} holds a key of another kind than Ed25519")
    return key


def _make(path: Path) -> None:
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    try:
        path.hardlink_to(new)  # unlike a rename, never replaces what another process wrote meanwhile
    except FileExistsError:
        pass
    finally:
        new.unlink()
