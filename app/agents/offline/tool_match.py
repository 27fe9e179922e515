"""Agents and tools that no intent was written for: chosen by the words of their descriptions, told as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.agents.chat_services.settings import Refusal
from app.agents.offline.history import FILM_SEARCH, HANDOFF, RENTAL_DESK
from app.agents.offline.lexicon import words
from app.agents.team import LLM_AGENT, RENTAL_AGENT, SEARCH_AGENT
from app.core.name_spellings import tokens_of

TRANSFER = f"{HANDOFF}-transfer_to_"

Tool = Mapping[str, Any]
"""A tool as it is offered to a model: {"type": "function", "function": {"name", "description", "parameters"}}."""

_KNOWN = (HANDOFF, FILM_SEARCH, RENTAL_DESK, "ask_user")
_KNOWN_AGENTS = (SEARCH_AGENT, RENTAL_AGENT, LLM_AGENT)
_STEM = 4
"""Letters by which words are compared: "open" and "opening"."""


def agent_for(question: str, tools: Sequence[Tool]) -> str:
    """Return the unknown agent whose transfer tool fits the question best, or an empty text."""
    names = {_name(tool).removeprefix(TRANSFER): tool for tool in tools if _name(tool).startswith(TRANSFER)}
    return _best(question, {name: _text(tool) for name, tool in names.items() if name not in _KNOWN_AGENTS})


def refusal_for(question: str, refusals: Iterable[Refusal]) -> str:
    """Return the answer in place of the unknown agent that fits the question best, or an empty text."""
    unknown = {refusal.answer: refusal.receives for refusal in refusals if refusal.agent not in _KNOWN_AGENTS}
    return _best(question, unknown)


def tool_for(question: str, tools: Sequence[Tool]) -> str:
    """Return the unknown tool without required arguments that fits best, or an empty text."""
    plain = (tool for tool in tools if not tool["function"].get("parameters", {}).get("required"))
    unknown = {_name(tool): _text(tool) for tool in plain if _name(tool).partition("-")[0] not in _KNOWN}
    return _best(question, unknown) or next(iter(unknown), "")


def say_result(result: Mapping[str, Any]) -> str:
    """Return a tool's result in words: "monday: 10:00 to 20:00; sunday: closed."."""
    if "error" in result:
        return str(result["error"])
    told = "; ".join(f"{str(key).replace('_', ' ')}: {_said(value)}" for key, value in result.items())
    return f"{told}." if told else "There is nothing."


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(each)}" for key, each in value.items())
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _name(tool: Tool) -> str:
    return str(tool["function"]["name"])


def _text(tool: Tool) -> str:
    name = _name(tool).removeprefix(TRANSFER).replace("-", " ").replace("_", " ")
    return f"{name} {tool['function'].get('description') or ''}"


def _best(question: str, texts: Mapping[str, str]) -> str:
    """Return the key of the text that shares most stems with the question; empty when none shares any."""
    shared = {key: len(_stems(question) & _stems(text)) for key, text in texts.items()}
    best = max(shared, key=shared.__getitem__, default="")
    return best if shared.get(best) else ""


def _stems(text: str) -> set[str]:
    said = {token.word for token in tokens_of(text)} - words("of any tool")
    return {word[:_STEM] for word in said if len(word) >= _STEM}
