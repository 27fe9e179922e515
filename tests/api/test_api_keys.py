"""API keys: creation, use, expiry and revocation."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.models import ApiKey
from tests.fixtures.callers import bearer
from tests.fixtures.signing_in import AUTH, until_refused, worker_of
from tests.fixtures.statements import statements_of

KEYS = f"{AUTH}/api-keys"
RENTALS = "/api/v1/rentals"

_numbers = count(1)


async def make(client: httpx.AsyncClient, **members: object) -> dict[str, Any]:
    body = {"name": f"till {next(_numbers)}", "scopes": ["rentals:read"], **members}
    response = await client.post(KEYS, json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def listed(client: httpx.AsyncClient, key_id: int) -> dict[str, Any]:
    keys = (await client.get(KEYS, params={"limit": 1000})).json()
    return next(key for key in keys if key["id"] == key_id)


async def status_with(client: httpx.AsyncClient, key: str, path: str = RENTALS) -> int:
    return (await client.get(path, params={"limit": 1}, headers=bearer(key))).status_code


async def set_used(app: FastAPI, key_id: int, ago: timedelta) -> None:
    app.state.known_keys.forget()
    async with app.state.database.writing() as connection:
        values = {"last_used_at": datetime.now(timezone.utc) - ago}
        await connection.execute(sa.update(ApiKey).where(col(ApiKey.id) == key_id).values(values))


def writes(sent: list[str]) -> list[str]:
    return [statement for statement in sent if statement.startswith("UPDATE")]


async def test_a_key_is_shown_once_and_kept_as_its_hash(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    created = await make(own_client, scopes=["rentals:read", "rentals:write", "rentals:read"])
    key = created.pop("key")
    assert key.startswith("dvd_")
    assert len(key) == len("dvd_") + 43
    assert created["scopes"] == ["rentals:read", "rentals:write"]
    assert created["created_by"] == 1
    assert created["prefix"] == key[:10]
    assert await listed(own_client, created["id"]) == created
    async with own_app.state.database.reading() as connection:
        query = sa.select(sa.text("*")).select_from(ApiKey).where(col(ApiKey.id) == created["id"])
        kept = (await connection.execute(query)).mappings().one()
    assert kept["key_hash"] == hashlib.sha256(key.encode()).hexdigest()
    assert key[10:] not in str(dict(kept))
    assert key[10:] not in (await own_client.get(KEYS, params={"limit": 1000})).text


async def test_a_key_allows_only_its_scopes(own_client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    key = (await make(own_client, scopes=["rentals:read"]))["key"]
    assert await status_with(stranger, key) == 200
    refused = await stranger.get("/api/v1/customers", headers=bearer(key))
    assert refused.status_code == 403
    assert "customers:read" in refused.json()["detail"]
    assert (await stranger.post(f"{RENTALS}/1/return", headers=bearer(key))).status_code == 403


async def test_no_key_makes_or_sees_keys(own_client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    made = await make(own_client, scopes=["rentals:read", "rentals:write", "customers:write", "catalogue:write"])
    for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/{made['id']}")):
        body = {"name": "one more", "scopes": ["rentals:read"]} if method == "POST" else None
        assert (await stranger.request(method, path, json=body, headers=bearer(made["key"]))).status_code == 403


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"key": "dvd_chosen"}, "key"),
    ],
    ids=str,
)
async def test_an_invalid_key_request_is_422(
    own_client: httpx.AsyncClient, members: dict[str, Any], field: str
) -> None:
    response = await own_client.post(KEYS, json={"name": "till", "scopes": ["rentals:read"], **members})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", field]


async def test_a_key_ends_when_it_should(own_client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    ends = datetime.now(timezone.utc) + timedelta(seconds=1.5)
    made = await make(own_client, expires_at=ends.isoformat())
    assert await status_with(stranger, made["key"]) == 200
    await until_refused(stranger, made["key"])
    assert timedelta(0) <= datetime.now(timezone.utc) - ends < timedelta(seconds=3)


async def test_the_last_use_is_known_to_the_minute_and_written_once_in_it(
    own_app: FastAPI, own_client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    made = await make(own_client)
    assert made["last_used_at"] is None
    before = datetime.now(timezone.utc)
    with statements_of(own_app) as sent:
        for _ in range(3):
            assert await status_with(stranger, made["key"]) == 200
    assert len(writes(sent)) == 1
    used = datetime.fromisoformat((await listed(own_client, made["id"]))["last_used_at"].replace("Z", "+00:00"))
    assert before <= used <= datetime.now(timezone.utc)
    await set_used(own_app, made["id"], timedelta(seconds=50))
    with statements_of(own_app) as sent:
        await status_with(stranger, made["key"])
    assert not writes(sent)
    await set_used(own_app, made["id"], timedelta(seconds=70))
    with statements_of(own_app) as sent:
        await status_with(stranger, made["key"])
    assert len(writes(sent)) == 1


async def test_of_two_uses_at_once_one_is_written(
    own_app: FastAPI, own_client: httpx.AsyncClient, stranger: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    made = await make(own_client)
    caplog.clear()
    assert await asyncio.gather(*(status_with(stranger, made["key"]) for _ in range(6))) == [200] * 6
    assert sum("api_key_used" in record.getMessage() for record in caplog.records) == 1


async def test_a_revoked_key_ends_at_once_where_it_was_revoked_and_soon_everywhere(
    own_app: FastAPI, own_client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    made, other = await make(own_client), await make(own_client)
    async with worker_of(own_app, api_key_cache_seconds=0.5) as elsewhere:
        assert await status_with(stranger, made["key"]) == 200
        assert await status_with(elsewhere, made["key"]) == 200
        assert (await own_client.delete(f"{KEYS}/{made['id']}")).status_code == 204
        assert await status_with(stranger, made["key"]) == 401
        await until_refused(elsewhere, made["key"])
        assert await status_with(elsewhere, other["key"]) == 200
    revoked_at = (await listed(own_client, made["id"]))["revoked_at"]
    assert (await own_client.delete(f"{KEYS}/{made['id']}")).status_code == 204
    assert (await listed(own_client, made["id"]))["revoked_at"] == revoked_at
    assert (await own_client.delete(f"{KEYS}/999999")).status_code == 404


async def test_the_list_is_in_order_and_has_pages(own_client: httpx.AsyncClient) -> None:
    made = [(await make(own_client, name=name))["id"] for name in ("b key", "a key", "c key")]
    await own_client.delete(f"{KEYS}/{made[1]}")
    every = (await own_client.get(KEYS, params={"limit": 1000})).json()
    assert [key["id"] for key in every] == sorted(key["id"] for key in every)
    by_name = (await own_client.get(KEYS, params={"limit": 1000, "sort": "-name"})).json()
    assert [key["id"] for key in by_name if key["id"] in made] == [made[2], made[0], made[1]]
    for revoked, found in ((True, [made[1]]), (False, [made[0], made[2]])):
        keys = (await own_client.get(KEYS, params={"limit": 1000, "revoked": revoked})).json()
        assert [key["id"] for key in keys if key["id"] in made] == found
    url, seen = f"{KEYS}?limit=2", []
    while url:
        response = await own_client.get(url, headers={"Prefer": "count=exact"})
        assert response.headers["x-total-count"] == str(len(every))
        seen += response.json()
        url = response.links.get("next", {}).get("url", "")
    assert seen == every
