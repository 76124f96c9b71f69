"""Settings come from the environment, and secrets are made once."""

import stat
from pathlib import Path

import pytest

from portal.config import Config, macros_dropped
from portal.environment import ConfigInvalid


def test_defaults_are_an_embedded_server_on_this_machine_only(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {})
    assert config.data_dir == tmp_path
    assert config.database_url is None
    assert config.migration_database_url is None
    assert (config.host, config.port, config.trusted_proxies) == ("127.0.0.1", 8000, 0)
    assert (config.secure_cookies, config.own_worker) == (False, True)
    assert config.upload_limit == 20 * 1024 * 1024
    assert "审图号" in config.map_source_zh


def test_a_word_that_is_not_understood_stops_the_start_and_no_upload(tmp_path: Path) -> None:
    assert not macros_dropped({})
    assert macros_dropped({"HUIZONG_DROP_MACROS": "1"})
    with pytest.raises(ConfigInvalid, match="HUIZONG_DROP_MACROS"):
        Config.load(tmp_path, {"HUIZONG_DROP_MACROS": "perhaps"})


def test_data_dir_is_var_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.load(environ={}).data_dir == tmp_path / "var"
    assert (tmp_path / "var").is_dir()


def test_an_argument_wins_over_the_environment(tmp_path: Path) -> None:
    environ = {"HUIZONG_DATA_DIR": str(tmp_path / "environment")}
    assert Config.load(environ=environ).data_dir == tmp_path / "environment"
    assert Config.load(tmp_path / "argument", environ).data_dir == tmp_path / "argument"


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = Config.load(tmp_path, {})
    assert len(first.secret_key) >= 48
    assert Config.load(tmp_path, {}).secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_given_secret_key_is_not_stored(tmp_path: Path) -> None:
    assert Config.load(tmp_path, {"HUIZONG_SECRET_KEY": "from-outside"}).secret_key == "from-outside"
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    config = Config.load(
        tmp_path, {"HUIZONG_SECRET_KEY": "geheim", "HUIZONG_DATABASE_URL": "postgresql://a:geheim@db/x"}
    )
    assert "geheim" not in repr(config)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_database_urls_name_our_driver(tmp_path: Path, scheme: str) -> None:
    config = Config.load(tmp_path, {"HUIZONG_DATABASE_URL": f"{scheme}://app:p%40w@db/huizong"})
    assert config.database_url == "postgresql+psycopg://app:p%40w@db/huizong"


def test_migrations_use_their_own_url_or_the_only_one(tmp_path: Path) -> None:
    environ = {"HUIZONG_DATABASE_URL": "postgresql://app@db/huizong"}
    assert Config.load(tmp_path, environ).migration_database_url == "postgresql+psycopg://app@db/huizong"
    environ["HUIZONG_MIGRATION_DATABASE_URL"] = "postgresql://owner@db/huizong"
    assert Config.load(tmp_path, environ).migration_database_url == "postgresql+psycopg://owner@db/huizong"


@pytest.mark.parametrize(("text", "meaning"), [("1", True), ("Yes", True), ("0", False), ("off", False), ("", True)])
def test_flags_are_yes_no_or_the_default(tmp_path: Path, text: str, meaning: bool) -> None:
    assert Config.load(tmp_path, {"HUIZONG_OWN_WORKER": text}).own_worker is meaning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIZONG_DATABASE_URL", "mysql://app:geheim@db/huizong"),
        ("HUIZONG_DATABASE_URL", "geheim"),
        ("HUIZONG_PORT", "65536"),
        ("HUIZONG_PORT", "-1"),
        ("HUIZONG_PORT", "²"),
        ("HUIZONG_SECURE_COOKIES", "perhaps"),
        ("HUIZONG_TRUSTED_PROXIES", "all"),
        ("HUIZONG_SESSION_IDLE_MINUTES", "0"),
    ],
)
def test_a_bad_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigInvalid, match=name) as refusal:
        Config.load(tmp_path, {name: value})
    assert "geheim" not in str(refusal.value)


def test_children_get_the_application_url_and_never_the_owners(tmp_path: Path) -> None:
    environ = {"PATH": "/bin", "HUIZONG_MIGRATION_DATABASE_URL": "postgresql://owner@db/huizong"}
    config = Config.load(tmp_path, environ | {"HUIZONG_PORT": "8123"})
    child = config.child_environment("postgresql+psycopg://app@db/huizong", environ)
    assert child == {
        "PATH": "/bin",
        "HUIZONG_DATA_DIR": str(tmp_path),
        "HUIZONG_DATABASE_URL": "postgresql+psycopg://app@db/huizong",
        "HUIZONG_HOST": "127.0.0.1",
        "HUIZONG_PORT": "8123",
    }
