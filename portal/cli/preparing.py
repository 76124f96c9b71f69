"""What must be in the database before anybody signs in: tables, then roles and permissions."""

from dataclasses import replace

from portal import schema
from portal.app import create_app
from portal.cli.connection import connected
from portal.config import Config
from portal.embedded_postgres import Server
from portal.web.permissions import sync_permissions


def prepare(settings: Config, target: Server) -> None:
    """Bring tables, policies, functions and permissions up to date; changes nothing where they are."""
    schema.upgrade(target.owner_url)
    with connected(target):
        sync_permissions(create_app(replace(settings, database_url=None)))  # on the connection that is open
