"""What the README promises is so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest

from app.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


async def test_the_first_question_gets_the_answer_shown(client: httpx.AsyncClient) -> None:
    command = next(block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block)
    shown = json.loads(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0])
    words = shlex.split(command.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("localhost"))
    body = words[words.index("-d") + 1]
    response = await client.post(url.partition("8000")[2], content=body, headers={"content-type": "application/json"})
    answer = response.json()
    assert set(answer) == set(shown)
    for member in ("agent", "answer", "status", "steps"):
        assert answer[member] == shown[member]
    assert answer["usage"]["model_calls"] == shown["usage"]["model_calls"]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`GET (/[\w/{}]*)", README))))
async def test_the_routes_named_are_there(client: httpx.AsyncClient, path: str) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]
    assert any(re.sub(r"{\w+}", "{}", path) == re.sub(r"{\w+}", "{}", route) for route in described)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", README, re.MULTILINE))))
def test_the_make_targets_named_are_there(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_settings_named_are_there() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", README)) - {"TEST_DATABASE_URL"}
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"^\| `([\w./]+)`", README, re.MULTILINE))))
def test_the_folders_named_are_there(path: str) -> None:
    assert (ROOT / path).exists()
