"""Packages that app/agents/lazy_imports.py makes lazy: little of them is loaded, and all of them works."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from app.agents.lazy_imports import LAZY_PACKAGES

pytestmark = pytest.mark.servers

NAMES = """
from importlib import import_module
from types import ModuleType

def described(value):
    return [getattr(value, "__module__", ""), getattr(value, "__qualname__", "") or str(value)]

print(json.dumps({
    package: {
        name: described(getattr(module, name))
        for name in sorted({*vars(module), *getattr(module, "__all__", ())})
        if not name.startswith("_") and not isinstance(getattr(module, name), ModuleType)
    }
    for package, module in ((name, import_module(name)) for name in PACKAGES)
}))
"""
LOADED = """
import app.agents.assistant, app.agents.chat_services.clients
print(json.dumps([name for name in sys.modules if name.startswith(("openai.types", "pymeta"))]))
"""
TEMPLATES = """
from semantic_kernel import Kernel
from semantic_kernel.exceptions import HandlebarsTemplateSyntaxError
from semantic_kernel.functions import KernelArguments
from semantic_kernel.prompt_template import HandlebarsPromptTemplate, PromptTemplateConfig

def template(text):
    config = PromptTemplateConfig(name="t", template=text, template_format="handlebars")
    return HandlebarsPromptTemplate(prompt_template_config=config)

rendered = asyncio.run(template("Hello {{name}}!").render(Kernel(), KernelArguments(name="Ada")))
try:
    template("{{#if}")
except HandlebarsTemplateSyntaxError:
    print(json.dumps(rendered))
"""
THREADS = """
import openai.types.responses as package
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

together = Barrier(8)

def touch(number):
    together.wait()
    names = package.__all__[number::8]
    return {name: id(getattr(package, name)) for name in (*names, "Response")}

with ThreadPoolExecutor(8) as threads:
    found = list(threads.map(touch, range(8)))
print(json.dumps([len({each["Response"] for each in found}), sum(map(len, found)) - 8 == len(package.__all__) - 1]))
"""


def run(script: str, *, lazily: bool = True) -> Any:
    """Return what the script prints, in a process with or without lazy packages."""
    first = f"import asyncio, json, sys\n{'import app.agents' if lazily else ''}\nPACKAGES = {list(LAZY_PACKAGES)}\n"
    ended = subprocess.run([sys.executable, "-c", first + script], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def names() -> tuple[dict[str, dict[str, list[str]]], dict[str, dict[str, list[str]]]]:
    return run(NAMES), run(NAMES, lazily=False)


@pytest.mark.parametrize("package", LAZY_PACKAGES)
def test_a_lazy_package_has_the_names_of_the_package_itself(names: Any, package: str) -> None:
    lazy, real = (found[package] for found in names)
    assert len(real) > 3
    assert lazy.keys() == real.keys()
    stand_ins = LAZY_PACKAGES[package].keys()
    assert [name for name in real if lazy[name] != real[name]] == sorted(stand_ins)


def test_the_agents_load_little_of_them() -> None:
    loaded = run(LOADED)
    assert "openai.types.chat" in loaded
    assert "pymeta" not in loaded
    assert len(loaded) < 60  # of over 300


def test_handlebars_templates_work_all_the_same() -> None:
    assert run(TEMPLATES) == "Hello Ada!"


def test_names_that_threads_touch_at_once_are_loaded_once() -> None:
    assert run(THREADS) == [1, True]
