"""Prompt plugins: ours are whole, and one that would silently do something else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.agents.prompts import PLUGINS, load_prompt_plugins
from app.core.errors import InvalidPrompt

CONFIG = {
    "description": "Says hello.",
    "input_variables": [{"name": "name"}],
    "execution_settings": {"default": {"max_tokens": 5}},
}


def write(root: Path, prompt: str | None = "Hello {{$name}}", config: object = CONFIG) -> Path:
    folder = root / "greeting" / "hello"
    folder.mkdir(parents=True)
    if prompt is not None:
        (folder / "skprompt.txt").write_text(prompt, encoding="utf-8")
    if config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        (folder / "config.json").write_text(text, encoding="utf-8")
    return root


def test_ours_are_found_whole() -> None:
    plugins = load_prompt_plugins()
    assert {(name, function) for name, plugin in plugins.items() for function in plugin.functions} == {
        ("agents", "llm_agent"),
        ("agents", "rental_agent"),
        ("agents", "search_agent"),
        ("chat", "answer"),
        ("film_short_summary", "summarize"),
        ("film_summary", "summarize"),
    }


def test_a_folder_holds_one_kind() -> None:
    for prompt in PLUGINS.glob("*/*/skprompt.txt"):
        assert not list(prompt.parents[1].rglob("*.py"))


def test_a_whole_prompt_is_accepted(tmp_path: Path) -> None:
    assert list(load_prompt_plugins(write(tmp_path))) == ["greeting"]


@pytest.mark.parametrize(
    ("prompt", "config"),
    [
        ("Hello {{$name}}", "{"),
        ("Hello {{$name}}", "[]"),
        ("  ", None),
        ("Hello {{$name}}", {**CONFIG, "template_format": "handlebars"}),
        ("Hello {{$name}}", {**CONFIG, "execution_settings": {"default": {"max_token": 5}}}),
        ("Hello {{$name}}", {**CONFIG, "execution_settings": {"default": {"temperature": "hot"}}}),
        ("Hello {{$name}}", {**CONFIG, "input_variables": "name"}),
        ("Hello {{$name}}", {**CONFIG, "execution_settings": {}}),
        ("Hello {{$name}}", {"description": "old layout", "completion": {"max_tokens": 5}}),
        ("Hello {{$name}}", {**CONFIG, "input_variables": []}),
        ("Hello {{$name}}", {**CONFIG, "description": ""}),
        ("Hello {{$nmae}}", CONFIG),
        ("Hello", CONFIG),
        (None, CONFIG),
    ],
)
def test_a_prompt_that_would_do_something_else_is_refused(tmp_path: Path, prompt: str | None, config: object) -> None:
    with pytest.raises(InvalidPrompt, match="hello"):
        load_prompt_plugins(write(tmp_path, prompt, config))
