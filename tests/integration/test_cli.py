"""The command line: python -m app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.command_line import run

pytestmark = pytest.mark.servers


def test_a_store_is_migrated_and_seeded_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert run("migrate", cwd=tmp_path, DATABASE_URL=url).returncode == 0
    first = run("seed", cwd=tmp_path, DATABASE_URL=url)
    assert (first.returncode, "205 films" in first.stdout) == (0, True)
    again = run("seed", cwd=tmp_path, DATABASE_URL=url)
    assert (again.returncode, "nothing was changed" in again.stdout) == (0, True)


def test_embedded_uses_a_file_here_unless_a_database_is_configured(tmp_path: Path) -> None:
    assert run("--embedded", "migrate", cwd=tmp_path).returncode == 0
    assert (tmp_path / "interview.db").exists()
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/other.db\n")
    assert run("--embedded", "migrate", cwd=tmp_path).returncode == 0
    assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["seed"], {"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}, "database cannot be used"),
        (["migrate"], {"DATABASE_URL": "nonsense"}, "DATABASE_URL: must be a URL"),
        (["migrate"], {"APP_PORT": "99999"}, "APP_PORT: Input should be less than or equal to 65535"),
        (["seed", "--scale", "0"], {}, "must be at least 1"),
        (["dance"], {}, "invalid choice"),
    ],
)
def test_a_mistake_is_a_one_line_error(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], says: str
) -> None:
    result = run(*arguments, cwd=tmp_path, **variables)
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert "secret" not in result.stderr
