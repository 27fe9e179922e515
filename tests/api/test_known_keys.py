"""API keys that a process knows: not looked up for each request, and refused in time all the same."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.core.auth.identity import Scope
from app.core.auth.secrets import digest
from app.models import ApiKey
from app.repositories.api_keys import ValidKey
from app.schemas.auth import ApiKeyCreate
from app.services.api_keys import ApiKeyService
from app.services.known_keys import KnownKeys
from tests.fixtures.callers import bearer
from tests.fixtures.signing_in import worker_of
from tests.fixtures.statements import statements_of

NOW = datetime.now(timezone.utc)
VALID = ValidKey(1, ["rentals:read"], None, NOW)


@pytest.fixture
async def key(own_app: FastAPI) -> str:
    command = ApiKeyCreate(name="till", scopes=[Scope.RENTALS_READ])
    return (await ApiKeyService(own_app.state.database).create(command, None)).key


async def use(client: httpx.AsyncClient, key: str) -> int:
    return (await client.get("/api/v1/rentals", params={"limit": 1}, headers=bearer(key))).status_code


def about_keys(sent: list[str]) -> list[str]:
    return [statement.split()[0] for statement in sent if "api_key" in statement]


async def test_a_known_key_is_looked_up_once(own_app: FastAPI, stranger: httpx.AsyncClient, key: str) -> None:
    with statements_of(own_app) as sent:
        assert [await use(stranger, key) for _ in range(5)] == [200] * 5
    assert about_keys(sent) == ["SELECT", "UPDATE"]


async def test_without_seconds_a_key_is_looked_up_each_time(own_app: FastAPI, key: str) -> None:
    async with worker_of(own_app, api_key_cache_seconds=0) as worker:
        assert await use(worker, key) == 200
        async with own_app.state.database.writing() as connection:
            revoked = sa.update(ApiKey).where(col(ApiKey.key_hash) == digest(key)).values(revoked_at=NOW)
            await connection.execute(revoked)
        assert await use(worker, key) == 401


async def test_a_known_keys_use_is_recorded_when_a_minute_has_passed(
    own_app: FastAPI, stranger: httpx.AsyncClient, key: str
) -> None:
    assert await use(stranger, key) == 200
    before = datetime.now(timezone.utc) - timedelta(seconds=61)
    own_app.state.known_keys.record_use(digest(key), before)
    async with own_app.state.database.writing() as connection:
        this = col(ApiKey.key_hash) == digest(key)
        await connection.execute(sa.update(ApiKey).where(this).values(last_used_at=before))
    with statements_of(own_app) as sent:
        assert [await use(stranger, key) for _ in range(3)] == [200] * 3
    assert about_keys(sent) == ["UPDATE"]
    async with own_app.state.database.reading() as connection:
        recorded = await connection.scalar(sa.select(col(ApiKey.last_used_at)).where(this))
    assert recorded > before + timedelta(seconds=60)


async def test_a_known_key_is_not_kept_as_it_is_sent(own_app: FastAPI, stranger: httpx.AsyncClient, key: str) -> None:
    assert await use(stranger, key) == 200
    kept = repr(vars(own_app.state.known_keys))
    assert digest(key) in kept
    assert key[4:] not in kept


class Store:
    """Counts how often keys are looked up in it."""

    def __init__(self, known: KnownKeys, found: ValidKey | None = VALID) -> None:
        self.known = known
        self.found = found
        self.asked = 0

    async def look_up(self) -> ValidKey | None:
        self.asked += 1
        return self.found

    async def find(self, key_hash: str, now: datetime = NOW) -> ValidKey | None:
        return await self.known.find(key_hash, now, self.look_up)


async def test_the_longest_known_of_a_thousand_keys_is_looked_up_again() -> None:
    store = Store(KnownKeys(5))
    for number in range(1001):
        await store.find(str(number))
    assert store.asked == 1001
    await store.find("1000")
    await store.find("1")
    assert store.asked == 1001
    await store.find("0")
    assert store.asked == 1002


async def test_invalid_keys_take_no_place_of_known_ones() -> None:
    known = KnownKeys(5)
    valid, invalid = Store(known), Store(known, None)
    await valid.find("valid")
    for number in range(2000):
        assert await invalid.find(str(number)) is None
    await valid.find("valid")
    assert valid.asked == 1


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_known() -> None:
    known = KnownKeys(5)
    store = Store(known)

    async def revoked_meanwhile() -> ValidKey:
        known.forget()
        return VALID

    assert await known.find("key", NOW, revoked_meanwhile) == VALID
    store.found = None
    assert await store.find("key") is None


async def test_a_known_key_that_expires_is_looked_up_again() -> None:
    store = Store(KnownKeys(5), VALID._replace(expires_at=NOW + timedelta(seconds=1)))
    await store.find("key")
    store.found = None
    assert await store.find("key") is not None
    assert await store.find("key", NOW + timedelta(seconds=1)) is None
