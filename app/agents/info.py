"""Descriptions of agents and plugins for /ai/info."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelPlugin

from app.schemas.ai import AgentInfo, PluginInfo


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
    """List the native plugins, with the functions of all callers, and the prompts."""
    functions: dict[str, dict[str, str]] = {}
    for plugin in (*(plugin for agent in agents for plugin in agent.kernel.plugins.values()), *prompts.values()):
        described = {function.name: function.description or "" for function in plugin}
        functions.setdefault(plugin.name, {}).update(described)
    return [
        PluginInfo(name=name, kind="prompt" if name in prompts else "native", functions=found)
        for name, found in sorted(functions.items())
    ]


def _tools(agent: ChatCompletionAgent) -> list[str]:
    return [function.fully_qualified_name for function in agent.kernel.get_full_list_of_function_metadata()]
