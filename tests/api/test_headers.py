"""The security and cache headers of every response, with which the documentation pages still work."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI, Response

from app.main import create_app
from tests.conftest import client_of, running, settings_for

FILM = "/api/v1/films/1"
SIGNED_IN = {"Authorization": "Bearer whatever"}
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", FILM, 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/static-offline-docs/swagger-ui.css", 200),
        ("GET", "/nothing/here", 404),
        ("DELETE", "/health", 405),
        ("POST", "/api/v1/ai/handoff", 422),
    ],
)
async def test_every_response_has_the_security_headers(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await client.request(method, path)
    assert response.status_code == status
    assert {name: response.headers.get_list(name) for name in EXPECTED} == {k: [v] for k, v in EXPECTED.items()}


async def test_responses_without_body_and_413_have_the_security_headers(client: httpx.AsyncClient) -> None:
    tag = (await client.get(FILM)).headers["ETag"]
    unchanged = await client.get(FILM, headers={"If-None-Match": tag})
    large = await client.post("/api/v1/ai/handoff", content=b" " * 1_100_000)
    assert (unchanged.status_code, large.status_code) == (304, 413)
    for response in (unchanged, large):
        assert {name: response.headers[name] for name in EXPECTED} == EXPECTED


async def test_an_unexpected_error_has_the_security_headers() -> None:
    app = create_app(settings_for())

    @app.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError

    async with running(app), client_of(app, caller=None) as client:
        response = await client.get("/defect")
    assert response.status_code == 500
    assert {name: response.headers[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(("scheme", "sent"), [("http", None), ("https", "max-age=31536000")])
async def test_strict_transport_security_is_only_sent_over_https(
    client: httpx.AsyncClient, scheme: str, sent: str | None
) -> None:
    response = await client.get(f"{scheme}://test/health")
    assert response.headers.get("Strict-Transport-Security") == sent


async def test_responses_to_authenticated_requests_are_private(client: httpx.AsyncClient) -> None:
    tagged = await client.get(FILM, headers=SIGNED_IN)
    unchanged = await client.get(FILM, headers=SIGNED_IN | {"If-None-Match": tagged.headers["ETag"]})
    assert unchanged.status_code == 304
    assert tagged.headers["Cache-Control"] == unchanged.headers["Cache-Control"] == "private, no-cache"
    for path in ("/api/v1/films?limit=1", "/nothing/here"):
        assert (await client.get(path, headers=SIGNED_IN)).headers["Cache-Control"] == "no-store"


async def test_responses_to_anonymous_requests_may_be_cached(app: FastAPI) -> None:
    async with client_of(app, caller=None) as client:
        assert "Cache-Control" not in (await client.get(FILM)).headers


async def test_headers_that_a_route_sets_are_kept() -> None:
    app = create_app(settings_for())
    own = {"Cache-Control": "private, max-age=60", "Content-Security-Policy": "default-src 'self'"}

    @app.get("/own")
    async def answer() -> Response:
        return Response(headers=own)

    async with running(app), client_of(app, caller=None) as client:
        response = await client.get("/own", headers=SIGNED_IN)
    assert {name: response.headers.get_list(name) for name in own} == {name: [value] for name, value in own.items()}


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_pages_may_run_their_own_scripts_and_no_others(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    (policy,) = page.headers.get_list("Content-Security-Policy")
    allowed = dict(directive.split(" ", 1) for directive in policy.split("; "))
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digests = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    assert allowed["script-src"].split() == ["'self'", *digests]
    assert allowed["default-src"] == allowed["frame-ancestors"] == "'none'"
    assert allowed["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_pages_are_complete_without_the_internet(client: httpx.AsyncClient, path: str) -> None:
    page = (await client.get(path)).text
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"|url: [\'"]([^\'"]+)', page)
    for address in (one or other for one, other in loaded):
        assert address.startswith("/"), address
        assert (await client.get(address)).status_code == 200
    assert len(loaded) >= 3
