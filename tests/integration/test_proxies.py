"""Client addresses: only trusted proxies may forward them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.fixtures.entrypoint import started
from tests.fixtures.serving import UVICORN, serving

pytestmark = pytest.mark.servers

SERVE = ("app", "serve")
ENTRYPOINT = ("entrypoint",)
CLAIMS = [
    *(f"203.0.113.{number}" for number in range(10)),
    *(f"198.51.100.{number}:{40000 + number}" for number in range(10)),
    *(f"[2001:db8:0:{number}::1]:443" for number in range(10)),
]
"""Thirty forged addresses, in all forms that proxies write."""


@asynccontextmanager
async def reached(command: tuple[str, ...], folder: Path, **variables: str) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a service with this command, with a limit of ten questions a minute."""
    given = {"RATE_LIMIT_AI": "10/minute", "AI_PROVIDER": "offline", "DATABASE_URL": "sqlite:///store.db", **variables}
    if command == ENTRYPOINT:
        async with started(folder, **given) as container:
            await container.ready()
            yield container.http
    else:
        async with (
            serving(*command, folder=folder, **given) as service,
            httpx.AsyncClient(base_url=service.url, timeout=60) as http,
        ):
            yield http


async def ask(client: httpx.AsyncClient, forwarded_for: str) -> httpx.Response:
    return await client.post("/api/v1/ai/handoff", json={}, headers={"X-Forwarded-For": forwarded_for})


@pytest.mark.parametrize("command", [UVICORN, SERVE, ENTRYPOINT], ids=["uvicorn", "serve", "entrypoint"])
async def test_made_up_addresses_do_not_get_round_the_limit(command: tuple[str, ...], tmp_path: Path) -> None:
    """By default uvicorn trusts proxies on this machine."""
    async with reached(command, tmp_path) as client:
        responses = [await ask(client, claim) for claim in CLAIMS]
        assert Counter(response.status_code for response in responses) == {422: 10, 429: 20}
        assert (await client.post("/api/v1/ai/handoff", json={})).status_code == 429


@pytest.mark.parametrize("command", [UVICORN, SERVE, ENTRYPOINT], ids=["uvicorn", "serve", "entrypoint"])
async def test_a_limited_caller_does_not_get_another_limit_by_forging_addresses(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    async with reached(command, tmp_path) as client:
        plain = [await client.post("/api/v1/ai/handoff", json={}) for _ in range(10)]
        assert {response.status_code for response in plain} == {422}
        for claim in [*CLAIMS, "127.0.0.1", "::1", "127.0.0.1:9", "nobody", "fe80::1%" + "z" * 200]:
            assert (await ask(client, claim)).status_code == 429


@pytest.mark.parametrize("command", [UVICORN, SERVE, ENTRYPOINT], ids=["uvicorn", "serve", "entrypoint"])
async def test_callers_behind_a_trusted_proxy_are_counted_separately(command: tuple[str, ...], tmp_path: Path) -> None:
    async with reached(command, tmp_path, FORWARDED_ALLOW_IPS="127.0.0.1") as client:
        responses = [await ask(client, claim) for claim in CLAIMS]
        assert {response.status_code for response in responses} == {422}
        # What the proxy adds comes last; what its client sent before that is the client's invention.
        responses = [await ask(client, f"{claim}, 192.0.2.1") for claim in CLAIMS]
        assert Counter(response.status_code for response in responses) == {422: 10, 429: 20}


async def test_an_untrusted_proxy_is_ignored(tmp_path: Path) -> None:
    async with reached(SERVE, tmp_path, FORWARDED_ALLOW_IPS="192.0.2.0/24") as client:
        responses = [await ask(client, claim) for claim in CLAIMS]
    assert Counter(response.status_code for response in responses) == {422: 10, 429: 20}


@pytest.mark.parametrize("command", [SERVE, ENTRYPOINT], ids=["serve", "entrypoint"])
async def test_responses_have_no_server_header(command: tuple[str, ...], tmp_path: Path) -> None:
    async with reached(command, tmp_path) as client:
        for path in ("/health", "/nothing/here"):
            response = await client.get(path)
            assert not {"server", "x-powered-by"} & set(response.headers)


async def test_https_at_a_trusted_proxy_counts_as_https(tmp_path: Path) -> None:
    async with reached(SERVE, tmp_path, FORWARDED_ALLOW_IPS="127.0.0.1") as client:
        response = await client.get("/health", headers={"X-Forwarded-Proto": "https"})
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
