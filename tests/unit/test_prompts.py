"""Prompt plugins: those of the repository are complete, and faulty ones are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from semantic_kernel import Kernel

from app.agents.chat_services.settings import ChatExecutionSettings
from app.agents.prompts import PLUGINS, function_of, load_prompt_plugins, prompt_of
from app.core.errors import InvalidPrompt
from tests.fixtures.odd_texts import ODD_TEXTS

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


def test_all_prompts_of_the_repository_are_loaded() -> None:
    plugins = load_prompt_plugins()
    assert {(name, function) for name, plugin in plugins.items() for function in plugin.functions} == {
        ("agents", "llm_agent"),
        ("agents", "rental_agent"),
        ("agents", "search_agent"),
        ("chat", "answer"),
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


def test_a_prompt_without_a_config_has_defaults(tmp_path: Path) -> None:
    plugins = load_prompt_plugins(write(tmp_path, config=None))
    assert prompt_of(plugins, "greeting", "hello").settings == ChatExecutionSettings()
    assert function_of(plugins, "greeting", "hello").description == ""


def test_a_config_gives_defaults(tmp_path: Path) -> None:
    settings = prompt_of(load_prompt_plugins(write(tmp_path)), "greeting", "hello").settings
    assert (settings.max_tokens, settings.temperature) == (5, None)


def test_a_prompt_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPrompt, match="greeting/goodbye"):
        prompt_of(load_prompt_plugins(write(tmp_path)), "greeting", "goodbye")


@pytest.mark.parametrize(
    "prompt",
    [
        '<message role="system">Hello {{$name}}',
        '<message role="nobody">Hello {{$name}}</message>',
        '<message role="system">Hello</message> {{$name}}',
        '<message role="system">Hello</message><note>{{$name}}</note>',
    ],
)
def test_message_tags_that_cannot_be_read_are_refused(tmp_path: Path, prompt: str) -> None:
    plugins = load_prompt_plugins(write(tmp_path, prompt))
    with pytest.raises(InvalidPrompt, match="greeting/hello"):
        prompt_of(plugins, "greeting", "hello")


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_roles_hold_and_text_arrives_as_it_was_written(tmp_path: Path, text: str) -> None:
    template = '<message role="system">Greet &lt;them&gt;.</message>\n<message role="user">I am {{$name}}!</message>'
    prompt = prompt_of(load_prompt_plugins(write(tmp_path, template)), "greeting", "hello")
    history = await prompt.render(Kernel(), name=text)
    assert [(message.role.value, message.content) for message in history] == [
        ("system", "Greet <them>."),
        ("user", f"I am {text}!"),
    ]


async def test_a_prompt_without_tags_is_the_users(tmp_path: Path) -> None:
    history = await prompt_of(load_prompt_plugins(write(tmp_path)), "greeting", "hello").render(Kernel(), name="Ada")
    assert [(message.role.value, message.content) for message in history] == [("user", "Hello Ada")]
