"""What the README promises is so."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from app.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`GET (/[\w/{}-]*)", README))))
async def test_the_routes_named_are_there(client: httpx.AsyncClient, path: str) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]
    assert any(re.sub(r"{\w+}", "{}", path) == re.sub(r"{\w+}", "{}", route) for route in described)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", README, re.MULTILINE))))
def test_the_make_targets_named_are_there(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_settings_named_are_there() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", README)) - {
        "TEST_DATABASE_URL",
        "FUZZ_EXAMPLES",
        "UVICORN_ROOT_PATH",
    }
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"^\| `([\w./]+)`", README, re.MULTILINE))))
def test_the_folders_named_are_there(path: str) -> None:
    assert (ROOT / path).exists()
