"""Every command that the README shows is run, in its order, on a fresh sample store, and answers as shown."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.main import create_app
from tests.conftest import IN_MEMORY, client_of, fill, running, sample_database, settings_for

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"```sh\n(curl .*?)```\n+```json\n(.*?)```", re.DOTALL)
_VARIES = {"duration_ms", "prompt_tokens", "completion_tokens"}


@pytest.fixture
async def fresh_client(server: str | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a store that nobody has changed."""
    url = await sample_database(server, "readme_store") if server else IN_MEMORY
    app = create_app(settings_for(url))
    async with running(app), client_of(app) as client:
        if server is None:
            await fill(app.state.database)
        yield client


def curl_arguments() -> argparse.ArgumentParser:
    """As much of curl as the README uses."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-o", dest="output")
    parser.add_argument("-F", dest="file")
    return parser


async def curl(client: httpx.AsyncClient, command: str, files: dict[str, bytes]) -> httpx.Response:
    """What curl would do, with `files` for the current directory."""
    given = curl_arguments().parse_args(shlex.split(command)[1:])
    method = given.method or ("POST" if given.data or given.file else "GET")
    headers = dict(header.split(": ", 1) for header in given.headers)
    upload = None
    if given.file:
        field, _, name = given.file.partition("=@")
        upload = {field: (name, files[name], "text/csv")}
    url = given.url.removeprefix("localhost:8000")
    response = await client.request(method, url, headers=headers, content=given.data, files=upload)
    if given.output:
        files[given.output] = response.content
    return response


def check_shown(shown: Any, answered: Any) -> None:
    """Members that are not shown do not matter; those that are must be so."""
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


async def test_every_example_answers_as_shown(fresh_client: httpx.AsyncClient) -> None:
    examples = _EXAMPLE.findall(README)
    files: dict[str, bytes] = {}
    for commands, shown in examples:
        lines = commands.replace("\\\n", " ").strip().splitlines()
        responses = [await curl(fresh_client, line, files) for line in lines]
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
