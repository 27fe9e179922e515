"""HEAD on every route that accepts GET: the same status and headers, without a body."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.api.test_authorization import DOCUMENTATION, EXPECTED, ROUTES
from tests.conftest import client_of, fill, running, settings_for
from tests.fakes.openai_server import FakeOpenAI, Mode, fake_openai
from tests.fixtures.raw_http import exchanged
from tests.fixtures.served import served
from tests.fixtures.statements import statements_of

IDS = {"film_id": 1, "category_id": 1, "actor_id": 1, "customer_id": 1, "inventory_id": 1, "rental_id": 1}
IDS |= {"conversation_id": 1, "turn_id": 1, "confirmation_id": 1}
VARIES = {"date", "x-request-id"}
ASK = "/api/v1/ai/ask"
QUESTION = f"{ASK}?question=Hello!"
GET = {name: route for name, route in ROUTES.items() if "GET" in (route.methods or ())}
OTHERS = [
    *("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css"),
    *("/nothing/here", "/api/v1/films/99999", "/api/v1/films/x", "/api/v1/films?limit=0", "/api/v1/films/"),
]


def headers_of(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in VARIES}


@pytest.mark.parametrize("operation", sorted(set(GET) - {"ask_model"}))
async def test_head_is_get_without_a_body(client: httpx.AsyncClient, operation: str) -> None:
    path, request = GET[operation].path.format_map(IDS), EXPECTED[operation].other or {}
    got = await client.get(path, **request)
    head = await client.head(path, **request)
    assert (head.status_code, headers_of(head)) == (got.status_code, headers_of(got))
    assert head.content == b""


@pytest.mark.parametrize("path", OTHERS)
async def test_head_of_pages_and_errors_returns_the_headers_of_get_without_a_body(
    client: httpx.AsyncClient, path: str
) -> None:
    got, head = await client.get(path), await client.head(path)
    assert (head.status_code, headers_of(head)) == (got.status_code, headers_of(got))
    assert head.content == b""


def test_the_tested_pages_include_all_documentation_pages() -> None:
    assert not [page for page in DOCUMENTATION if not any(path.startswith(page) for path in OTHERS)]


async def test_head_supports_if_none_match_and_count_exact(client: httpx.AsyncClient) -> None:
    tag = (await client.head("/api/v1/films/1")).headers["ETag"]
    assert (await client.head("/api/v1/films/1", headers={"If-None-Match": tag})).status_code == 304
    counted = await client.head("/api/v1/films", headers={"Prefer": "count=exact"})
    assert int(counted.headers["X-Total-Count"]) > 100


async def test_head_is_405_on_paths_without_get(client: httpx.AsyncClient) -> None:
    response = await client.head("/api/v1/ai/handoff")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


async def test_head_needs_the_same_credentials_as_get(app: FastAPI) -> None:
    async with client_of(app, caller=None) as stranger:
        assert (await stranger.head("/api/v1/customers")).status_code == 401
        assert (await stranger.head("/api/v1/auth/me")).status_code == 401


async def test_over_a_socket_no_body_follows_the_headers(app: FastAPI) -> None:
    async with served(app, lifespan="off") as url:
        for path in ("/health", "/api/v1/films/1", "/api/v1/films/export", "/nothing/here"):
            response = await exchanged(url, f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            assert response.status in (200, 404)
            assert response.body == b""
            assert "transfer-encoding" not in response.headers
            assert ("content-length" in response.headers) == (path != "/api/v1/films/export")


async def test_head_of_the_export_reads_no_more_than_its_first_rows(app: FastAPI, client: httpx.AsyncClient) -> None:
    with statements_of(app) as statements:
        assert (await client.head("/api/v1/films/export")).status_code == 200
    assert len(statements) <= 1


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
async def test_head_of_a_question_asks_no_model(provider: FakeOpenAI, accept: str) -> None:
    settings = settings_for(ai_provider="openai", openai_api_key="sk-test", openai_base_url=provider.base_url)
    async with running(create_app(settings)) as app, client_of(app, caller=None) as client:
        await fill(app.state.database)
        provider.reset()
        client.headers["Accept"] = accept
        head = await client.head(QUESTION)
        assert provider.requests == []
        got = await client.get(QUESTION)
        assert (head.status_code, headers_of(head)) == (got.status_code, headers_of(got))
        assert head.content == b""
        # What only the model could tell, HEAD does not.
        provider.mode = Mode.SERVER_ERROR
        got, head = await client.get(QUESTION), await client.head(QUESTION)
        assert (got.status_code, head.status_code) == (502, 200)


async def test_head_of_a_question_has_the_status_that_is_known_without_the_model(client: httpx.AsyncClient) -> None:
    for parameters in ({}, {"question": " "}):
        assert (await client.head(ASK, params=parameters)).status_code == 422
    limited = create_app(settings_for(rate_limit_ai="1/minute"))
    async with running(limited) as app, client_of(app, caller=None) as http:
        first, second = [await http.head(QUESTION) for _ in range(2)]
    assert (first.status_code, first.headers["RateLimit-Remaining"], second.status_code) == (200, "0", 429)
    async with running(create_app(settings_for(ai_provider="openai"))) as app, client_of(app, caller=None) as http:
        assert (await http.head(QUESTION)).status_code == 503
