"""The API below a prefix of a proxy, which may or may not strip the prefix."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from app.core.database.engine import Database
from app.main import create_app
from tests.conftest import client_of, fill, running, settings_for
from tests.fixtures.callers import ADMIN, PASSWORD, SECRET, STAFF, bearer, email_of, token_of
from tests.fixtures.serving import UVICORN, serving

pytestmark = pytest.mark.servers

PREFIX = "/dvd"


class Proxy(httpx.AsyncHTTPTransport):
    """A proxy that forwards paths below the prefix to the service; other paths are 404."""

    def __init__(self, service: str, prefix: str, *, strips: bool) -> None:
        super().__init__()
        self._service, self._prefix, self._strips = httpx.URL(service), prefix, strips

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        if not path.startswith(self._prefix):
            return httpx.Response(404, text="another service")
        target = path[len(self._prefix) :] or "/" if self._strips else path
        url = request.url.copy_with(host=self._service.host, port=self._service.port, raw_path=target.encode())
        return await super().handle_async_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        )


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prefix") / "store.db"
    database = Database(settings_for(f"sqlite+aiosqlite:///{path}"))
    await fill(database)
    await database.dispose()
    return path


@pytest.fixture(
    scope="module",
    params=[
        (UVICORN, PREFIX, PREFIX, True),
        (("app", "serve"), PREFIX, PREFIX, True),
        (UVICORN, PREFIX, PREFIX, False),
        (UVICORN, "/shop/dvd", "/shop/dvd/", True),
        (UVICORN, "/api", "/api", True),
    ],
    ids=["stripping", "our own command", "not stripping", "a slash at its end", "a part of ours"],
)
async def proxied(
    request: pytest.FixtureRequest, store: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the API's public base URL."""
    command, prefix, told, strips = request.param
    variables = {"DATABASE_URL": f"sqlite:///{store}", "AI_PROVIDER": "offline", "SECRET_KEY": SECRET}
    folder = tmp_path_factory.mktemp("proxied")
    async with serving(*command, folder=folder, UVICORN_ROOT_PATH=told, **variables) as service:
        transport = Proxy(service.url, prefix, strips=strips)
        async with httpx.AsyncClient(base_url=f"http://public{prefix}", transport=transport) as client:
            yield client


def below(client: httpx.AsyncClient, path: str) -> httpx.URL:
    """Return the path for a client whose base URL is only the host."""
    assert path.startswith(client.base_url.path), path
    return client.base_url.copy_with(raw_path=path.encode())


async def test_the_root_and_its_links_answer(proxied: httpx.AsyncClient) -> None:
    for path in ("", "/"):
        root = await proxied.get(httpx.URL(f"http://public{proxied.base_url.path.rstrip('/')}{path}"))
        assert root.status_code == 200, path
        for link in root.json()["links"].values():
            assert (await proxied.get(below(proxied, link))).status_code == 200


@pytest.mark.parametrize("page", ["docs", "docs/", "redoc"])
async def test_pages_find_what_they_load(proxied: httpx.AsyncClient, page: str) -> None:
    response = await proxied.get(page, follow_redirects=True)
    assert response.status_code == 200
    loaded = re.findall(r'(?:src|href|spec-url|url)(?:=|: )[\'"]([^\'"]+)', response.text)
    assert len(loaded) >= 3
    for path in loaded:
        assert (await proxied.get(below(proxied, path))).status_code == 200, path


async def test_the_description_says_where_operations_and_tokens_are(proxied: httpx.AsyncClient) -> None:
    described = await proxied.get("openapi.json")
    (server,) = described.json()["servers"]
    assert (await proxied.get(below(proxied, f"{server['url']}/api/v1/films/1"))).json()["id"] == 1
    flow = described.json()["components"]["securitySchemes"]["Account"]["flows"]["password"]
    signing_in = {"username": email_of(STAFF), "password": PASSWORD}
    for page in (str(described.url), str((await proxied.get("docs/", follow_redirects=True)).url)):
        tokens = await proxied.post(urljoin(page, flow["tokenUrl"]), data=signing_in)
        assert tokens.status_code == 200
        refreshing = {"refresh_token": tokens.json()["refresh_token"]}
        assert (await proxied.post(urljoin(page, flow["refreshUrl"]), json=refreshing)).status_code == 200


async def test_paths_in_responses_are_below_the_prefix(proxied: httpx.AsyncClient) -> None:
    headers = bearer(token_of(ADMIN))
    page = await proxied.get("api/v1/films/", params={"limit": 1})
    following = httpx.URL(page.links["next"]["url"])
    assert (await proxied.get(below(proxied, following.raw_path.decode()))).json()[0]["id"] == 2
    film = {"title": "Prefix", "language_id": 1}
    created = await proxied.post("api/v1/films", json=film, headers=headers)
    assert (await proxied.get(below(proxied, created.headers["Location"]))).json()["title"] == "Prefix"
    copies = {"film_id": created.json()["id"], "store_id": 1}
    (disc,) = (await proxied.post("api/v1/inventory", json=copies, headers=headers)).json()
    renting = {"inventory_id": disc["id"], "customer_id": 1, "staff_id": 1}
    rented = await proxied.post("api/v1/rentals", json=renting, headers=headers)
    there = await proxied.get(below(proxied, rented.headers["Location"]), headers=headers)
    assert there.json()["inventory_id"] == disc["id"]
    missing = await proxied.get("api/v1/films/99999")
    assert (await proxied.get(below(proxied, missing.json()["instance"]))).status_code == 404


async def test_errors_of_the_router_are_those_without_a_prefix(proxied: httpx.AsyncClient) -> None:
    assert (await proxied.get("nothing/here")).status_code == 404
    response = await proxied.delete("health")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert (await proxied.head("health")).status_code == 200


async def test_uploads_have_their_larger_limit(proxied: httpx.AsyncClient) -> None:
    file = {"file": ("films.csv", f"title,language\n{chr(10) * 1_500_000}", "text/csv")}
    response = await proxied.post("api/v1/films/import", files=file, headers=bearer(token_of(ADMIN)))
    assert response.json() == {"films": 0, "dry_run": False}


async def test_without_a_prefix_the_token_url_is_right_too() -> None:
    async with running(create_app(settings_for())) as app, client_of(app) as client:
        described = await client.get("/openapi.json")
        assert "servers" not in described.json()
        flow = described.json()["components"]["securitySchemes"]["Account"]["flows"]["password"]
        assert urljoin(str(described.url), flow["tokenUrl"]) == "http://test/api/v1/auth/token"
        redirected = await client.get("/docs/")
        assert (redirected.status_code, redirected.headers["Location"]) == (307, "/docs")
