"""Checkouts on Windows, in folders with unusual names, and with a `.env` from any editor."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.command_line import ROOT, run, run_module

pytestmark = pytest.mark.servers

PARTS = ("app", "migrations", "plugins", "docker", "alembic.ini", "requirements.lock", "README.md")
STORE = {"DATABASE_URL": "sqlite:///store.db"}
NOT_UTF_8 = "Error: .env is not UTF-8: save it as UTF-8, not as UTF-16 or ANSI.\n"


def git(*arguments: str, cwd: Path) -> str:
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def copied(folder: Path, *others: str) -> Path:
    """The files that the image is built from, and others."""
    folder.mkdir(parents=True)
    for name in (*PARTS, *others):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def write_env(folder: Path, encoding: str) -> None:
    comment = "# Größe" if encoding == "latin-1" else "# size"
    (folder / ".env").write_text(f"{comment}\nLOG_LEVEL=DEBUG\n", encoding=encoding)


def test_a_checkout_on_windows_has_the_line_ends_that_containers_need(tmp_path: Path) -> None:
    origin = copied(tmp_path / "origin", ".gitattributes", ".dockerignore", "Makefile", ".env.example")
    git("init", "--quiet", cwd=origin)
    git("add", "--all", cwd=origin)
    git("commit", "--quiet", "--message", "Everything", cwd=origin)
    git("clone", "--quiet", "-c", "core.autocrlf=true", str(origin), "checkout", cwd=tmp_path)
    checkout = tmp_path / "checkout"
    files = [checkout / name for name in git("ls-files", "-z", cwd=checkout).split("\0") if name]
    assert len(files) > 100
    assert [str(file) for file in files if b"\r" in file.read_bytes()] == []
    assert git("status", "--porcelain", cwd=checkout) == ""


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = copied(tmp_path / "100% ours, %(here)s")
    for done in (
        run_module("app", "migrate", cwd=folder, PYTHONPATH="", **STORE),
        run_module("app", "create-user", "ada@example.org", cwd=folder, given="engine No. 2\n", PYTHONPATH="", **STORE),
        run_module("alembic", "downgrade", "-1", cwd=folder, PYTHONPATH="", **STORE),
        run_module("alembic", "upgrade", "head", cwd=folder, PYTHONPATH="", **STORE),
        run_module("alembic", "revision", "--autogenerate", "-m", "Nothing", cwd=folder, PYTHONPATH="", **STORE),
    ):
        assert done.returncode == 0, done.stderr
    assert list((folder / "migrations" / "versions").glob("*_nothing.py"))


def test_alembic_runs_from_any_folder(tmp_path: Path) -> None:
    ini = str(ROOT / "alembic.ini")
    done = run_module("alembic", "-c", ini, "upgrade", "head", cwd=tmp_path, PYTHONPATH="", **STORE)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "store.db").exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_an_env_file_that_is_not_utf_8_is_a_one_line_error(tmp_path: Path, encoding: str) -> None:
    write_env(tmp_path, encoding)
    done = run("migrate", cwd=tmp_path)
    assert done.returncode != 0
    assert (done.stdout, done.stderr) == ("", NOT_UTF_8)


@pytest.mark.parametrize(
    ("command", "encoding"),
    [(("app", "serve"), "utf-16-le"), (("uvicorn", "app.main:app"), "latin-1")],
    ids=["app serve", "uvicorn"],
)
def test_servers_tell_it_in_a_sentence(tmp_path: Path, command: tuple[str, ...], encoding: str) -> None:
    write_env(tmp_path, encoding)
    done = run_module(*command, cwd=tmp_path)
    assert done.returncode != 0
    assert (done.stdout, done.stderr) == ("", NOT_UTF_8)


@pytest.mark.parametrize(("mark", "line_end"), [("\ufeff", "\r\n"), ("", "\n")], ids=["Windows", "others"])
def test_an_env_file_in_utf_8_is_read_whatever_wrote_it(tmp_path: Path, mark: str, line_end: str) -> None:
    (tmp_path / ".env").write_bytes(line_end.join([f"{mark}APP_PORT=70000", "# Größe", ""]).encode())
    done = run("migrate", cwd=tmp_path)
    assert done.returncode == 1
    assert re.match(r"Error: APP_PORT: ", done.stderr), done.stderr
