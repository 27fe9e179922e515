"""Puts the questions to the agents and counts the right answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from semantic_kernel.contents import AuthorRole, ChatMessageContent

from app.agents.kernel import build_chat_service, build_kernel
from app.agents.orchestration import run_turn
from app.agents.prompts import load_prompt_plugins
from app.agents.team_builder import Team
from app.agents.transcript import Limits
from app.core.db import Database
from app.core.errors import AppError
from app.core.identity import ANONYMOUS, Caller, Role
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


def read_questions(name: str) -> list[tuple[str, Question]]:
    """Return the questions of a file beside this one, each with its kind."""
    kinds = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return [(kind, question) for kind, questions in kinds.items() for question in questions]


async def answer_all(
    questions: Sequence[tuple[str, Question]], settings: Settings, database: Database
) -> list[Answered]:
    """Put the questions one after the other, each in a conversation of its own."""
    store = await StoreFacts.read(database)
    team = Team(settings, build_kernel(build_chat_service(settings)), load_prompt_plugins(), database.reading)
    return [await _answer(kind, question, settings, team, store) for kind, question in questions]


async def _answer(kind: str, question: Question, settings: Settings, team: Team, store: StoreFacts) -> Answered:
    agents = team.of(CALLERS[question.get("caller", "nobody")])
    limits = Limits(handoffs=settings.ai_max_handoffs, tool_calls=settings.ai_max_tool_calls)
    started = time.perf_counter()
    try:
        _, answer, transcript = await run_turn(
            agents,
            team.handoffs_between(agents),
            _conversation(question),
            seconds=settings.ai_timeout_seconds,
            limits=limits,
        )
    except AppError as error:
        return Answered(kind, question["q"], "", [f"{type(error).__name__}: {error.detail}"], 0, 0)
    spent = (time.perf_counter() - started) * 1000
    tokens = transcript.usage.prompt_tokens + transcript.usage.completion_tokens
    wrong = problems(question, answer, transcript.agent, store)
    return Answered(kind, question["q"], answer, wrong, tokens, spent)


def _conversation(question: Question) -> str | list[ChatMessageContent]:
    if "history" not in question:
        return str(question["q"])
    said = [*(text for pair in question["history"] for text in pair), question["q"]]
    roles = (AuthorRole.USER, AuthorRole.ASSISTANT)
    return [ChatMessageContent(role=roles[i % 2], content=text) for i, text in enumerate(said)]


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
