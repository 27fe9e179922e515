"""Turns with their confirmations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.repositories.confirmations import ConfirmationRepository
from app.repositories.turns import TurnRepository
from app.schemas.conversations import TurnRead


async def whole_turn(connection: AsyncConnection, turn_id: int) -> TurnRead | None:
    """Return the turn of any owner with its confirmations, or None."""
    turn = await TurnRepository(connection).state(turn_id)
    return None if turn is None else (await with_confirmations(connection, [turn]))[0]


async def with_confirmations(connection: AsyncConnection, turns: Sequence[TurnRead]) -> list[TurnRead]:
    """Return the turns with their confirmations, read in one query if any turn has some."""
    proposing = [turn.id for turn in turns if turn.status == "confirmation_required"]
    if not proposing:
        return list(turns)
    found = await ConfirmationRepository(connection).of_turns(proposing)
    return [
        turn.model_copy(update={"confirmations": [one for one in found if one.turn_id == turn.id]}) for turn in turns
    ]
