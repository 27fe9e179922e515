"""A turn that this process runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import structlog

from app.agents.events import Event, EventLog, joined
from app.agents.record import TurnRecord
from app.core.auth.identity import Caller
from app.core.errors import AppError, Unavailable
from app.schemas.conversations import TurnRead, TurnStatus, milliseconds
from app.services.turn_errors import described

log = structlog.get_logger("app.services")

MAX_TITLE = 60
"""Characters of the first question that become a conversation's title."""


@dataclass(frozen=True)
class Ask:
    """A question in one of the caller's conversations. Equal keys mean the same turn."""

    conversation_id: int
    question: str
    caller: Caller
    cancel_running: bool = False
    key: str | None = None

    @property
    def title(self) -> str:
        """The title of a conversation that begins with this question."""
        return " ".join(self.question.split())[:MAX_TITLE].rstrip()

    @property
    def fingerprint(self) -> str:
        """Hash of the question, which must be the same for a repeated key."""
        return sha256(self.question.encode()).hexdigest()


@dataclass(eq=False)
class LiveTurn:
    """A turn that this process runs."""

    id: int
    ask: Ask
    started_at: datetime
    work: asyncio.Future[TurnRecord]
    record: TurnRecord
    log: EventLog
    request_id: str | None = None
    written: int = 0
    """The number of the last stored event."""
    done: asyncio.Future[TurnRead] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    error: Exception | None = None
    """The error that the caller gets."""
    is_stopping: bool = False

    def cancel(self) -> None:
        """Cancel the turn, including its requests to the model."""
        self.work.cancel()

    def unwritten(self) -> list[tuple[int, int, Event]]:
        """Return turn, number and data of the events not stored yet, and mark them as stored."""
        new = list(enumerate(self.log.events[self.written :], self.written + 1))
        self.written += len(new)
        return [(self.id, number, event) for number, event in joined(new)]

    async def outcome(self) -> TurnStatus:
        """Wait for the turn's end; return its status."""
        try:
            await self.work
        except asyncio.CancelledError:
            if not self.is_stopping:
                return "cancelled"
            self.error = Unavailable("The service is shutting down: try again.", retry_after=1)
        except AppError as error:
            self.error = error
        except Exception as error:
            log.exception("turn_crashed", turn_id=self.id)
            self.error = error
        else:
            return self.record.status
        return "failed"

    def read(self, status: TurnStatus, ended_at: datetime) -> TurnRead:
        """Return the ended turn."""
        record = self.record
        return TurnRead.model_validate(
            {
                "id": self.id,
                "conversation_id": self.ask.conversation_id,
                "status": status,
                "question": self.ask.question,
                "answer": None if status in ("failed", "cancelled") else _storable(record.answer),
                "agent": record.agent or None,
                "steps": record.steps,
                "usage": record.usage,
                "started_at": self.started_at,
                "duration_ms": milliseconds(self.started_at, ended_at),
                "error": described(self.error) if self.error is not None else None,
            }
        )


def _storable(text: str) -> str:
    """Make a model's text storable: Postgres rejects NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
