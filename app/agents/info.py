"""Descriptions of agents and plugins for /ai/info."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelPlugin

from app.schemas.ai import AgentInfo, PluginInfo
from plugins.rental_desk.proposer import Proposer, current_proposer

_NOBODY = cast("Proposer", object())


def describe_agents(agents: Sequence[ChatCompletionAgent], handoffs: Mapping[str, dict[str, str]]) -> list[AgentInfo]:
    """List the agents by name, with the tools of all callers."""
    return [
        AgentInfo(
            name=name,
            description=next(agent.description or "" for agent in agents if agent.name == name),
            tools=list(dict.fromkeys(tool for agent in agents if agent.name == name for tool in _tools(agent))),
            hands_over_to=handoffs[name],
        )
        for name in dict.fromkeys(agent.name for agent in agents)
    ]


def describe_plugins(agents: Sequence[ChatCompletionAgent], prompts: Mapping[str, KernelPlugin]) -> list[PluginInfo]:
    """List the native plugins, with the functions of all callers, and the prompts.

    A function that differs between callers has the descriptions of all of its forms.
    """
    functions: dict[str, dict[str, dict[str, None]]] = {}
    for plugin in (*(plugin for agent in agents for plugin in agent.kernel.plugins.values()), *prompts.values()):
        for function in plugin:
            described = functions.setdefault(plugin.name, {}).setdefault(function.name, {})
            described[function.description or ""] = None
    return [
        PluginInfo(
            name=plugin_name,
            kind="prompt" if plugin_name in prompts else "native",
            functions={name: " ".join(described) for name, described in found.items()},
        )
        for plugin_name, found in sorted(functions.items())
    ]


@contextmanager
def listing_all_tools() -> Iterator[None]:
    """Let the team have the tools of conversations, to list them: without a conversation, they cannot be called."""
    token = current_proposer.set(_NOBODY)
    try:
        yield
    finally:
        current_proposer.reset(token)


def _tools(agent: ChatCompletionAgent) -> list[str]:
    return [function.fully_qualified_name for function in agent.kernel.get_full_list_of_function_metadata()]
