"""Accounts and API keys at the command line: create-user, update-user and create-api-key."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any

from app.cli.command import Commands, integer_between, with_database
from app.core.auth.identity import Role, Scope
from app.core.auth.secrets import new_secret
from app.core.database.engine import Database
from app.core.errors import InvalidInput
from app.core.settings import Settings
from app.schemas.auth import AccountCreate, ApiKeyCreate, PasswordReset
from app.schemas.base import MAX_ID
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from app.services.security import SecurityLoader

_MOST_DAYS = 36_500
"""Keeps the expiry within the years that the API accepts."""


def add_commands(commands: Commands) -> None:
    """Add `create-user`, `update-user` and `create-api-key`."""
    user = commands.add_parser(
        "create-user", help="create an account; prompts for the password, or reads it from a pipe"
    )
    user.add_argument("email", help="e-mail address to sign in with")
    user.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.CUSTOMER.value,
        help="role of the account (default: %(default)s)",
    )
    _add_records(user)
    user.set_defaults(run=_printing(_create_user))
    update = commands.add_parser(
        "update-user",
        help="change an account and end its sessions; more rights require a new password",
    )
    update.add_argument("email", help="e-mail address of the account")
    update.add_argument("--role", choices=[role.value for role in Role], help="new role of the account")
    _add_records(update)
    active = update.add_mutually_exclusive_group()
    active.add_argument("--deactivate", dest="active", action="store_false", default=None, help="forbid it to sign in")
    active.add_argument("--activate", dest="active", action="store_true", help="allow it to sign in again")
    update.set_defaults(run=_printing(_update_user), active=None)
    key = commands.add_parser("create-api-key", help="create an API key for a machine and print it")
    key.add_argument("name", help='what the key is for, such as "till 7"')
    key.add_argument(
        "--scope",
        dest="scopes",
        action="append",
        choices=[scope.value for scope in Scope],
        help="scope of the key; repeat it for several (default: all scopes)",
    )
    key.add_argument("--days", type=integer_between(0, _MOST_DAYS), help="days until the key expires (default: never)")
    key.set_defaults(run=_printing(_create_api_key))


def _add_records(parser: argparse.ArgumentParser) -> None:
    records = parser.add_mutually_exclusive_group()
    records.add_argument("--customer-id", type=integer_between(0, MAX_ID), help="customer that the account belongs to")
    records.add_argument("--staff-id", type=integer_between(0, MAX_ID), help="staff member that the account belongs to")


def _printing(
    command: Callable[[Settings, Database, argparse.Namespace], Coroutine[Any, Any, str]],
) -> Callable[[Settings, argparse.Namespace], None]:
    """Return the command as `run`: with a database, and with its message printed."""

    def run(settings: Settings, options: argparse.Namespace) -> None:
        print(with_database(settings, lambda database: command(settings, database, options)))

    return run


async def _create_user(settings: Settings, database: Database, options: argparse.Namespace) -> str:
    command = AccountCreate(email=options.email, password=_password())
    created = await AccountService(database, SecurityLoader(settings)).create(
        command, Role(options.role), customer_id=options.customer_id, staff_id=options.staff_id
    )
    return f"Created account {created.id} for {created.email} with the role {created.role.value}."


async def _update_user(settings: Settings, database: Database, options: argparse.Namespace) -> str:
    named = ("role", "customer_id", "staff_id", "active")
    changes = {name: value for name, value in vars(options).items() if name in named and value is not None}
    if not changes:
        raise InvalidInput("No change given: use --role, --customer-id, --staff-id, --activate or --deactivate.")
    accounts, password, told = AccountService(database, SecurityLoader(settings)), None, ""
    if await accounts.needs_password(options.email, changes):
        given = _password("New password (at least 12 characters; empty for a random one): ")
        password = PasswordReset(password=given or new_secret()).password
        told = "" if given else f" New password, shown only once: {password}"
    updated = await accounts.update(options.email, changes, password)
    state = "active" if updated.active else "inactive"
    return f"{updated.email} has the role {updated.role.value} and is {state}.{told}"


async def _create_api_key(_settings: Settings, database: Database, options: argparse.Namespace) -> str:
    expires_at = datetime.now(timezone.utc) + timedelta(days=options.days) if options.days is not None else None
    command = ApiKeyCreate(
        name=options.name, scopes=[Scope(scope) for scope in options.scopes or Scope], expires_at=expires_at
    )
    return (await ApiKeyService(database).create(command, None)).key


def _password(prompt: str = "Password (at least 12 characters): ") -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(prompt)
    if password and getpass.getpass("Repeat the password: ") != password:
        raise InvalidInput("The passwords do not match.", "password")
    return password
