"""A caller without permission is refused before the body is read, whatever its size."""

from __future__ import annotations

import json
import resource
import signal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.authorization import CurrentAdmin, Restricted
from app.core.auth.identity import Caller, Scope
from app.schemas.auth import ApiKeyCreate
from app.services.api_keys import ApiKeyService
from tests.api.test_authorization import EXPECTED, ROUTES
from tests.conftest import client_of
from tests.fixtures.callers import CUSTOMER, STAFF, bearer, token_of
from tests.fixtures.raw_http import connected
from tests.fixtures.served import served
from tests.fixtures.statements import statements_of

RESTRICTING = (Restricted, CurrentAdmin)
WITH_BODY = sorted(name for name, route in ROUTES.items() if route.body_field is not None)
IDS = dict.fromkeys(
    (
        *("film_id", "category_id", "actor_id", "customer_id", "rental_id", "subscription_id"),
        *("confirmation_id", "conversation_id", "turn_id"),
    ),
    1,
)
IMPORT = "/api/v1/films/import"


async def answered(app: FastAPI, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Return the status and document of a request whose body must not be read."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, str]:
        assert sent, "the body was asked for"
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": "test", "content-type": "application/json", "content-length": "1000000", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


def rules(*names: str) -> list[str]:
    return [name for name in WITH_BODY if EXPECTED[name].rule in names]


@pytest.mark.parametrize(
    ("operation", "headers"),
    [
        *((name, {}) for name in WITH_BODY if EXPECTED[name].rule not in ("public", "anybody")),
        *(
            (name, {"Authorization": credential})
            for name in WITH_BODY
            if EXPECTED[name].rule != "public"
            for credential in ("Bearer nonsense", "Bearer dvd_nonsense", "Basic YTpi")
        ),
    ],
)
async def test_an_unauthenticated_caller_is_refused_before_the_body_is_read(
    app: FastAPI, operation: str, headers: dict[str, str]
) -> None:
    route = ROUTES[operation]
    method = next(iter(route.methods or ()))
    status, document = await answered(app, method, route.path.format_map(IDS), headers)
    assert (status, document["status"]) == (401, 401)


@pytest.mark.parametrize(
    ("operation", "caller"),
    [
        *((operation, CUSTOMER) for operation in rules("staff", "admin")),
        *((operation, STAFF) for operation in rules("admin")),
    ],
)
async def test_an_unauthorized_caller_is_refused_before_the_body_is_read(
    app: FastAPI, operation: str, caller: Caller
) -> None:
    route = ROUTES[operation]
    method = next(iter(route.methods or ()))
    status, _ = await answered(app, method, route.path.format_map(IDS), bearer(token_of(caller)))
    assert status == 403


def test_the_tested_routes_include_restricted_ones() -> None:
    restricted = [name for name in WITH_BODY if isinstance(ROUTES[name].guard, RESTRICTING)]
    assert {"import_films", "create_film", "create_api_key", "change_password"} <= set(restricted)


async def test_an_upload_of_ten_megabytes_is_refused_at_its_headers(app: FastAPI) -> None:
    head = f"POST {IMPORT} HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\nExpect: 100-continue\r\n".encode()
    kind = b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    async with served(app, lifespan="off") as url, connected(url) as connection:
        await connection.send(head + kind)
        response = await connection.response()
    assert response.status == 401  # and not 100: nothing of it is asked for


async def test_a_key_is_looked_up_once_for_each_request(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    command = ApiKeyCreate(name="till", scopes=[Scope.CATALOGUE_WRITE])
    key = (await ApiKeyService(own_app.state.database).create(command, None)).key
    with statements_of(own_app) as statements:
        response = await stranger.post("/api/v1/categories", json={"name": ""}, headers=bearer(key))
    assert response.status_code == 422
    assert len([statement for statement in statements if "FROM api_key" in " ".join(statement.split())]) == 1


async def test_an_upload_without_disk_space_is_503(client: httpx.AsyncClient) -> None:
    """Parts over 1 MiB become temporary files; here files are limited to that size."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, limits[1]))
    try:
        response = await client.post(IMPORT, files={"file": ("films.csv", b"x" * 3_000_000, "text/csv")})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert response.status_code == 503
    assert response.json()["detail"] == "The body cannot be stored: try again later."
    assert int(response.headers["Retry-After"]) > 0


async def test_the_body_of_an_authorized_caller_is_read(app: FastAPI) -> None:
    async with client_of(app, STAFF) as http:
        file = {"file": ("films.csv", "title,language\n", "text/csv")}
        assert (await http.post(IMPORT, files=file, params={"dry_run": "true"})).json() == {"films": 0, "dry_run": True}
