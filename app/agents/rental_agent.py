"""The agent at the rental desk."""

from __future__ import annotations

from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelFunctionFromPrompt

from app.agents.building import build_agent
from app.agents.handoffs import RENTAL_AGENT
from app.core.db import Reading
from app.core.identity import Caller
from plugins.rental_desk.rental_desk_plugin import desk_for

RENTAL_DESK = "rental_desk"


def build_rental_agent(
    kernel: Kernel, prompt: KernelFunctionFromPrompt, reading: Reading, caller: Caller, *, max_tool_calls: int
) -> ChatCompletionAgent | None:
    """Answers this caller alone: whose affairs its `rental_desk` tools tell is fixed here. None without any tools."""
    desk = desk_for(caller, reading)
    if desk is None:
        return None
    own = kernel.clone()
    own.add_plugin(desk, plugin_name=RENTAL_DESK)
    return build_agent(RENTAL_AGENT, own, prompt, max_tool_calls=max_tool_calls)
