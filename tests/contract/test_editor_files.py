"""The editors' launch configurations and tasks match the debugger extension, the containers and this repository."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
import pytest
import yaml

from app.core.settings import EMBEDDED_DATABASE_URL

Document: TypeAlias = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: Document = json.loads((ROOT / "tests/fixtures/editor_schemas.json").read_text(encoding="utf-8"))
COMPOSE: Document = yaml.safe_load((ROOT / "docker/docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
ENTRYPOINT = (ROOT / "docker/entrypoint.sh").read_text(encoding="utf-8")
LAUNCH: Document = json.loads((ROOT / ".vscode/launch.json").read_text(encoding="utf-8"))
TASKS: dict[str, Document] = {
    task["label"]: task for task in json.loads((ROOT / ".vscode/tasks.json").read_text(encoding="utf-8"))["tasks"]
}
ATTACH: list[Document] = [each for each in LAUNCH["configurations"] if each["request"] == "attach"]
DOCKER: list[str] = [label for label, task in TASKS.items() if task["command"] == "docker"]


def by_name(name: str) -> Document:
    """Return the launch configuration with this name."""
    return next(each for each in LAUNCH["configurations"] if each["name"] == name)


def chain(label: str) -> list[Document]:
    """Return a task, preceded by the tasks that it depends on."""
    task = TASKS[label]
    return [each for earlier in task.get("dependsOn", []) for each in chain(earlier)] + [task]


@pytest.mark.parametrize("name", ["launch.json", "tasks.json"])
def test_both_editors_have_the_same_files(name: str) -> None:
    assert (ROOT / ".vscode" / name).read_bytes() == (ROOT / ".cursor" / name).read_bytes()


@pytest.mark.parametrize("name", ["launch.json", "tasks.json"])
def test_the_editor_knows_every_property(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads((ROOT / ".vscode" / name).read_text(encoding="utf-8")), SCHEMA)


def test_names_are_unique() -> None:
    tasks = json.loads((ROOT / ".vscode/tasks.json").read_text(encoding="utf-8"))["tasks"]
    assert len(TASKS) == len(tasks)
    names = [each["name"] for each in LAUNCH["configurations"]]
    assert len(set(names)) == len(names)


def test_the_tasks_that_people_know_are_there() -> None:
    visible = {label for label, task in TASKS.items() if not task.get("hide")}
    assert visible == {"up", "up-debug", "up-debug-wait", "down", "logs", "migrate", "test"}


@pytest.mark.parametrize("configuration", ATTACH, ids=lambda each: each["name"])
def test_attaching_reaches_the_container(configuration: Document) -> None:
    port = configuration["connect"]["port"]
    assert f"127.0.0.1:${{DEBUG_PORT:-{port}}}:${{DEBUG_PORT:-{port}}}" in COMPOSE["services"]["fastapi"]["ports"]
    assert f"DEBUG_PORT=${{DEBUG_PORT:-{port}}}" in ENTRYPOINT
    (mapping,) = configuration["pathMappings"]
    assert mapping["localRoot"] == "${workspaceFolder}"
    assert f"WORKDIR {mapping['remoteRoot']}\n" in DOCKERFILE
    assert f'"{mapping["remoteRoot"]}/docker/entrypoint.sh"' in DOCKERFILE


@pytest.mark.parametrize(("name", "wait"), [("Attach to container", "false"), ("Attach to container (wait)", "true")])
def test_the_container_is_started_for_the_debugger(name: str, wait: str) -> None:
    configuration = by_name(name)
    tasks = chain(configuration["preLaunchTask"])
    environment = tasks[0]["options"]["env"]
    assert environment["DEBUG_MODE"] == "true"
    assert environment["DEBUG_WAIT"] == wait
    assert environment["DEBUG_PORT"] == str(configuration["connect"]["port"])
    assert re.search(rf"^FROM \S+ AS {environment['DOCKER_TARGET']}$", DOCKERFILE, re.MULTILINE)
    assert "up" in tasks[0]["args"]


def test_a_waiting_container_is_not_waited_for_until_healthy() -> None:
    for task in TASKS.values():
        if task.get("options", {}).get("env", {}).get("DEBUG_WAIT") == "true":
            assert "--wait" not in task["args"]


@pytest.mark.parametrize("configuration", LAUNCH["configurations"], ids=lambda each: each["name"])
def test_tasks_that_run_before_debugging_end(configuration: Document) -> None:
    for task in chain(configuration["preLaunchTask"]) if "preLaunchTask" in configuration else []:
        assert not task.get("isBackground")
        assert "--follow" not in task["args"]
        assert "up" not in task["args"] or "--detach" in task["args"]


@pytest.mark.parametrize("label", DOCKER)
def test_the_compose_files_and_services_named_are_there(label: str) -> None:
    arguments: list[str] = TASKS[label]["args"]
    assert arguments[:2] == ["compose", "-f"]
    services = yaml.safe_load((ROOT / arguments[2]).read_text(encoding="utf-8"))["services"]
    if arguments[3] in {"exec", "run"}:
        assert next(each for each in arguments[4:] if not each.startswith("-")) in services


@pytest.mark.parametrize("label", DOCKER)
def test_compose_and_the_entrypoint_read_what_tasks_set(label: str) -> None:
    for name in TASKS[label].get("options", {}).get("env", {}):
        assert f"${{{name}:-" in (ROOT / "docker/docker-compose.yml").read_text(encoding="utf-8")
        assert name == "DOCKER_TARGET" or f"${{{name}:-" in ENTRYPOINT


def test_make_has_the_target_named() -> None:
    (target,) = TASKS["test"]["args"]
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_serving_locally_is_what_make_run_does() -> None:
    configuration = by_name("Serve on SQLite")
    assert configuration["env"]["DATABASE_URL"] == EMBEDDED_DATABASE_URL
    command = " ".join(["-m", configuration["module"], "--embedded", *configuration["args"]])
    assert f"{command}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_readme_names_configurations_and_files_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Debugging in a container\n")[2].partition("\n## ")[0]
    named = {re.sub(r"\s+", " ", name) for name in re.findall(r"\*\*(.+?)\*\*", section, re.DOTALL)}
    assert named == {each["name"] for each in LAUNCH["configurations"]}
    assert set(re.findall(r"`([\w-]+)`", section)) >= {label for label, task in TASKS.items() if not task.get("hide")}
    files = re.findall(r"docker-compose -f (\S+)", readme)
    assert files
    assert all((ROOT / file).exists() for file in files)


@pytest.mark.servers
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="what containers have: Linux")
def test_the_wait_for_the_debugger_ends_when_it_listens_and_sends_it_nothing() -> None:
    arguments: list[str] = TASKS["up-debug-wait"]["args"]
    program = arguments[arguments.index("python") :]
    with socket.socket() as debugger:
        debugger.bind(("127.0.0.1", 0))
        port = debugger.getsockname()[1]
        environment = os.environ | {"DEBUG_PORT": str(port)}
        with subprocess.Popen([sys.executable, *program[1:]], env=environment) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(1)
            debugger.listen()
            assert waiting.wait(10) == 0
        debugger.setblocking(False)
        with pytest.raises(BlockingIOError):
            debugger.accept()


@pytest.mark.servers
def test_the_wait_for_the_debugger_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments: list[str] = TASKS["up-debug-wait"]["args"]
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DEBUG_PORT", str(unheard.getsockname()[1]))
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        with pytest.raises(SystemExit, match="No debugger listened"):
            exec(arguments[-1], {})
