"""All commands of the READMEs are run in order on a new sample store, and answer as shown."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.auth.identity import Scope
from app.core.database.engine import Database
from app.main import create_app
from app.schemas.auth import ApiKeyCreate
from app.seed.store import seed
from app.services.api_keys import ApiKeyService
from tests.conftest import IN_MEMORY, client_of, migrate, running, settings_for
from tests.fixtures.postgres_server import create_database

ROOT = Path(__file__).resolve().parents[2]
README = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "app/api/README.md"))
_EXAMPLE = re.compile(r"```sh\n(curl .*?)```\n+```json\n(.*?)```", re.DOTALL)
_VARIES = {"duration_ms", "prompt_tokens", "completion_tokens"}


@dataclass(frozen=True)
class Shell:
    """The reader's shell: the service, exported variables, and files."""

    client: httpx.AsyncClient
    variables: dict[str, str]
    files: dict[str, bytes]


@pytest.fixture
async def shell(server: str | None) -> AsyncIterator[Shell]:
    """A shell with a service on a new sample store without accounts."""
    url = await create_database(server, "readme_store") if server else IN_MEMORY
    app = create_app(settings_for(url))
    async with running(app), client_of(app, caller=None) as client:
        database: Database = app.state.database
        await migrate(database)
        await seed(database)
        created = await ApiKeyService(database).create(ApiKeyCreate(name="make run", scopes=list(Scope)), None)
        yield Shell(client, {"KEY": created.key}, {})


def curl_arguments() -> argparse.ArgumentParser:
    """Parse the options of curl that the READMEs use."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("--data-urlencode", dest="fields", action="append", default=[])
    parser.add_argument("-o", dest="output")
    parser.add_argument("-F", dest="file")
    return parser


async def curl(shell: Shell, command: str) -> httpx.Response:
    """Send the request as curl would."""
    command = string.Template(command).substitute(shell.variables)
    given = curl_arguments().parse_args(shlex.split(command)[1:])
    fields = dict(field.split("=", 1) for field in given.fields)
    method = given.method or ("POST" if given.data or fields or given.file else "GET")
    headers = dict(header.split(": ", 1) for header in given.headers)
    upload = None
    if given.file:
        field, _, name = given.file.partition("=@")
        upload = {field: (name, shell.files[name], "text/csv")}
    url = given.url.removeprefix("localhost:8000")
    response = await shell.client.request(
        method, url, headers=headers, content=given.data, data=fields or None, files=upload
    )
    if given.output:
        shell.files[given.output] = response.content
    return response


def check_shown(shown: Any, answered: Any) -> None:
    """Check that the response has all members that are shown; it may have more."""
    if isinstance(shown, dict):
        assert set(shown) <= set(answered)
        for name in set(shown) - _VARIES:
            check_shown(shown[name], answered[name])
    elif isinstance(shown, list):
        assert len(shown) == len(answered)
        for one, other in zip(shown, answered, strict=True):
            check_shown(one, other)
    else:
        assert shown == answered


async def test_every_example_answers_as_shown(shell: Shell) -> None:
    for commands, shown in _EXAMPLE.findall(README):
        lines = commands.replace("\\\n", " ").strip().splitlines()
        responses = [await curl(shell, line) for line in lines]
        assert all(response.is_success for response in responses), responses[-1].text
        check_shown(json.loads(shown), responses[-1].json())


def test_every_resource_has_an_example() -> None:
    commands = " ".join(commands for commands, _ in _EXAMPLE.findall(README))
    for resource in (
        "films",
        "categories",
        "actors",
        "inventory",
        "customers?",
        "rentals",
        "payments",
        "balance",
        "subscriptions",
    ):
        assert f"/{resource}" in commands
    assert len(_EXAMPLE.findall(README)) == README.count("```json")
