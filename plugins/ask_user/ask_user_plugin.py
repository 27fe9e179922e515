"""Tool to ask the person a question."""

from __future__ import annotations

from typing import Annotated

from semantic_kernel.functions import kernel_function


class AskUserPlugin:
    """A tool for a question to the person. A filter ends the turn with the question; only an empty one gets here."""

    @kernel_function(name="ask_user")
    async def ask_user(self, question: Annotated[str, "The question, in one sentence"]) -> str:
        """Ask the person a question that only they can answer, and wait for their reply."""
        return "The question is empty: ask one, or answer."
