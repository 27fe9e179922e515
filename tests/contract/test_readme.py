"""The READMEs name only existing routes, settings, targets and files."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from app.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
READMES = [ROOT / "README.md", *ROOT.glob("*/README.md"), ROOT / "app/api/README.md", ROOT / "app/cli/README.md"]
README = "\n".join(path.read_text(encoding="utf-8") for path in READMES if path.parent.name != "docker")


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
        "UVICORN_HTTP",
        "NO_COLOR",
    }
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_listed_files_lead_somewhere(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    listed = re.findall(r"^\| `([a-z][\w./-]+)`", text, re.MULTILINE)
    assert [name for name in linked + listed if not ((readme.parent / name).exists() or (ROOT / name).exists())] == []


def test_the_front_page_is_short() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") < 180
