"""The command line, `huizong`: a module for each noun.

`huizong --help` must answer at once, so a noun's module, and with it the database, the web framework or the reader of
workbooks, is imported only when the noun is called. Everywhere else imports stand at the top.
"""

from importlib import import_module
from typing import Any

import click

from portal.cli.command import Command, Group
from portal.cli.words import Line, both

NOUNS: dict[str, Line] = {
    "serve": ("运行门户：数据库、网页和后台任务", "run the portal: database, web and worker"),
    "worker": ("只运行后台任务", "run the background jobs only"),
    "db": ("数据库：升级、核对、备份、恢复", "the database: upgrade, check, back up, restore"),
    "demo": ("演示数据", "demonstration data"),
    "accounts": ("账号：改由统一身份认证登录", "accounts: sign in through a directory"),
    "units": ("单位：导入、导出", "units: import and export"),
    "people": ("人员和角色：新增、列出、重设密码、导入", "people and roles: add, list, reset a password, import"),
    "forms": ("报表制度：导入、导出", "forms: import and export"),
    "template": ("生成填报模板（.xlsx）", "write a workbook to fill in"),
    "check": ("审核一个工作簿，不保存", "check a workbook; nothing is stored"),
    "cells": ("列出读到的每个单元格", "list every cell as the importer reads it"),
    "upload": ("上传一个工作簿并写入草稿", "upload a workbook into the draft"),
    "batch": ("批量：多个单位的模板、汇总表和答案", "batches: files for many units, and with their answers"),
    "submission": ("报送件：一次验收多个单位的", "submissions: accept those of many units at once"),
    "rollup": ("汇总数：查询、核对、重算", "roll-ups: show, verify, rebuild"),
    "audit": ("事件链：核对、签署检查点", "the chain of events: verify, sign checkpoints"),
}


class Portal(Group):
    """The top command: finds a noun's module by its name, and puts every refusal into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The nouns, in the order of use."""
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The noun's command."""
        if cmd_name not in NOUNS:
            return None
        command: Command | Group = import_module(f"portal.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the nouns without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(noun, both(line)) for noun, line in NOUNS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it refuses becomes one line and exit code 2."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            sentence: Line | None = import_module("portal.cli.refusals").sentence(error)
            if sentence is None:
                raise
            click.echo(" ".join(both(sentence).split()), err=True)
            ctx.exit(2)


main = Portal("huizong", help="汇总 Huizong: a reporting portal for trees of public bureaus", no_args_is_help=True)
