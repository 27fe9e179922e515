"""Accounts and API keys at the command line: create-user, update-user and create-api-key."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any

from app.core.db import Database
from app.core.errors import InvalidInput
from app.core.identity import Role, Scope
from app.core.secret import new_secret
from app.core.settings import Settings
from app.schemas.auth import AccountCreate, ApiKeyCreate, PasswordReset
from app.schemas.base import MAX_ID
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from app.services.security import SecurityLoader

Command = Callable[[Settings, Database, argparse.Namespace], Coroutine[Any, Any, str]]
"""Does what the options say, and returns what to tell about it."""

_MOST_DAYS = 36_500
"""As many as times of ours go."""

Parsers = Any
"""What argparse's `add_subparsers` returns: its type has no public name."""


def add_account_commands(commands: Parsers) -> None:
    """Tell argparse of them; the options have the `run` of the command that was chosen."""
    user = commands.add_parser("create-user", help="make an account; the password is asked for, or read from a pipe")
    user.add_argument("email", help="address to sign in with")
    user.add_argument("--role", choices=[role.value for role in Role], default=Role.CUSTOMER.value)
    _add_records(user)
    user.set_defaults(run=_create_user)
    update = commands.add_parser(
        "update-user",
        help="change what an account may do; it has to sign in again, with a new password if it may do more",
    )
    update.add_argument("email", help="address of the account")
    update.add_argument("--role", choices=[role.value for role in Role])
    _add_records(update)
    active = update.add_mutually_exclusive_group()
    active.add_argument(
        "--deactivate", dest="active", action="store_false", default=None, help="let it sign in no more"
    )
    active.add_argument("--activate", dest="active", action="store_true", help="let it sign in again")
    update.set_defaults(run=_update_user, active=None)
    key = commands.add_parser("create-api-key", help="make a key for a machine, and print it")
    key.add_argument("name", help="what it is for")
    key.add_argument(
        "--scope",
        dest="scopes",
        action="append",
        choices=[scope.value for scope in Scope],
        help="what it is good for, once for each; all of them unless given",
    )
    key.add_argument(
        "--days", type=_number_to(_MOST_DAYS), help="how long it is good for; until it is revoked unless given"
    )
    key.set_defaults(run=_create_api_key)


def _add_records(parser: argparse.ArgumentParser) -> None:
    records = parser.add_mutually_exclusive_group()
    records.add_argument("--customer-id", type=_number_to(MAX_ID), help="the store's customer that this is")
    records.add_argument("--staff-id", type=_number_to(MAX_ID), help="the member of the store's staff that this is")


def _number_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not 0 <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from 0 to {most}")
        return value

    return number


async def _create_user(settings: Settings, database: Database, options: argparse.Namespace) -> str:
    command = AccountCreate(email=options.email, password=_password())
    created = await AccountService(database, SecurityLoader(settings)).create(
        command, Role(options.role), customer_id=options.customer_id, staff_id=options.staff_id
    )
    return f"{created.email} is account {created.id}, with the role {created.role.value}."


async def _update_user(settings: Settings, database: Database, options: argparse.Namespace) -> str:
    named = ("role", "customer_id", "staff_id", "active")
    changes = {name: value for name, value in vars(options).items() if name in named and value is not None}
    if not changes:
        raise InvalidInput("Nothing to change was given.")
    accounts, password, told = AccountService(database, SecurityLoader(settings)), None, ""
    if await accounts.needs_password(options.email, changes):
        given = _password("New password (12 characters or more, or nothing for a random one): ")
        password = PasswordReset(password=given or new_secret()).password
        told = "" if given else f" New password, shown only now: {password}"
    updated = await accounts.update(options.email, changes, password)
    state = "active" if updated.active else "not active"
    return f"{updated.email} has the role {updated.role.value} and is {state}.{told}"


async def _create_api_key(_settings: Settings, database: Database, options: argparse.Namespace) -> str:
    expires_at = datetime.now(timezone.utc) + timedelta(days=options.days) if options.days is not None else None
    command = ApiKeyCreate(
        name=options.name, scopes=[Scope(scope) for scope in options.scopes or Scope], expires_at=expires_at
    )
    return (await ApiKeyService(database).create(command, None)).key


def _password(prompt: str = "Password (12 characters or more): ") -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(prompt)
    if password and getpass.getpass("Again: ") != password:
        raise InvalidInput("That was not the same.", "password")
    return password
