"""All errors are problem documents and reveal no internals."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.main import create_app
from tests.conftest import client_of, running, settings_for

SHAPE = {"type", "title", "status", "detail", "instance", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("DELETE", "/health", 405),
        ("PUT", "/api/v1/films/export", 405),  # not a film of that id
        ("GET", "/api/v1/films/99999", 404),
        ("GET", "/api/v1/films/x", 422),
        ("POST", "/api/v1/ai/handoff", 422),
    ],
)
async def test_errors_are_problem_documents(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert set(document) >= SHAPE
    assert (document["status"], document["instance"]) == (status, path)
    assert isinstance(document["detail"], str)
    assert document["request_id"] == response.headers["X-Request-ID"]


async def test_a_405_lists_the_allowed_methods(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/health")).headers["allow"] == "GET, HEAD"


async def test_a_valid_request_id_is_kept(client: httpx.AsyncClient) -> None:
    response = await client.get("/health", headers={"X-Request-ID": "order-42.a_b"})
    assert response.headers["X-Request-ID"] == "order-42.a_b"


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", 'a"b', "a;b"])
async def test_any_other_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/health", headers={"X-Request-ID": given})
    assert len(response.headers["X-Request-ID"]) == 32
    assert response.headers["X-Request-ID"] != given


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient, declared: bool) -> None:
    body = b'{"question": "' + b"x" * 1_100_000 + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    response = await client.post(
        "/api/v1/ai/handoff",
        content=body if declared else chunks(),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    assert set(response.json()) >= SHAPE


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"\x80", b"[" * 100_000),
        *(b'{"question": "\\ud800"}', b'{"question": NaN}'),
    ],
)
async def test_a_body_that_is_not_a_question_is_422(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/api/v1/ai/handoff", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"]


async def test_an_unexpected_error_shows_nothing_and_is_logged_with_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = create_app(settings_for())

    @app.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError("the secret of the inside")

    async with running(app), client_of(app) as http:
        response = await http.get("/defect")
    assert response.status_code == 500
    assert response.json()["detail"] == "Internal server error; the request id helps us find it."
    assert "secret" not in response.text
    (record,) = [r for r in caplog.records if "unhandled_error" in r.getMessage()]
    assert response.json()["request_id"] in record.getMessage()
