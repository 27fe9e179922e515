"""What the offline model says when no tool of the store can answer."""

from __future__ import annotations

from app.agents.offline.plan import Certainty, Lookup, Plan
from app.agents.offline.smalltalk import is_greeting

_EXAMPLE = "What is the rental rate for the film Alien?"
_CONFIGURE = (
    "For general questions configure a real model: set OPENAI_API_KEY (any compatible server by OPENAI_BASE_URL), or "
    "AI_PROVIDER=azure with AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and AZURE_OPENAI_DEPLOYMENT."
)
HANDOFF_ROUTE = "POST /api/v1/ai/handoff"
NO_TOOLS_FOR_THIS = "I found nothing in the store for this question."


def general_answer(question: str, *, route: str = "") -> str:
    """Who is speaking, and how to get more; `route` tells where film questions are answered, if elsewhere."""
    where = f" at {route}" if route else ""
    if is_greeting(question):
        opening = "Hello! I am the offline model: no key, no network, and no knowledge beyond the store's catalogue."
    else:
        opening = "I am the offline model and cannot answer this: I know nothing beyond the store's catalogue."
    return f"{opening} {_CONFIGURE} Questions about the store's films need no key{where}, for example: “{_EXAMPLE}”"


def handed_over_answer(question: str, plan: Plan) -> str:
    """The same to what the film search could not answer, with a word about the film that was asked for."""
    if isinstance(plan, Lookup) and plan.certainty == Certainty.CERTAIN:
        asked = plan.readings[0].titles[0].text
        return f"The store does not seem to have “{asked}”. {general_answer(question)}"
    return general_answer(question)
