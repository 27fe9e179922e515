"""The recipes in plugins/README.md, followed literally in a copy of the application that is asked over HTTP."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.command_line import ROOT, run_module
from tests.fixtures.serving import UVICORN, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

README = (ROOT / "plugins/README.md").read_text(encoding="utf-8")
TEAM = "app/agents/team.py"
FILES = dict(re.findall(r"^`(plugins/[^`]+)`\n\n```\w+\n(.*?)```$", README, re.MULTILINE | re.DOTALL))
IMPORT, ENTRY = re.findall(r"^```python\n(.*?)```$", README.partition("## An agent")[2], re.MULTILINE | re.DOTALL)
COMMAND, ANSWER = re.findall(
    r"^```(?:sh|json)\n(.*?)```$", README.partition("## An agent")[2], re.MULTILINE | re.DOTALL
)
RESTRICTED = "        refusal=lambda caller: None if caller.is_staff else 'Only staff are told the hours.',\n    ),\n"


def copy_to(folder: Path) -> None:
    for name in ("app", "plugins", "migrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)


def follow(folder: Path, entry: str = ENTRY) -> None:
    """Write the recipes' files, and put the import below the others and the entry at the end of AGENTS."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        assert not (folder / path).exists()
        (folder / path).write_text(text, encoding="utf-8")
    team = (folder / TEAM).read_text(encoding="utf-8")
    head, agents, entries = team.partition("\nAGENTS: tuple[AgentSpec, ...] = (\n")
    assert entries.endswith("\n)\n"), "AGENTS is not the end of the page any more"
    imported = head.replace("\nfrom plugins.rental_desk", f"\n{IMPORT}from plugins.rental_desk", 1)
    assert imported != head
    (folder / TEAM).write_text("".join([imported, agents, entries[: -len(")\n")], entry, ")\n"]), encoding="utf-8")


async def served(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    variables = {"PYTHONPATH": str(folder), "DATABASE_URL": f"sqlite:///{folder}/store.db"}
    for command in ("migrate", "seed"):
        done = run_module("app", command, cwd=folder, **variables)
        assert done.returncode == 0, done.stderr
    async with (
        serving(*UVICORN, folder=folder, **variables) as service,
        httpx.AsyncClient(base_url=service.url, timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def recipe(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """The copy with the recipes' agent, served with the offline model."""
    folder = tmp_path_factory.mktemp("recipe")
    copy_to(folder)
    follow(folder)
    async for client in served(folder):
        yield client


@pytest.fixture
async def restricted(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The same with an agent that is available only to staff."""
    copy_to(tmp_path)
    follow(tmp_path, ENTRY.removesuffix("    ),\n") + RESTRICTED)
    async for client in served(tmp_path):
        yield client


async def asked(client: httpx.AsyncClient, question: str) -> dict[str, Any]:
    response = await client.post("/api/v1/ai/handoff", json={"question": question})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_the_recipes_are_two_folders_and_one_entry() -> None:
    assert {Path(path).parent for path in FILES} == {
        Path("plugins/opening_hours"),
        Path("plugins/agents/opening_hours_agent"),
    }
    assert ENTRY.count("AgentSpec(") == 1
    assert IMPORT.count("\n") == 1


def test_the_new_files_pass_ruff_and_black(tmp_path: Path) -> None:
    copy_to(tmp_path)
    follow(tmp_path)
    for check in (("ruff", "check"), ("black", "--check", "-q")):
        done = run_module(*check, "plugins/opening_hours", TEAM, cwd=tmp_path, PYTHONPATH=str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr


async def test_the_new_agent_answers_over_http(recipe: httpx.AsyncClient) -> None:
    *_, body = shlex.split(COMMAND)
    response = await recipe.post("/api/v1/ai/handoff", content=body, headers={"content-type": "application/json"})
    answer = response.json()
    shown = httpx.Response(200, text=ANSWER).json()
    assert {name: answer[name] for name in shown} == shown
    assert [(step["agent"], step["kind"], step["name"]) for step in answer["steps"]] == [
        ("SearchAgent", "handoff", "OpeningHoursAgent"),
        ("OpeningHoursAgent", "tool", "opening_hours-opening_hours"),
    ]


async def test_info_lists_the_new_agent_its_tool_and_its_prompt(recipe: httpx.AsyncClient) -> None:
    info = (await recipe.get("/api/v1/ai/info")).json()
    agents = {agent["name"]: agent for agent in info["agents"]}
    new = agents["OpeningHoursAgent"]
    assert new["description"] == "Answers questions about the store's opening hours."
    assert new["tools"] == ["opening_hours-opening_hours"]
    others = {"SearchAgent", "RentalAgent", "LLMAgent"}
    assert set(new["hands_over_to"]) == others
    assert {agents[name]["hands_over_to"]["OpeningHoursAgent"] for name in others} == {
        "The question is about when the store is open: its opening hours or closing time."
    }
    plugins = {plugin["name"]: plugin for plugin in info["plugins"]}
    assert plugins["opening_hours"]["kind"] == "native"
    assert "opening_hours_agent" in plugins["agents"]["functions"]


@pytest.mark.parametrize(
    ("question", "agent"),
    [
        ("What is the rental rate for the film Alien?", "SearchAgent"),
        ("Who won the FIFA World Cup in 2022?", "LLMAgent"),
        ("What do I have out?", "SearchAgent"),
    ],
)
async def test_other_questions_are_answered_by_the_agents_that_answered_them_before(
    recipe: httpx.AsyncClient, question: str, agent: str
) -> None:
    assert (await asked(recipe, question))["agent"] == agent


async def test_a_restricted_agent_does_not_exist_for_other_callers(restricted: httpx.AsyncClient) -> None:
    answer = await asked(restricted, "When do you open on Monday?")
    assert answer["answer"] == "Only staff are told the hours."
    assert answer["steps"] == []
    info = (await restricted.get("/api/v1/ai/info")).json()
    assert "OpeningHoursAgent" in {agent["name"] for agent in info["agents"]}
