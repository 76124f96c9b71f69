"""The key that signs checkpoints of the record: a file outside the database, readable for its owner only."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.environment import ConfigInvalid
from portal.secret_files import make_once


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
    make_once(path, content)
