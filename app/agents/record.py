"""A turn as its caller sees it: what is asked, and what is known of the answer while it comes to be.

Free of Semantic Kernel, so that services can use it before the assistant is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.agents.events import EventLog
from app.core.auth.identity import Caller
from app.schemas.ai import AnswerStatus, Step, Usage

MAX_RESULT = 8000
"""Characters of a tool's result that the next turn's history can show."""


@dataclass
class ToolCall:
    """A tool call; without a result it did not end."""

    name: str
    arguments: dict[str, Any]
    result: str | None = None


@dataclass(frozen=True)
class PastTurn:
    """An earlier turn of the conversation, as the model is told of it."""

    question: str
    answer: str
    agent: str | None = None
    calls: Sequence[ToolCall] = ()
    facts: Sequence[str] = ()
    """What became of the actions that the turn proposed, one sentence each."""


@dataclass(frozen=True)
class Proposal:
    """A change that an agent has proposed, as it would be made."""

    action: str
    arguments: dict[str, Any]
    preconditions: dict[str, Any]
    """What must still be so when it is confirmed."""
    summary: str


@dataclass
class TurnRecord:
    """What is known of a turn; after a failure or a cancellation, how far it came."""

    agent: str = ""
    status: AnswerStatus = "completed"
    answer: str = ""
    steps: list[Step] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    calls: list[ToolCall] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    log: EventLog | None = None
    """Where events go, if somebody may want to read them."""


@dataclass(frozen=True)
class TurnRequest:
    """A question of this caller, with the turns before it, oldest first."""

    question: str
    caller: Caller
    history: Sequence[PastTurn] = ()
    record: TurnRecord = field(default_factory=TurnRecord)
