"""Which agents answer whom. Those that treat everybody alike are shared; the one at the rental desk is the caller's."""

from __future__ import annotations

from collections.abc import Mapping

from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelPlugin

from app.agents.desk import RentalDesk, closed_to
from app.agents.llm_agent import build_llm_agent
from app.agents.prompts import function_of
from app.agents.rental_agent import build_rental_agent
from app.agents.search_agent import build_search_agent
from app.core.db import Reading
from app.core.identity import Caller, Role
from app.core.settings import Settings

_ONE_OF_EACH = (Caller(role=Role.CUSTOMER, customer_id=0), Caller(role=Role.STAFF))
"""Callers who have other tools than each other: to show what there is, never to ask for anything."""


class Team:
    """The agents, for one process."""

    def __init__(
        self, settings: Settings, kernel: Kernel, prompts: Mapping[str, KernelPlugin], reading: Reading
    ) -> None:
        self._kernel = kernel
        self._reading = reading
        self._tool_calls = settings.ai_max_tool_calls
        search, general = (function_of(prompts, "agents", name) for name in ("search_agent", "llm_agent"))
        self._rental_prompt = function_of(prompts, "agents", "rental_agent")
        self._shared = {
            desk: (
                build_search_agent(kernel, search, reading, desk, max_tool_calls=self._tool_calls),
                build_llm_agent(kernel, general, desk, max_tool_calls=self._tool_calls),
            )
            for desk in RentalDesk
        }

    def of(self, caller: Caller) -> list[ChatCompletionAgent]:
        """The agents for one turn of this caller, the first to be asked first."""
        rental = self._rental_agent(caller)
        search, general = self._shared[RentalDesk.OPEN if rental else closed_to(caller)]
        return [search, rental, general] if rental else [search, general]

    def everyone(self) -> list[ChatCompletionAgent]:
        """The agents of all kinds of callers; some several times, with other tools."""
        teams = (self.of(caller) for caller in _ONE_OF_EACH)
        return [agent for team in teams for agent in team]

    def _rental_agent(self, caller: Caller) -> ChatCompletionAgent | None:
        return build_rental_agent(
            self._kernel, self._rental_prompt, self._reading, caller, max_tool_calls=self._tool_calls
        )
