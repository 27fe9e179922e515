"""Health checks, the root and the documentation pages."""

from __future__ import annotations

import httpx
import pytest

from app.main import create_app
from tests.conftest import client_of, running, settings_for

NOWHERE = "postgresql+asyncpg://nobody:secret@127.0.0.1:1/none"


async def test_the_root_links_to_things_that_answer(client: httpx.AsyncClient) -> None:
    root = (await client.get("/")).json()
    assert root["name"] == "Interview API"
    for link in root["links"].values():
        assert (await client.get(link)).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/live"])
async def test_the_process_is_up(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {"status": "ok"}


async def test_a_migrated_store_with_a_model_is_ready(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200
    assert all(check["ok"] for check in response.json()["checks"].values())


async def test_an_unreachable_database_does_not_stop_the_process_from_starting() -> None:
    app = create_app(settings_for(NOWHERE))
    async with running(app), client_of(app) as http:
        assert (await http.get("/health")).status_code == 200
        ready = await http.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"] == {"ok": False, "detail": "unreachable"}
        films = await http.get("/api/v1/films/1")
        assert films.status_code == 503
        assert int(films.headers["Retry-After"]) > 0
        assert "secret" not in ready.text + films.text


async def test_a_store_that_was_never_migrated_is_not_ready_and_says_what_to_do() -> None:
    app = create_app(settings_for())
    async with running(app), client_of(app) as http:
        ready = await http.get("/health/ready")
    assert ready.status_code == 503
    assert "python -m app migrate" in ready.json()["detail"]


async def test_a_provider_without_its_key_is_not_ready_and_names_the_setting() -> None:
    app = create_app(settings_for(ai_provider="openai"))
    async with running(app), client_of(app) as http:
        ready = await http.get("/health/ready")
        info = await http.get("/api/v1/ai/info")
    assert ready.status_code == 503
    assert "OPENAI_API_KEY" in ready.json()["checks"]["model_provider"]["detail"]
    assert info.status_code == 503
    assert "OPENAI_API_KEY" in info.json()["detail"]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_documentation_loads_nothing_from_elsewhere(client: httpx.AsyncClient, page: str) -> None:
    response = await client.get(page)
    assert response.status_code == 200
    assert "https://" not in response.text
    assert "http://" not in response.text
    scripts = [part.split('"')[0] for part in response.text.split('src="')[1:]]
    assert scripts
    for script in scripts:
        assert (await client.get(script)).status_code == 200
