"""What is written when a turn begins and when it ends: one transaction each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from app.agents.events import Event
from app.agents.record import PastTurn, ToolCall, TurnRequest
from app.core.errors import ConversationBusy, ConversationNotFound, InvalidInput
from app.repositories.conversations import ConversationRepository
from app.repositories.turn_events import TurnEventRepository
from app.repositories.turns import PastTurnRow, TurnRepository
from app.schemas.conversations import INTERRUPTED, TurnRead
from app.services.live_turn import Ask, LiveTurn

Beginning = Callable[[AsyncConnection], Awaitable[tuple[int, TurnRequest | None]]]


def beginning(ask: Ask, now: datetime, lease: timedelta) -> Beginning:
    """Make the transaction that begins a turn: its id, and what the agents are asked unless the turn was there."""

    async def work(connection: AsyncConnection) -> tuple[int, TurnRequest | None]:
        turns = TurnRepository(connection)
        if not await ConversationRepository(connection).touch(ask.conversation_id, ask.caller, ask.title, now):
            raise ConversationNotFound(ask.conversation_id)
        if ask.key is not None and (found := await turns.find_by_key(ask.conversation_id, ask.key)):
            if found.fingerprint != ask.fingerprint:
                raise InvalidInput(
                    "This key was already used for another question: send a new key.",
                    "idempotency-key",
                    where="header",
                )
            return found.id, None
        await turns.expire(ask.conversation_id, INTERRUPTED, now)
        turn_id = await turns.begin(
            conversation_id=ask.conversation_id,
            status="running",
            question=ask.question,
            steps=[],
            calls=[],
            usage={},
            idempotency_key=ask.key,
            fingerprint=ask.fingerprint,
            started_at=now,
            lease_until=now + lease,
        )
        if turn_id is None:
            raise ConversationBusy(ask.conversation_id, await turns.running(ask.conversation_id))
        history = _past(await turns.history(ask.conversation_id))
        return turn_id, TurnRequest(ask.question, ask.caller, history)

    return work


def ending(
    live: LiveTurn, turn: TurnRead, ended_at: datetime, events: list[tuple[int, int, Event]]
) -> Callable[[AsyncConnection], Awaitable[bool]]:
    """Make the transaction that writes a turn's end with its last events; False if it is gone or was given up."""

    async def work(connection: AsyncConnection) -> bool:
        stored = await TurnRepository(connection).end(
            live.id,
            ended_at,
            **turn.model_dump(include={"status", "answer", "agent", "steps", "usage", "error"}),
            calls=live.record.calls,
            ended_at=ended_at,
            last_sequence=events[-1][1],
        )
        if stored:
            await TurnEventRepository(connection).add(events, ended_at)
        return stored

    return work


def _past(rows: Sequence[PastTurnRow]) -> list[PastTurn]:
    """The turns as the model is told of them, oldest first; `rows` have the latest first."""
    return [
        PastTurn(
            question=row.question,
            answer=row.answer or "",
            agent=row.agent,
            calls=[ToolCall(**call) for call in row.calls or ()],
        )
        for row in reversed(rows)
    ]
