"""A service with an unusable SECRET_KEY does not start, and reports why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.core.settings import SECRET_KEY_PLACEHOLDER
from tests.fixtures.command_line import run, run_module
from tests.fixtures.ports import free_port
from tests.fixtures.serving import UVICORN, serving

pytestmark = pytest.mark.servers

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
SHORT = "short, and a secret all the same"[:31]
COMMON = "Error: Several workers need the same SECRET_KEY: set a random key of at least 32 bytes."


async def test_workers_with_a_key_each_do_not_start_and_the_service_ends(tmp_path: Path) -> None:
    def ended(*arguments: str, **variables: str) -> str:
        command = ("app.main:app", "--port", str(free_port()), *arguments)
        return run_module("uvicorn", *command, cwd=tmp_path, **variables).stderr

    # Together, for uvicorn looks after its workers every few seconds alone.
    logs = await asyncio.gather(
        asyncio.to_thread(ended, "--workers", "2"),
        asyncio.to_thread(ended, WEB_CONCURRENCY="2"),
        asyncio.to_thread(ended, "--workers", "2", SECRET_KEY=SHORT),
    )
    for log, sentence in zip(logs, (COMMON, COMMON, "Error: SECRET_KEY has fewer than 32 bytes"), strict=True):
        assert sentence in log
        assert "Stopping parent process" in log
        assert "Traceback" not in log
        assert SHORT not in log


def test_serving_with_workers_and_no_key_ends_at_once(tmp_path: Path) -> None:
    ended = run("--embedded", "serve", "--sample", cwd=tmp_path, WEB_CONCURRENCY="2")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"{COMMON}\n")
    assert not (tmp_path / "interview.db").exists()


@pytest.mark.parametrize(
    ("name", "key", "says"),
    [
        ("SECRET_KEY", SHORT, "has fewer than 32 bytes: set a random key of at least 32 bytes"),
        ("SECRET_KEY_PREVIOUS", SECRET_KEY_PLACEHOLDER, "is the placeholder of .env.example"),
        ("SECRET_KEY", SSH_KEY, "is a certificate or a PEM or SSH key, which cannot sign tokens here"),
    ],
    ids=["short", "placeholder", "ssh"],
)
def test_a_key_that_could_be_guessed_ends_the_service_with_a_sentence(
    tmp_path: Path, name: str, key: str, says: str
) -> None:
    served = run("serve", cwd=tmp_path, **{name: key})
    assert served.returncode == 1
    by_uvicorn = run_module("uvicorn", "app.main:app", "--port", str(free_port()), cwd=tmp_path, **{name: key})
    assert by_uvicorn.returncode != 0
    for log in (served.stderr, by_uvicorn.stderr):
        assert log.startswith(f"Error: {name} {says}")
        assert log.count("\n") == 1
        assert key not in log


async def test_a_weak_key_that_debug_lets_pass_is_warned_of_without_being_shown(tmp_path: Path) -> None:
    given = {"SECRET_KEY": SHORT, "DEBUG": "true", "DATABASE_URL": "sqlite:///store.db", "AI_PROVIDER": "offline"}
    async with serving(*UVICORN, folder=tmp_path, **given) as service:
        warned = [line for line in service.log.splitlines() if "weak_secret_key_accepted" in line]
    assert len(warned) == 1
    assert '"setting": "SECRET_KEY"' in warned[0]
    assert '"level": "warning"' in warned[0]
    assert SHORT not in service.log
