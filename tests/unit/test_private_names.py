"""app/agents/private_names.py lists exactly the private names of Semantic Kernel that the code uses."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase

from app.agents.private_names import CHAT_SERVICE, RUNTIME

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("app/agents", "plugins") for path in sorted((ROOT / folder).rglob("*.py"))]


def private_names_of(path: Path) -> set[str]:
    """Return the private attributes that a file uses, and the private methods that it defines."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    defined = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    return {name for name in used | defined if name.startswith("_") and not name.startswith("__")}


async def semantic_kernels() -> set[str]:
    """Return the private names of Semantic Kernel's base classes."""
    runtime = InProcessRuntime(ignore_unhandled_exceptions=False)
    return {name for owner in (runtime, ChatCompletionClientBase) for name in dir(owner) if name.startswith("_")}


async def test_semantic_kernel_still_has_the_names() -> None:
    runtime = InProcessRuntime(ignore_unhandled_exceptions=False)
    assert [name for name in RUNTIME if not hasattr(runtime, name)] == []
    assert [name for name in CHAT_SERVICE if not hasattr(ChatCompletionClientBase, name)] == []
    assert runtime._background_tasks == set()
    assert callable(runtime._try_serialize)
    await runtime._message_queue.join()


async def test_every_name_that_we_touch_is_listed() -> None:
    theirs = await semantic_kernels()
    touched = {name for path in SOURCES for name in private_names_of(path) & theirs}
    assert touched == RUNTIME.keys() | CHAT_SERVICE.keys()


@pytest.mark.parametrize("source", ["x._message_queue", "def _try_serialize(): ..."])
def test_a_use_of_a_private_name_is_detected(source: str, tmp_path: Path) -> None:
    path = tmp_path / "used.py"
    path.write_text(source)
    assert len(private_names_of(path)) == 1
