"""Rules of the architecture that can be checked automatically."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path.relative_to(ROOT) for folder in ("app", "plugins") for path in (ROOT / folder).rglob("*.py"))


def test_imports_point_downwards() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint_imports], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", ["app.main", "app.cli.main"])
def test_heavy_modules_are_not_imported_before_they_are_needed(module: str) -> None:
    heavy = ("semantic_kernel", "openai", "httpx2", "scipy", "app.cli.chatting")
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_the_database_module_ends_transactions() -> None:
    ended = [
        f"{path}:{node.lineno}"
        for path in SOURCES
        if path.name != "engine.py"
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert not ended


def test_files_stay_small() -> None:
    lines = {path: (ROOT / path).read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert not {str(path): number for path, number in lines.items() if number > 400}
