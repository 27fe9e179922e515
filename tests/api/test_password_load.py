"""Password checks are slow on purpose: too many at once are refused, and those of disconnected clients are dropped."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth.identity import Role
from app.main import create_app
from app.schemas.auth import AccountCreate
from app.services.accounts import AccountService
from tests.conftest import client_of, migrate, running, settings_for
from tests.fixtures.callers import PASSWORD
from tests.fixtures.served import served
from tests.fixtures.signing_in import AUTH, sign_in

pytestmark = pytest.mark.alone

OWNER = "owner@example.org"
SLOW = 12
"""Rounds with which a hash takes at least a quarter of a second."""
PLACES = max(1, len(os.sched_getaffinity(0)) // 2) * 9


@asynccontextmanager
async def slow_app(rate_limit_auth: str = "off") -> AsyncIterator[FastAPI]:
    """An application with slow hashing and an account of the owner."""
    async with running(create_app(settings_for(password_rounds=SLOW, rate_limit_auth=rate_limit_auth))) as app:
        await migrate(app.state.database)
        accounts = AccountService(app.state.database, app.state.security)
        await accounts.create(AccountCreate(email=OWNER, password=PASSWORD), Role.CUSTOMER)
        yield app


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the audit events since the last call."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["logger"] == "app.audit"]


async def abandon(url: str, number: int) -> asyncio.StreamWriter:
    """Send a sign-in attempt and disconnect without reading the response."""
    form = urlencode({"username": f"{number}@example.org", "password": "a guess"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    head = f"POST {AUTH}/token HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    writer.write(f"{head}Content-Length: {len(form)}\r\n\r\n".encode() + form)
    await writer.drain()
    del reader
    return writer


async def test_abandoned_attempts_delay_no_other_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    async with (
        slow_app() as app,
        served(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        events(capsys)
        attempts = await asyncio.gather(*(abandon(url, number) for number in range(150)))
        assert (await client.get("/health/live")).status_code == 200
        for attempt in attempts:
            attempt.transport.abort()
        assert (await client.get("/health/live")).status_code == 200
        signed_in = await sign_in(client, OWNER)
        assert signed_in.status_code == 200
        told = Counter(event["event"] for event in events(capsys))
    # Those that were under way by then, of which there are as many as threads, and what one could do meanwhile.
    assert told["signed_in"] == 1
    assert told["sign_in_failed"] <= PLACES // 9 * 3, told


async def test_too_many_password_checks_are_503_and_other_requests_are_answered() -> None:
    async with slow_app() as app, client_of(app, caller=None) as client:
        signing_in = asyncio.gather(*(sign_in(client, f"{number}@example.org") for number in range(PLACES * 3)))
        while not signing_in.done():
            assert (await client.get("/api/v1/films")).status_code == 200
            await asyncio.sleep(0.02)
        responses = await signing_in
    by_status = Counter(response.status_code for response in responses)
    assert set(by_status) == {401, 503}
    assert PLACES <= by_status[401] < PLACES * 2
    refused = [response for response in responses if response.status_code == 503]
    assert {response.headers["Retry-After"] for response in refused} == {"2"}
    assert refused[0].json()["detail"] == "Too many passwords are being checked: try again."


async def test_an_attempt_that_was_answered_503_does_not_count() -> None:
    limit = PLACES * 3
    async with slow_app(rate_limit_auth=f"{limit}/minute") as app, client_of(app, caller=None) as client:
        responses = await asyncio.gather(*(sign_in(client, OWNER, "a guess") for _ in range(limit)))
        checked = sum(response.status_code == 401 for response in responses)
        assert checked < limit
        assert (await sign_in(client, OWNER)).headers["RateLimit-Remaining"] == str(limit - checked)
