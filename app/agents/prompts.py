"""The prompt plugins: parsed once, and checked when they are, for Semantic Kernel ignores what it does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from semantic_kernel.functions import KernelFunctionFromPrompt, KernelPlugin

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
_VARIABLE = re.compile(r"\{\{\s*\$(\w+)\s*\}\}")


class InvalidPrompt(Exception):
    """A prompt's directory would not do what its author meant."""


def load_prompt_plugins(root: Path = PLUGINS) -> dict[str, KernelPlugin]:
    """Every plugin folder that holds prompts; raises InvalidPrompt, naming the folder."""
    names = sorted({path.parents[1].name for path in root.glob("*/*/skprompt.txt")})
    for config in root.glob("*/*/config.json"):
        if not config.with_name("skprompt.txt").exists():
            raise InvalidPrompt(f"{config.parent} has a config.json but no skprompt.txt")
    return {name: _load(root, name) for name in names}


def prompt_of(plugins: Mapping[str, KernelPlugin], plugin: str, function: str) -> KernelFunctionFromPrompt:
    """One of these plugins' prompts."""
    prompt = plugins[plugin].functions[function]
    if not isinstance(prompt, KernelFunctionFromPrompt):
        raise TypeError(f"{plugin}.{function} is not a prompt")
    return prompt


def prompt_text(function: KernelFunctionFromPrompt) -> str:
    """The template as it was written."""
    return function.prompt_template.prompt_template_config.template or ""


def _load(root: Path, name: str) -> KernelPlugin:
    for prompt in sorted((root / name).glob("*/skprompt.txt")):
        _check(prompt)
    return KernelPlugin.from_directory(plugin_name=name, parent_directory=str(root))


def _check(prompt: Path) -> None:
    folder = prompt.parent
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidPrompt(f"{folder}: config.json is missing or not JSON") from error
    if not config.get("description"):
        raise InvalidPrompt(f"{folder}: config.json has no description")
    if not config.get("execution_settings", {}).get("default"):
        raise InvalidPrompt(f"{folder}: config.json has no execution_settings.default: nothing would be sent")
    used = set(_VARIABLE.findall(prompt.read_text(encoding="utf-8")))
    declared = {variable.get("name") for variable in config.get("input_variables", [])}
    if used != declared:
        raise InvalidPrompt(f"{folder}: uses {sorted(used)} but declares {sorted(map(str, declared))}")
