"""Who may hand over to whom, and when. The reasons reach the model as the descriptions of its transfer tools."""

from __future__ import annotations

from collections.abc import Sequence

from semantic_kernel.agents import Agent, OrchestrationHandoffs

SEARCH_AGENT = "SearchAgent"
LLM_AGENT = "LLMAgent"
RENTAL_AGENT = "RentalAgent"

HANDOFFS: dict[str, dict[str, str]] = {
    SEARCH_AGENT: {
        LLM_AGENT: "The question is not about the store's films, or the store does not have the film asked about.",
        RENTAL_AGENT: (
            "The question is about somebody's rentals, due dates, late fees, debts or rental history, or about whether "
            "a film is in stock near them."
        ),
    },
    RENTAL_AGENT: {
        SEARCH_AGENT: "The question is about the store's films and not about anybody's rentals.",
        LLM_AGENT: "The question is about neither films nor rentals.",
    },
    LLM_AGENT: {
        SEARCH_AGENT: "The question is about the store's films and SearchAgent has not looked it up yet.",
        RENTAL_AGENT: "The question is about somebody's rentals, due dates, late fees, debts or rental history.",
    },
}


def handoffs_between(agents: Sequence[Agent]) -> OrchestrationHandoffs:
    """The connections among these agents."""
    names = {agent.name for agent in agents}
    handoffs = OrchestrationHandoffs()
    for agent in agents:
        targets = {name: why for name, why in HANDOFFS.get(agent.name, {}).items() if name in names}
        handoffs.add_many(agent.name, targets)
    return handoffs
