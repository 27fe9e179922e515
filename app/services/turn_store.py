"""The transactions that store the beginning and the end of a turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.agents.events import Event
from app.agents.record import PastTurn, Proposal, ToolCall, TurnRequest
from app.core.errors import ConversationBusy, ConversationNotFound, InvalidInput
from app.repositories.confirmations import ConfirmationRepository, Fact
from app.repositories.conversations import ConversationRepository
from app.repositories.turn_events import TurnEventRepository
from app.repositories.turns import PastTurnRow, TurnRepository
from app.schemas.conversations import INTERRUPTED, TurnRead
from app.services.live_turn import Ask, LiveTurn
from app.services.turn_outcomes import terminal_of

CONFIRMABLE = timedelta(minutes=10)
"""How long a proposal can be confirmed."""

Beginning = Callable[[AsyncConnection], Awaitable[tuple[int, TurnRequest | None]]]
Ending = Callable[[AsyncConnection], Awaitable[tuple[TurnRead, Event] | None]]


def beginning(ask: Ask, now: datetime, lease: timedelta) -> Beginning:
    """Return the transaction that begins a turn; it returns the id, and the request unless the turn existed."""

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
        await ConfirmationRepository(connection).supersede(ask.conversation_id, now)
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
        rows = await turns.history(ask.conversation_id)
        facts = await ConfirmationRepository(connection).facts(ask.conversation_id, rows[-1].id) if rows else []
        history = _past(rows, facts)
        return turn_id, TurnRequest(ask.question, ask.caller, history)

    return work


def ending(live: LiveTurn, turn: TurnRead, ended_at: datetime, events: list[tuple[int, int, Event]]) -> Ending:
    """Return the transaction that stores a turn's end, proposals, last events and terminal event.

    It returns the turn and the terminal event; None if the turn was deleted or has lost its lease.
    """
    last = len(live.log.events) + 1

    async def work(connection: AsyncConnection) -> tuple[TurnRead, Event] | None:
        if not await TurnRepository(connection).end(
            live.id,
            ended_at,
            **turn.model_dump(include={"status", "answer", "agent", "steps", "usage", "error"}),
            calls=live.record.calls,
            ended_at=ended_at,
            last_sequence=last,
        ):
            return None
        whole = turn
        if turn.status == "confirmation_required":
            confirmations = ConfirmationRepository(connection)
            await confirmations.add([_pending(live, proposal, ended_at) for proposal in live.record.proposals])
            whole = turn.model_copy(update={"confirmations": await confirmations.of_turns([live.id])})
        terminal = terminal_of(whole, live.request_id)
        await TurnEventRepository(connection).add([*events, (live.id, last, terminal)], ended_at)
        return whole, terminal

    return work


def _pending(live: LiveTurn, proposal: Proposal, now: datetime) -> dict[str, Any]:
    return {
        "conversation_id": live.ask.conversation_id,
        "turn_id": live.id,
        "status": "pending",
        **asdict(proposal),
        "created_at": now,
        "expires_at": now + CONFIRMABLE,
    }


def _past(rows: Sequence[PastTurnRow], facts: Sequence[Fact]) -> list[PastTurn]:
    """Return the turns as the model sees them, oldest first; `rows` are latest first."""
    return [
        PastTurn(
            question=row.question,
            answer=row.answer or "",
            agent=row.agent,
            calls=[ToolCall(**call) for call in row.calls or ()],
            facts=[fact.outcome for fact in facts if fact.turn_id == row.id],
        )
        for row in reversed(rows)
    ]
