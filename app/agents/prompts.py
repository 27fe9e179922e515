"""The prompt plugins. They are parsed and checked once, and rendered to messages whose roles no text can change.

A function is a directory with `skprompt.txt` and, optionally, `config.json`. Each `<message role="...">` tag of a
prompt becomes a message. A prompt without tags is the user's message, or an agent's instructions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # parses only this repository's prompts  # nosec B405

from pydantic import ValidationError
from semantic_kernel import Kernel
from semantic_kernel.contents import AuthorRole, ChatHistory, ChatMessageContent
from semantic_kernel.exceptions import KernelException
from semantic_kernel.functions import KernelArguments, KernelFunctionFromPrompt, KernelPlugin
from semantic_kernel.prompt_template import KernelPromptTemplate, PromptTemplateConfig
from semantic_kernel.prompt_template.input_variable import InputVariable

from app.agents.chat_services.settings import PROMPT_SETTINGS, ChatExecutionSettings
from app.core.errors import InvalidPrompt

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PROMPT_FILE = "skprompt.txt"
CONFIG_FILE = "config.json"

_VARIABLE = re.compile(r"\{\{\s*\$(\w+)\s*\}\}")
_MESSAGE = re.compile(r"<message\b")
_OLD_KEYS = ("completion", "input", "type")
"""Layouts that Semantic Kernel no longer reads."""


@dataclass(frozen=True)
class Prompt:
    """A prompt: messages, each with a template, and the settings of its config.json."""

    messages: tuple[tuple[AuthorRole, KernelPromptTemplate], ...]
    settings: ChatExecutionSettings

    async def render(self, kernel: Kernel, **values: str) -> ChatHistory:
        """Return the messages with the values inserted verbatim: tags, entities and variables in them stay text."""
        history = ChatHistory()
        for role, template in self.messages:
            text = await template.render(kernel, KernelArguments(None, **values))
            history.add_message(ChatMessageContent(role=role, content=text))
        return history


def load_prompt_plugins(root: Path = PLUGINS) -> dict[str, KernelPlugin]:
    """Load all prompt plugin folders, or raise InvalidPrompt with the name of the folder."""
    folders = sorted({path.parent for name in (PROMPT_FILE, CONFIG_FILE) for path in root.glob(f"*/*/{name}")})
    plugins: dict[str, list[KernelFunctionFromPrompt]] = {}
    for folder in folders:
        plugins.setdefault(folder.parent.name, []).append(_load(folder))
    return {name: KernelPlugin(name=name, functions=list(functions)) for name, functions in plugins.items()}


def function_of(plugins: Mapping[str, KernelPlugin], plugin: str, function: str) -> KernelFunctionFromPrompt:
    """Return a plugin's function, or raise InvalidPrompt if its folder is missing."""
    prompt = plugins[plugin].functions.get(function) if plugin in plugins else None
    if not isinstance(prompt, KernelFunctionFromPrompt):
        raise InvalidPrompt(f"{plugin}/{function}: there is no {PROMPT_FILE}")
    return prompt


def prompt_of(plugins: Mapping[str, KernelPlugin], plugin: str, function: str) -> Prompt:
    """Return a plugin's prompt, ready to render."""
    prompt = function_of(plugins, plugin, function)
    try:
        messages = tuple((role, _template(text)) for role, text in _messages(prompt_text(prompt)))
    except (ElementTree.ParseError, KernelException, ValueError) as error:
        raise InvalidPrompt(f"{plugin}/{function}: {PROMPT_FILE} has invalid message tags") from error
    return Prompt(messages, settings_of(prompt))


def prompt_text(function: KernelFunctionFromPrompt) -> str:
    """Return the unrendered template."""
    return function.prompt_template.prompt_template_config.template or ""


def settings_of(function: KernelFunctionFromPrompt) -> ChatExecutionSettings:
    """Return config.json's model settings, if any."""
    for settings in function.prompt_execution_settings.values():
        return ChatExecutionSettings(**settings.extension_data)
    return ChatExecutionSettings()


def _messages(template: str) -> list[tuple[AuthorRole, str]]:
    if not _MESSAGE.search(template):
        return [(AuthorRole.USER, template.strip())]
    root = ElementTree.fromstring(f"<prompt>{template}</prompt>")  # trusted  # noqa: S314  # nosec B314
    loose = [root.text, *(element.tail for element in root)]
    if any(text and text.strip() for text in loose) or any(each.tag != "message" or len(each) for each in root):
        raise ValueError("text or tags outside the messages")
    return [(AuthorRole(element.attrib["role"]), element.text or "") for element in root]


def _template(text: str) -> KernelPromptTemplate:
    # Values need no encoding: the rendered text of a message is not parsed again.
    config = PromptTemplateConfig(template=text, allow_dangerously_set_content=True)
    return KernelPromptTemplate(prompt_template_config=config, allow_dangerously_set_content=True)


def _load(folder: Path) -> KernelFunctionFromPrompt:
    name = f"{folder.parent.name}/{folder.name}"
    if not (folder / PROMPT_FILE).exists():
        raise InvalidPrompt(f"{name}: there is a {CONFIG_FILE} but no {PROMPT_FILE}")
    try:
        text = (folder / PROMPT_FILE).read_text(encoding="utf-8")
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8")) if _has_config(folder) else {}
    except (OSError, ValueError) as error:
        raise InvalidPrompt(f"{name}: {PROMPT_FILE} or {CONFIG_FILE} cannot be read as UTF-8 text and JSON") from error
    if problem := _problem(text, config, has_config=_has_config(folder)):
        raise InvalidPrompt(f"{name}: {problem}")
    try:
        return _function(folder, text, config)
    except (KernelException, ValidationError, ValueError, TypeError) as error:
        raise InvalidPrompt(f"{name}: {PROMPT_FILE} or {CONFIG_FILE} does not have Semantic Kernel's format") from error


def _has_config(folder: Path) -> bool:
    return (folder / CONFIG_FILE).exists()


def _function(folder: Path, text: str, config: dict[str, Any]) -> KernelFunctionFromPrompt:
    settings = ChatExecutionSettings(**config.get("execution_settings", {}).get("default", {}))
    template = PromptTemplateConfig(
        name=folder.name,
        description=config.get("description", ""),
        template=text,
        input_variables=[InputVariable(**variable) for variable in config.get("input_variables", [])],
        execution_settings={"default": settings},
    )
    return KernelFunctionFromPrompt(
        function_name=folder.name,
        plugin_name=folder.parent.name,
        description=template.description,
        prompt_template_config=template,
    )


def _problem(text: str, config: object, *, has_config: bool) -> str | None:
    """Return the description of a template error, as the end of a sentence."""
    if not text.strip():
        return f"{PROMPT_FILE} is empty"
    if not has_config:
        return None
    if not isinstance(config, dict):
        return f"{CONFIG_FILE} must be a JSON object"
    if not isinstance(config.get("description"), str) or not config["description"]:
        return f"{CONFIG_FILE} has no description"
    if config.get("template_format", "semantic-kernel") != "semantic-kernel":
        return f"{CONFIG_FILE} has a template_format other than semantic-kernel"
    if old := [key for key in _OLD_KEYS if key in config]:
        return f"{CONFIG_FILE} has '{old[0]}', which is no longer supported"
    return _settings_problem(config) or _variables_problem(text, config)


def _settings_problem(config: dict[str, Any]) -> str | None:
    if "execution_settings" not in config:
        return None
    by_service = config["execution_settings"]
    settings = by_service.get("default") if isinstance(by_service, dict) else None
    if not isinstance(settings, dict) or not settings:
        return f"{CONFIG_FILE} has execution_settings without a 'default' that has settings"
    if unknown := sorted(set(settings) - PROMPT_SETTINGS):
        return f"{CONFIG_FILE} sets '{unknown[0]}', which is not one of {', '.join(sorted(PROMPT_SETTINGS))}"
    return None


def _variables_problem(text: str, config: dict[str, Any]) -> str | None:
    variables = config.get("input_variables", [])
    if not isinstance(variables, list) or not all(isinstance(each, dict) for each in variables):
        return f"{CONFIG_FILE} must have a list of objects as input_variables"
    used = set(_VARIABLE.findall(text))
    declared = {str(variable.get("name")) for variable in variables}
    if used != declared:
        return f"{PROMPT_FILE} uses {_listed(used)} but {CONFIG_FILE} declares {_listed(declared)}"
    return None


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "no variables"
