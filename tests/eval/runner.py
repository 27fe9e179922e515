"""Puts the questions to the agents and counts the right answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from app.agents.assistant import Assistant
from app.agents.kernel import build_chat_service
from app.agents.record import PastTurn, TurnRequest
from app.core.auth.identity import ANONYMOUS, Caller, Role
from app.core.database.engine import Database
from app.core.errors import AppError
from app.core.settings import Settings
from tests.eval.checks import Question, problems
from tests.eval.store import StoreFacts

CALLERS = {
    "nobody": ANONYMOUS,
    "customer": Caller(Role.CUSTOMER, account_id=3, customer_id=1),
    "staff": Caller(Role.STAFF, account_id=2, staff_id=1),
}


@dataclass(frozen=True)
class Answered:
    """A question with its answer, what is wrong with it, and what it cost."""

    kind: str
    question: str
    answer: str
    problems: list[str]
    tokens: int
    milliseconds: float
    model_calls: int


def read_questions(name: str) -> list[tuple[str, Question]]:
    """Return the questions of a file beside this one, each with its kind."""
    kinds = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return [(kind, question) for kind, questions in kinds.items() for question in questions]


async def answer_all(
    questions: Sequence[tuple[str, Question]], settings: Settings, database: Database
) -> list[Answered]:
    """Ask the questions one after the other, each in a separate conversation."""
    store = await StoreFacts.read(database)
    assistant = Assistant(settings, build_chat_service(settings), database.reading)
    return [await _answer(kind, question, assistant, store) for kind, question in questions]


async def _answer(kind: str, question: Question, assistant: Assistant, store: StoreFacts) -> Answered:
    history = [PastTurn(asked, answered) for asked, answered in question.get("history", ())]
    request = TurnRequest(question["q"], CALLERS[question.get("caller", "nobody")], history)
    started = time.perf_counter()
    try:
        record = await assistant.run(request)
    except AppError as error:
        return Answered(kind, question["q"], "", [f"{type(error).__name__}: {error.detail}"], 0, 0, 0)
    spent = (time.perf_counter() - started) * 1000
    tokens = record.usage.prompt_tokens + record.usage.completion_tokens
    wrong = problems(question, record.answer, record.agent, store)
    return Answered(kind, question["q"], record.answer, wrong, tokens, spent, record.usage.model_calls)


def table(answers: Sequence[Answered]) -> str:
    """Return the results by kind: right answers, tokens and milliseconds on average."""
    lines = [f"{'kind':<14}{'right':>9}{'':>8}{'tokens':>9}{'ms':>8}"]
    for kind in (*dict.fromkeys(answer.kind for answer in answers), "all"):
        own = [answer for answer in answers if kind in ("all", answer.kind)]
        right = sum(not answer.problems for answer in own)
        tokens = sum(answer.tokens for answer in own) / len(own)
        spent = sum(answer.milliseconds for answer in own) / len(own)
        lines.append(f"{kind:<14}{f'{right}/{len(own)}':>9}{right / len(own):>8.0%}{tokens:>9.0f}{spent:>8.1f}")
    return "\n".join(lines)
