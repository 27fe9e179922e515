"""The agent that knows the catalogue."""

from __future__ import annotations

from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelFunctionFromPrompt

from app.agents.building import build_agent
from app.agents.desk import RentalDesk
from app.agents.handoffs import SEARCH_AGENT
from app.agents.tools import ASK_USER_PLUGIN
from app.core.db import Reading
from plugins.ask_user.ask_user_plugin import AskUserPlugin
from plugins.film_search.film_search_plugin import FilmSearchPlugin


def build_search_agent(
    kernel: Kernel, prompt: KernelFunctionFromPrompt, reading: Reading, desk: RentalDesk, *, max_tool_calls: int
) -> ChatCompletionAgent:
    """Answers from the store's rows, through the `film_search` tools."""
    own = kernel.clone()
    own.add_plugin(FilmSearchPlugin(reading), plugin_name="film_search")
    own.add_plugin(AskUserPlugin(), plugin_name=ASK_USER_PLUGIN)
    return build_agent(SEARCH_AGENT, own, prompt, max_tool_calls=max_tool_calls, rental_desk=desk.value)
