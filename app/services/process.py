"""The parts of a process that answer questions, for the API and for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.core.database.engine import Database
from app.core.settings import Settings
from app.services.ai import AssistantLoader, ChatServiceFactory
from app.services.turn_runner import Guard, TurnRunner


@dataclass(frozen=True)
class Process:
    """The database, assistant and turn runner of a process; it has one of each."""

    settings: Settings
    database: Database
    assistant: AssistantLoader
    turns: TurnRunner


@asynccontextmanager
async def opened(
    settings: Settings, guard: Guard, chat_service: ChatServiceFactory | None = None
) -> AsyncIterator[Process]:
    """Yield the parts; at the end, cancel running turns and close connections. Nothing connects before use."""
    database = Database(settings)
    assistant = AssistantLoader(settings, database, chat_service)
    turns = TurnRunner(settings, database, assistant, guard)
    try:
        yield Process(settings, database, assistant, turns)
    finally:
        await turns.stop()
        await assistant.stop()
        await database.dispose()
