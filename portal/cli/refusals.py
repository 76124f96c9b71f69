"""What stopped a command, in one line. Imported only once something did."""

from collections.abc import Callable
from typing import Any

import psycopg.errors
from sqlalchemy.exc import DBAPIError, OperationalError

from importers.reasons import reason_text
from portal import errors
from portal.backups import BackupFailed
from portal.cli.connection import NoSchema
from portal.cli.words import Line
from portal.environment import ConfigInvalid
from portal.postgres_home import ServerUnavailable

_UPGRADE = ("请先运行 huizong db upgrade。", "run `huizong db upgrade` first.")

_SENTENCES: dict[type[errors.PortalError], Callable[[Any], Line]] = {
    errors.NotFound: lambda e: (f"没有这个{_kind(e.kind)[0]}：{e.key}", f"no such {_kind(e.kind)[1]}: {e.key}"),
    errors.NotPermitted: lambda e: (f"没有权限：{e.permission}", f"not permitted: {e.permission}"),
    errors.InvalidMove: lambda e: (
        f"报送件现在的状态（{e.state}）不允许这项操作（{e.action}）",
        f"cannot {e.action} while the submission is {e.state}",
    ),
    errors.Blocked: lambda e: (f"还有 {e.count} 处问题没有处理", f"{e.count} findings stand in the way"),
    errors.Conflict: lambda e: (f"别人同时改了：{e.kind} {e.key}", f"somebody else changed {e.kind} {e.key}"),
    errors.Duplicate: lambda e: (f"已经有了：{e.kind} {e.key}", f"exists already: {e.kind} {e.key}"),
    errors.InvalidInput: lambda e: (
        f"{e.field} 不对（{e.problem}）：{e.value}",
        f"{e.field} is wrong ({e.problem}): {e.value}",
    ),
    errors.UnitsInvalid: lambda e: ("；".join(zh for zh, _en in e.words), "; ".join(en for _zh, en in e.words)),
    errors.FormInvalid: lambda e: ("文件有错：" + "；".join(e.problems), f"{len(e.problems)} mistakes in the file"),
    errors.WorkbookUnreadable: lambda e: (
        f"{reason_text(e.reason, e.place).zh}（{e.reason}）",
        reason_text(e.reason, e.place).en,
    ),
    NoSchema: lambda _error: ("数据库里还没有表，" + _UPGRADE[0], "the database has no tables: " + _UPGRADE[1]),
    BackupFailed: lambda e: (f"没有完成：{e.reason}", "not done"),
    ServerUnavailable: lambda e: (f"数据库不可用：{e}", "the database is not available"),
}

_KINDS: dict[str, Line] = {
    "unit": ("单位", "unit"),
    "form": ("报表", "form"),
    "indicator": ("指标", "indicator"),
    "submission": ("报送件", "submission"),
    "collection": ("报送任务", "collection"),
    "chain": ("事件链", "chain of events"),
    "person": ("用户", "user"),
    "directory_account": ("与身份认证系统的关联", "link to the directory"),
    "role": ("角色", "role"),
}


def _kind(kind: str) -> Line:
    return _KINDS.get(kind, (kind, kind))


def sentence(error: Exception) -> Line | None:
    """What the error says in both languages; None for a defect of ours, which deserves its traceback."""
    if isinstance(error, errors.PortalError):
        make = next((_SENTENCES[kind] for kind in type(error).__mro__ if kind in _SENTENCES), None)
        return make(error) if make else (f"没有完成：{error}", error.code)
    if isinstance(error, ConfigInvalid):
        return f"设置有误：{error}", "a setting is wrong"
    if isinstance(error, UnicodeDecodeError):
        return "文件不是 UTF-8 编码的文本", "the file is not text in UTF-8"
    if isinstance(error, UnicodeEncodeError):  # an argument of the command line need not be text
        return f"有字符不能用 {error.encoding} 书写", f"a character cannot be written in {error.encoding}"
    if isinstance(error, OSError):
        place = error.filename or "-"  # the standard output has no name
        return f"不能读写 {place}：{error.strerror}", f"cannot read or write {place}"
    if isinstance(error, DBAPIError):
        return _database_sentence(error)
    return None


def _database_sentence(error: DBAPIError) -> Line | None:
    if isinstance(error.orig, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return "数据库与程序的版本不同，" + _UPGRADE[0], "the database is of another version: " + _UPGRADE[1]
    if isinstance(error, OperationalError):
        return f"连不上数据库：{error.orig}", "cannot connect to the database"
    return None
