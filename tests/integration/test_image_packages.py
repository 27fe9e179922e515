"""The service works without the packages that the image excludes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest

from tests.fakes.openai_server import fake_openai
from tests.fixtures.command_line import ROOT
from tests.fixtures.serving import serving

pytestmark = pytest.mark.servers

QUESTION = {"question": "What is the rental rate for the film Alien?"}


def left_out() -> list[str]:
    found = re.search(r'^ARG UNUSED="(.+)"$', (ROOT / "docker/Dockerfile").read_text(), flags=re.MULTILINE)
    assert found
    return ["debugpy", *found[1].split()]


@pytest.fixture
def image(tmp_path: Path) -> dict[str, str]:
    """Variables of a process that cannot import what the image lacks."""
    script = f"import sys\nsys.modules.update(dict.fromkeys({left_out()}))\n"
    (tmp_path / "sitecustomize.py").write_text(script)
    return {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "DATABASE_URL": f"sqlite:///{tmp_path}/store.db"}


@pytest.mark.parametrize("provider", ["offline", "openai"])
async def test_a_question_is_answered_without_them(provider: str, tmp_path: Path, image: dict[str, str]) -> None:
    with fake_openai() as server:
        variables = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url, "AI_PROVIDER": provider}
        async with (
            serving("app", "serve", "--sample", folder=tmp_path, **image, **variables) as service,
            httpx.AsyncClient(base_url=service.url, timeout=60) as client,
        ):
            answer = await client.post("/api/v1/ai/handoff", json=QUESTION)
            assert (answer.status_code, "$2.99" in answer.text) == (200, True), service.log
            assert (await client.get("/api/v1/films/1")).json()["title"] == "Alien"


async def test_azure_is_asked_without_them(tmp_path: Path, image: dict[str, str]) -> None:
    variables = {
        "AZURE_OPENAI_ENDPOINT": "https://127.0.0.1:1",
        "AZURE_OPENAI_API_KEY": "key",
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
    }
    async with (
        serving("app", "serve", "--sample", folder=tmp_path, **image, **variables) as service,
        httpx.AsyncClient(base_url=service.url, timeout=60) as client,
    ):
        answer = await client.post("/api/v1/ai/handoff", json=QUESTION)
        assert answer.status_code == 502, service.log  # nobody is there: 500 were a failed import
