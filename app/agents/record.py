"""The request and the record of a turn; the record is updated while the turn runs.

This module does not import Semantic Kernel, so that services can use it before the assistant is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.agents.events import EventLog
from app.core.auth.identity import Caller
from app.schemas.ai import AnswerStatus, Step, Usage

MAX_RESULT = 8000
"""Maximum characters of a tool result kept for history."""


@dataclass
class ToolCall:
    """A tool call. `result` is None until it ends."""

    name: str
    arguments: dict[str, Any]
    result: str | None = None


@dataclass(frozen=True)
class PastTurn:
    """An earlier turn of the conversation, for the model."""

    question: str
    answer: str
    agent: str | None = None
    calls: Sequence[ToolCall] = ()
    facts: Sequence[str] = ()
    """Outcomes of the turn's proposed actions, one sentence each."""


@dataclass(frozen=True)
class Proposal:
    """A change proposed by an agent."""

    action: str
    arguments: dict[str, Any]
    preconditions: dict[str, Any]
    """Conditions checked at confirmation."""
    summary: str


@dataclass
class TurnRecord:
    """The state of a turn. After a failure or cancellation it is incomplete."""

    agent: str = ""
    status: AnswerStatus = "completed"
    answer: str = ""
    steps: list[Step] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    calls: list[ToolCall] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    log: EventLog | None = None
    """The log for events; None if nobody reads them."""


@dataclass(frozen=True)
class TurnRequest:
    """The caller's question, and the earlier turns, oldest first."""

    question: str
    caller: Caller
    history: Sequence[PastTurn] = ()
    record: TurnRecord = field(default_factory=TurnRecord)
