"""The key that `make run` prints is valid until the next start, on any store."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.fixtures.callers import bearer
from tests.fixtures.serving import Service, serving

pytestmark = pytest.mark.servers

RUN = ("app", "--embedded", "serve", "--sample")
KEY = re.compile(r"export KEY=(dvd_\S+)")


async def status_with(service: Service, key: str) -> int:
    async with httpx.AsyncClient(base_url=service.url, headers=bearer(key), timeout=60) as client:
        return (await client.get("/api/v1/customers")).status_code


def key_of(service: Service) -> str:
    (key,) = KEY.findall(service.log)
    return str(key)


async def run_twice(folder: Path, **variables: str) -> None:
    given = {"AI_PROVIDER": "offline", **variables}
    async with serving(*RUN, folder=folder, **given) as service:
        first = key_of(service)
        assert await status_with(service, first) == 200
    async with serving(*RUN, folder=folder, **given) as service:
        second = key_of(service)
        assert [await status_with(service, key) for key in (first, second)] == [401, 200]


async def test_a_key_is_printed_at_each_start_and_ends_the_one_before(tmp_path: Path, empty_database: str) -> None:
    await run_twice(tmp_path, DATABASE_URL=empty_database)


async def test_a_key_is_printed_on_the_embedded_store(tmp_path: Path) -> None:
    await run_twice(tmp_path)


async def test_a_store_that_was_there_before_gets_one(tmp_path: Path, pagila: str) -> None:
    async with serving(*RUN, folder=tmp_path, DATABASE_URL=pagila, AI_PROVIDER="offline") as service:
        assert "nothing was changed" in service.log
        assert await status_with(service, key_of(service)) == 200
