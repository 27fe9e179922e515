"""CORS: only scripts of configured origins may call the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.main import create_app
from tests.conftest import IN_MEMORY, client_of, running, settings_for

SHOP = "https://shop.example"
OTHER = "https://other.example"
READABLE = {
    *("ETag", "Link", "Location", "Preference-Applied", "RateLimit-Limit", "RateLimit-Remaining"),
    *("RateLimit-Reset", "Retry-After", "WWW-Authenticate", "X-Request-ID", "X-Total-Count"),
}


@asynccontextmanager
async def called_from(origin: str, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that sends this origin, for an application with a broken route."""
    app = create_app(settings_for(IN_MEMORY, **settings))

    @app.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError

    async with running(app), client_of(app, caller=None) as client:
        client.headers["Origin"] = origin
        yield client


async def test_no_origin_may_call_the_api_by_default() -> None:
    async with called_from(SHOP) as client:
        response = await client.get("/health")
        preflight = await client.options("/health", headers={"Access-Control-Request-Method": "GET"})
    assert response.status_code == 200
    assert preflight.status_code == 405
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_only_origins_that_are_named_may_read() -> None:
    async with called_from(SHOP, cors_origins=(SHOP,)) as client:
        response = await client.get("/health")
        assert response.headers["Access-Control-Allow-Origin"] == SHOP
        assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) == READABLE
        assert "Origin" in response.headers["Vary"]
        other = await client.get("/health", headers={"Origin": OTHER})
        assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_response_lists_the_allowed_headers(method: str) -> None:
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": (
            "authorization,content-type,idempotency-key,if-match,if-none-match,prefer,x-request-id"
        ),
    }
    async with called_from(SHOP, cors_origins=(SHOP,)) as client:
        response = await client.options("/api/v1/films/1", headers=asked)
        refused = await client.options("/api/v1/films/1", headers=asked | {"Origin": OTHER})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert method in response.headers["Access-Control-Allow-Methods"].split(", ")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert refused.status_code == 400
    assert "Access-Control-Allow-Origin" not in refused.headers


async def test_scripts_can_read_error_responses() -> None:
    async with called_from(SHOP, cors_origins=(SHOP,), rate_limit_ai="1/minute") as client:
        handoff = "/api/v1/ai/handoff"
        responses = [
            await client.get("/nothing/here"),
            await client.post(handoff, json={}),
            await client.post(handoff, json={}),
            await client.post(handoff, content=b" " * 1_100_000),
            await client.get("/defect"),
        ]
    assert [response.status_code for response in responses] == [404, 422, 429, 413, 500]
    assert {response.headers["Access-Control-Allow-Origin"] for response in responses} == {SHOP}


@pytest.mark.parametrize("origins", [("*",), (SHOP,)])
async def test_credentials_that_browsers_send_by_themselves_are_never_allowed(origins: tuple[str, ...]) -> None:
    async with called_from(SHOP, cors_origins=origins) as client:
        response = await client.get("/health", headers={"Cookie": "session=1"})
        preflight = await client.options("/health", headers={"Access-Control-Request-Method": "GET"})
    for answer in (response, preflight):
        assert answer.headers["Access-Control-Allow-Origin"] == origins[0]
        assert "Access-Control-Allow-Credentials" not in answer.headers
