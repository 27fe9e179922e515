"""Requests and responses about conversations and their turns."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from app.core.errors import Interrupted, code_of
from app.schemas.ai import HandoffResponse, Question, Step, Usage
from app.schemas.base import FILLED, Command, Text, UtcTime
from app.schemas.pagination import PageQuery, sort_by

TurnStatus = Literal["running", "completed", "input_required", "confirmation_required", "failed", "cancelled"]
ConfirmationStatus = Literal["pending", "executed", "failed", "declined", "expired", "superseded"]
Title = Annotated[Text, Field(description="1 to 255 characters.")]


class ConversationCreate(Command):
    """A new conversation. Without a title, it gets the first 60 characters of its first question."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Films for Friday"}]})

    title: Title | None = None


class ConversationUpdate(Command):
    """A new title."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Films for Saturday"}]})

    title: Title


class ConversationRead(BaseModel):
    """A conversation."""

    id: int
    title: str | None
    """Null until it is named or its first question is asked."""
    created_at: UtcTime
    active_at: UtcTime
    """The start of its last turn, or the time of its creation."""


class ConversationQuery(PageQuery):
    """Filters of the list of the caller's conversations."""

    sort: str | None = sort_by("id", "active_at")
    q: Annotated[str, Field(min_length=1, max_length=255, examples=["alien"]), FILLED] | None = Field(
        None, description="Only conversations with this text in their title or in a question."
    )

    @property
    def order(self) -> tuple[tuple[str, bool], ...]:
        """Return the requested order; the default is the latest activity first."""
        return super().order if self.sort else (("active_at", True), ("id", False))


class TurnCreate(Command):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "What is the rental rate for the film Alien?"}]}
    )

    question: Question
    if_busy: Literal["reject", "cancel"] = Field(
        "reject", description="While another turn is running: `reject` answers 409, `cancel` cancels that turn first."
    )


class TurnError(BaseModel):
    """The error of a failed turn."""

    code: str
    """A stable name, such as `upstream_timeout` or `interrupted`."""
    detail: str


class ConfirmationRead(BaseModel):
    """An action that an agent proposed: pending until its owner decides, then with its outcome."""

    id: int
    conversation_id: int
    turn_id: int
    status: ConfirmationStatus
    action: str
    summary: str
    """The effect of the action."""
    created_at: UtcTime
    expires_at: UtcTime
    decided_at: UtcTime | None
    outcome: str | None
    """The outcome; null while pending."""
    result: dict[str, JsonValue] | None
    """The record that the action created or changed, as its route returns it."""
    error: TurnError | None
    """The error of an action that failed."""


Decision = Literal["approve", "decline"]


class DecisionCreate(Command):
    """A decision about an action that an agent proposed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "approve"}]})

    decision: Decision


class ConfirmationQuery(PageQuery):
    """Filters of the confirmations."""

    sort: str | None = sort_by("id")
    status: ConfirmationStatus | None = None


class TurnRead(BaseModel):
    """A question and its outcome. All states except `running` are final."""

    id: int
    conversation_id: int
    status: TurnStatus
    question: str
    answer: str | None
    """With `input_required`, a question to the user. Null while running and after a failure."""
    agent: str | None
    steps: list[Step]
    usage: Usage
    confirmations: list[ConfirmationRead] = Field(default_factory=list)
    started_at: UtcTime
    duration_ms: int | None
    error: TurnError | None

    @model_validator(mode="before")
    @classmethod
    def _from_row(cls, row: Any) -> Any:  # noqa: ANN401  what is validated
        """Compute the duration, and mark a turn as failed that still runs after its lease: its process has died."""
        if not isinstance(row, dict) or "lease_until" not in row:
            return row
        ended = row["ended_at"]
        row = {**row, "duration_ms": None if ended is None else milliseconds(row["started_at"], ended)}
        if row["status"] == "running" and row["lease_until"] <= datetime.now(timezone.utc):
            row |= {"status": "failed", "error": INTERRUPTED}
        return row


class TurnQuery(PageQuery):
    """Pagination of a conversation's turns."""

    sort: str | None = sort_by("id")


class ConversationAnswer(HandoffResponse):
    """The answer within a conversation."""

    conversation_id: int
    turn_id: int
    confirmations: list[ConfirmationRead]
    """Actions that wait for the user's decision."""


INTERRUPTED = {"code": code_of(Interrupted), "detail": Interrupted().detail}


def milliseconds(started: datetime, ended: datetime) -> int:
    """Return the time between two times in milliseconds."""
    return round((ended - started).total_seconds() * 1000)
