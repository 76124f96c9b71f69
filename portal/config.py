"""What an installation decides: read once from the environment, then passed on as one frozen value."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from portal.environment import ConfigInvalid, flag, number
from portal.secret_files import make_once
from portal.sign_in_settings import SignInSettings
from portal.virus_scan import VirusScanner

DEFAULT_DATA_DIR = Path("var")
_MEGABYTE = 1024 * 1024
UPLOAD_LIMIT = 20 * _MEGABYTE

# The boundary file carries no approval number of its own: this one is inferred from its fields.
MAP_SOURCE_ZH = "底图：天地图，审图号 GS(2024)0650号（推断所得，公开使用前须核实）；界线仅作示意"
MAP_SOURCE_EN = (
    "Base map: Tianditu, approval no. GS(2024)0650 (inferred, to be confirmed before public use); "
    "boundaries are indicative only"
)

_SCHEME = "postgresql+psycopg://"
_LARGEST_PORT = 65535


@dataclass(frozen=True)
class Config:
    """The settings of one installation.

    Attributes:
        data_dir: absolute; holds the embedded database, stored files and the secret key. Exists after `load`.
        audit_key_file: the private key that signs checkpoints of the record; made at first use.
        database_url: what the web, the worker and the CLI connect to; None means the embedded server.
        migration_database_url: the same database for the role that owns its tables; None means the embedded server,
            or `database_url` if only that is given.
        trusted_proxies: how many reverse proxies in front of the web set X-Forwarded-For and -Proto; 0 means that
            these headers are forged.
        secure_cookies: send cookies over HTTPS only; off by default because the portal starts on plain HTTP.
        session_idle_minutes: a browser left alone for so long is signed out.
        session_hours: nobody stays signed in for longer, in a browser or a program.
        own_worker: whether `huizong serve` runs the background jobs too; off where worker machines do.
        upload_limit: largest accepted file, in bytes.
        evidence_limit: largest file that proves a figure, in bytes; no larger than `upload_limit`.
        virus_scanner: is shown every file that comes in; None: there is none.
        sign_in: the ways of signing in.
        map_source_zh: printed under every map, in Chinese.
        map_source_en: the same in English.
    """

    data_dir: Path
    secret_key: str = field(repr=False)
    audit_key_file: Path
    database_url: str | None = field(default=None, repr=False)
    migration_database_url: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: int = 0
    secure_cookies: bool = False
    session_idle_minutes: int = 60
    session_hours: int = 12
    own_worker: bool = True
    upload_limit: int = UPLOAD_LIMIT
    evidence_limit: int = 10 * _MEGABYTE
    virus_scanner: VirusScanner | None = None
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    map_source_zh: str = MAP_SOURCE_ZH
    map_source_en: str = MAP_SOURCE_EN

    @classmethod
    def load(cls, data_dir: Path | None = None, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from `environ`; a `data_dir` given here wins over HUIZONG_DATA_DIR.

        Makes the data directory and, at the first call, the secret key in it.

        Raises:
            ConfigInvalid: a variable cannot be understood.
        """
        place = data_dir or Path(environ.get("HUIZONG_DATA_DIR") or DEFAULT_DATA_DIR)
        place = place.resolve()
        place.mkdir(parents=True, exist_ok=True)
        macros_dropped(environ)  # what cannot be understood stops the start, not somebody's upload
        database_url = _database_url(environ, "HUIZONG_DATABASE_URL")
        return cls(
            data_dir=place,
            secret_key=environ.get("HUIZONG_SECRET_KEY") or _stored_secret(place / "secret_key"),
            database_url=database_url,
            migration_database_url=_database_url(environ, "HUIZONG_MIGRATION_DATABASE_URL") or database_url,
            host=environ.get("HUIZONG_HOST") or cls.host,
            port=number(environ, "HUIZONG_PORT", cls.port, _LARGEST_PORT),
            trusted_proxies=number(environ, "HUIZONG_TRUSTED_PROXIES", cls.trusted_proxies, 9),
            secure_cookies=flag(environ, "HUIZONG_SECURE_COOKIES", cls.secure_cookies),
            session_idle_minutes=number(
                environ, "HUIZONG_SESSION_IDLE_MINUTES", cls.session_idle_minutes, 1440, smallest=1
            ),
            session_hours=number(environ, "HUIZONG_SESSION_HOURS", cls.session_hours, 168, smallest=1),
            own_worker=flag(environ, "HUIZONG_OWN_WORKER", cls.own_worker),
            upload_limit=cls.upload_limit,
            evidence_limit=number(environ, "HUIZONG_EVIDENCE_MEGABYTES", 10, UPLOAD_LIMIT // _MEGABYTE) * _MEGABYTE,
            audit_key_file=Path(environ.get("HUIZONG_AUDIT_KEY_FILE") or place / "audit_key.pem"),
            virus_scanner=VirusScanner.load(environ),
            sign_in=SignInSettings.load(environ),
            map_source_zh=environ.get("HUIZONG_MAP_SOURCE_ZH") or cls.map_source_zh,
            map_source_en=environ.get("HUIZONG_MAP_SOURCE_EN") or cls.map_source_en,
        )

    def child_environment(self, database_url: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment of a web or worker process: it gets `database_url`, and never the owner's."""
        inherited = {name: value for name, value in environ.items() if name != "HUIZONG_MIGRATION_DATABASE_URL"}
        return inherited | {
            "HUIZONG_DATA_DIR": str(self.data_dir),
            "HUIZONG_DATABASE_URL": database_url,
            "HUIZONG_HOST": self.host,
            "HUIZONG_PORT": str(self.port),
        }


def macros_dropped(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a workbook with macros is read past them, with a warning (HUIZONG_DROP_MACROS=1), or refused."""
    return flag(environ, "HUIZONG_DROP_MACROS", default=False)


def _database_url(environ: Mapping[str, str], name: str) -> str | None:
    """The URL in the words of SQLAlchemy's psycopg driver; None if the variable is empty or absent."""
    url = environ.get(name)
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ConfigInvalid(f"{name} must begin with postgresql://")
    return _SCHEME + rest


def _stored_secret(path: Path) -> str:
    """The secret in the file at `path`, made by whichever process comes first."""
    if not path.exists():
        make_once(path, secrets.token_urlsafe(48).encode("ascii"))
    return path.read_text(encoding="ascii")
