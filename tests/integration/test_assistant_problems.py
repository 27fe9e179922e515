"""Faulty prompt directories and proxies: the service starts and reports the mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from tests.fixtures.command_line import ROOT
from tests.fixtures.serving import UVICORN, Service, serving

pytestmark = pytest.mark.servers

AGENT = "plugins/agents/search_agent"


def client_of(service: Service) -> httpx.AsyncClient:
    """Return a client with a timeout that allows for loading the agents."""
    return httpx.AsyncClient(base_url=service.url, timeout=30)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the application that tests may change."""
    for name in ("app", "plugins", "migrations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    return tmp_path


async def test_a_wrong_prompt_directory_is_reported_at_start_and_in_responses(copy: Path) -> None:
    (copy / AGENT / "config.json").write_text(
        '{"description": "x", "input_variables": [{"name": "desk"}]}', encoding="utf-8"
    )
    async with serving(*UVICORN, folder=copy, PYTHONPATH=str(copy)) as service, client_of(service) as http:
        ready = await http.get("/health/ready")
        answer = await http.post("/api/v1/ai/handoff", json={"question": "Alien?"})
        films = await http.get("/health")
    sentence = (
        "A prompt cannot be used: agents/search_agent: skprompt.txt uses no variables but config.json declares desk"
    )
    assert ready.status_code == answer.status_code == 503
    assert sentence in ready.json()["checks"]["prompts"]["detail"]
    assert sentence in answer.json()["detail"]
    assert sentence in service.log
    assert films.status_code == 200


async def test_a_mistake_in_the_team_is_told_as_such(copy: Path) -> None:
    team = copy / "app/agents/team.py"
    team.write_text(
        team.read_text(encoding="utf-8").replace("            RENTAL_AGENT: (", '            "DeskAgent": (')
    )
    async with serving(*UVICORN, folder=copy, PYTHONPATH=str(copy)) as service, client_of(service) as http:
        ready = await http.get("/health/ready")
        answer = await http.post("/api/v1/ai/handoff", json={"question": "Alien?"})
    sentence = "SearchAgent hands over to DeskAgent: use the name of an agent in app/agents/team.py."
    assert ready.status_code == answer.status_code == 503
    checks = ready.json()["checks"]
    assert checks["team"] == {"ok": False, "detail": sentence}
    assert checks["model_provider"]["ok"] is checks["prompts"]["ok"] is True
    assert sentence in answer.json()["detail"]


async def test_a_prompt_directory_without_a_config_is_fine(copy: Path) -> None:
    (copy / "plugins/chat/answer/config.json").unlink()
    async with (
        serving(*UVICORN, folder=copy, PYTHONPATH=str(copy), DATABASE_URL="sqlite:///:memory:") as service,
        client_of(service) as http,
    ):
        answer = await http.get("/api/v1/ai/ask", params={"question": "Hello?"})
    assert (answer.status_code, bool(answer.text)) == (200, True)


@pytest.mark.parametrize("proxy", ["ftp://proxy:21", "socks5://127.0.0.1:1080"])
async def test_an_unusable_proxy_is_reported_with_its_variable(tmp_path: Path, proxy: str) -> None:
    variables = {"OPENAI_API_KEY": "sk-test", "HTTPS_PROXY": proxy}
    async with serving(*UVICORN, folder=tmp_path, **variables) as service, client_of(service) as http:
        ready = await http.get("/health/ready")
        answer = await http.post("/api/v1/ai/handoff", json={"question": "Alien?"})
    assert ready.status_code == answer.status_code == 503
    assert "HTTPS_PROXY" in ready.json()["checks"]["model_provider"]["detail"]
    assert "HTTPS_PROXY" in answer.json()["detail"]
