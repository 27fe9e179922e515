"""The team: each agent with its prompt, tools and handoffs, and the callers that it is available to.

plugins/README.md explains how to add an agent. The first agent of the list receives all first questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.core.auth.identity import Caller
from app.core.database.engine import ReadConnectionFactory
from plugins.ask_user.ask_user_plugin import AskUserPlugin
from plugins.film_search.film_search_plugin import FilmSearchPlugin, MentionsPlugin
from plugins.rental_desk.proposals import proposals_for
from plugins.rental_desk.proposer import current_proposer
from plugins.rental_desk.rental_desk_plugin import desk_for, is_served

SEARCH_AGENT = "SearchAgent"
LLM_AGENT = "LLMAgent"
RENTAL_AGENT = "RentalAgent"

SIGNED_OUT = (
    "You need to sign in for that: then I can tell you what you have out, when it is due, what you rented before "
    "and what you owe."
)
NO_RECORD = "No customer record is linked to your account, so I know of no rentals of yours. Staff can link one."
NO_SCOPE = "That needs an API key with the scopes rentals:read and customers:read, which yours lacks."


def available_to_all(caller: Caller) -> str | None:
    """Return None, because the agent is available to every caller."""
    return None


def rental_desk_refusal(caller: Caller) -> str | None:
    """Return None if the rental desk serves the caller, else the answer to questions about rentals."""
    if is_served(caller):
        return None
    if caller.is_anonymous:
        return SIGNED_OUT
    return NO_SCOPE if caller.is_staff else NO_RECORD


def _proposals(caller: Caller, _reading: ReadConnectionFactory) -> object | None:
    """Return the tools that propose changes, or None outside of a conversation, where changes cannot be confirmed."""
    return proposals_for(caller, current_proposer.get())


@dataclass(frozen=True)
class AgentSpec:
    """One agent. Its description is part of its prompt."""

    name: str
    """1 to 64 characters: A-Z, a-z, 0-9, _ and -."""
    prompt: str
    """Folder under plugins/ with the instructions: "plugin/function"."""
    receives: str
    """When other agents should hand over to this one: the description of their transfer tool."""
    handoffs: Mapping[str, str] = field(default_factory=dict)
    """When to hand over to another agent, by its name. Overrides the other agent's `receives` for this agent."""
    tools: Mapping[str, Callable[[ReadConnectionFactory], object]] = field(default_factory=dict)
    """Plugin factories by plugin name. One plugin object serves all callers."""
    caller_tools: Mapping[str, Callable[[Caller, ReadConnectionFactory], object | None]] = field(default_factory=dict)
    """Plugin factories by plugin name, called for each question. The plugin object serves one caller.

    A factory may return None: then the agent does not have these tools for this question.
    """
    refusal: Callable[[Caller], str | None] = available_to_all
    """Returns None if the agent is available to the caller, else a fixed sentence that other agents answer instead.

    If it is not available, the agent and its tools do not exist in the conversation.
    """


AGENTS: tuple[AgentSpec, ...] = (
    AgentSpec(
        name=SEARCH_AGENT,
        prompt="agents/search_agent",
        tools={"film_search": FilmSearchPlugin, "ask_user": lambda _: AskUserPlugin()},
        receives="The question is about the store's films and not about anybody's rentals.",
        handoffs={
            LLM_AGENT: "The question is not about the store's films, or the store does not have the film asked about.",
            RENTAL_AGENT: (
                "The question is about somebody's rentals, due dates, late fees, debts or rental history, or about "
                "whether a film is in stock near them."
            ),
        },
    ),
    AgentSpec(
        name=RENTAL_AGENT,
        prompt="agents/rental_agent",
        tools={"film_search": MentionsPlugin},
        caller_tools={"rental_desk": desk_for, "rental_proposals": _proposals},
        refusal=rental_desk_refusal,
        receives="The question is about somebody's rentals, due dates, late fees, debts or rental history.",
    ),
    AgentSpec(
        name=LLM_AGENT,
        prompt="agents/llm_agent",
        receives="The question is about neither films nor rentals.",
        handoffs={
            SEARCH_AGENT: "The question is about the store's films and SearchAgent has not looked it up yet.",
        },
    ),
)
