"""The offline model without Semantic Kernel: one question with a store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.agents.offline.search_steps import search_step
from app.agents.offline.steps import Asked, Call, Calls, Result, Say, Turn
from tests.fakes.film_store import FilmStore

_MOST_ROUNDS = 5


@dataclass
class Outcome:
    """The outcome of a question. `answer` is None if it was handed over; `rounds` are model calls."""

    answer: str | None = None
    rounds: int = 0
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def ask(store: FilmStore, question: str, earlier: Sequence[tuple[str, str]] = ()) -> Outcome:
    """Put a question, after earlier pairs of question and answer, and follow it to its end."""
    turns = [Turn(by_user=i == 0, text=text) for pair in earlier for i, text in enumerate(pair)]
    outcome, seen = Outcome(), list[tuple[Call, Result]]()
    while True:
        outcome.rounds += 1
        assert outcome.rounds <= _MOST_ROUNDS, f"no end: {outcome.calls}"
        step = search_step(Asked(question, tuple(turns), tuple(seen)))
        if not isinstance(step, Calls):
            outcome.answer = step.text if isinstance(step, Say) else None
            return outcome
        for call in step.calls:
            outcome.calls.append((call.function, dict(call.arguments)))
            seen.append((call, store.call(call.function, call.arguments)))
