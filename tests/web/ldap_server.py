"""Debian's slapd on this machine, with a certificate of its own and a few people."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ldap = pytest.importorskip("ldap", reason="python-ldap is not installed: pip install huizong[ldap]")

BASE = "dc=example,dc=cn"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
READER = f"cn=reader,{BASE}"
READERS_PASSWORD = "nur-lesen"
PASSWORD = "Sesam-öffne-dich"
_ROOT = f"cn=root,{BASE}"
_ROOTS_PASSWORD = "wurzel"
_SCHEMAS = Path("/etc/ldap/schema")

_CONFIG = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {place}/slapd.pid
TLSCertificateFile {place}/certificate.pem
TLSCertificateKeyFile {place}/key.pem
security simple_bind=128
allow bind_anon_dn
database mdb
suffix "{base}"
rootdn "{root}"
rootpw {rootpw}
directory {place}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn="{reader}" read by users search by * none
"""


@dataclass
class Directory:
    """The directory, and a connection that may change it."""

    place: Path
    port: int
    tls_port: int
    connection: Any

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def certificate(self) -> Path:
        return self.place / "certificate.pem"

    def person(self, name: str, **attributes: str) -> str:
        """Somebody new; gives the DN."""
        dn = f"uid={name},{PEOPLE}"
        shown = {"cn": "张安娜", "sn": "张", "givenName": "安娜", "userPassword": PASSWORD} | attributes
        self._add(dn, {"objectClass": "inetOrgPerson", "uid": name, **shown})
        return dn

    def group(self, name: str, *members: str, kind: str = "groupOfNames") -> None:
        """A group, made or replaced; without members it is taken away."""
        dn = f"cn={name},{GROUPS}"
        with suppress(ldap.NO_SUCH_OBJECT):
            self.connection.delete_s(dn)
        if members:
            attribute = "member" if kind == "groupOfNames" else "uniqueMember"
            content = [("objectClass", [kind.encode()]), (attribute, [each.encode() for each in members])]
            self.connection.add_s(dn, content)

    def change(self, dn: str, attribute: str, value: str) -> None:
        self.connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [value.encode()])])

    def _add(self, dn: str, attributes: dict[str, str]) -> None:
        self.connection.add_s(dn, [(name, [value.encode()]) for name, value in attributes.items()])


def _slapd() -> str:
    found = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/libexec")
    if found is None or not _SCHEMAS.is_dir():
        pytest.skip("slapd is not installed: apt-get install slapd")
    return found


@contextmanager
def running() -> Iterator[Directory]:
    """The directory, for as long as the block lasts; skips where there is no slapd."""
    program = _slapd()
    with tempfile.TemporaryDirectory(prefix="huizong-ldap-") as name:
        place = Path(name)
        port, tls_port = _free_port(), _free_port()
        (place / "data").mkdir()
        _certify(place)
        config = _CONFIG.format(
            schemas=_SCHEMAS, place=place, base=BASE, root=_ROOT, rootpw=_ROOTS_PASSWORD, reader=READER
        )
        (place / "slapd.conf").write_text(config)
        urls = f"ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"
        command = [program, "-f", str(place / "slapd.conf"), "-h", urls, "-d", "0"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            directory = Directory(place, port, tls_port, None)
            directory.connection = _connected(directory, process)
            _fill(directory)
            yield directory
        finally:
            process.terminate()
            process.wait(60)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connected(directory: Directory, process: subprocess.Popen[bytes]) -> Any:
    for _attempt in range(1200):
        connection = ldap.initialize(directory.tls_url)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(directory.certificate))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        try:
            connection.simple_bind_s(_ROOT, _ROOTS_PASSWORD)
        except ldap.SERVER_DOWN:
            assert process.poll() is None, "slapd did not start"
            time.sleep(0.05)
        else:
            return connection
    pytest.fail("slapd does not answer")


def _fill(directory: Directory) -> None:
    directory._add(BASE, {"objectClass": "domain", "dc": "example"})
    for unit in (PEOPLE, GROUPS):
        directory._add(unit, {"objectClass": "organizationalUnit", "ou": unit[3 : unit.index(",")]})
    directory._add(READER, {"objectClass": "person", "cn": "reader", "sn": "reader", "userPassword": READERS_PASSWORD})


def _certify(place: Path) -> None:
    """A certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    (place / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    (place / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
