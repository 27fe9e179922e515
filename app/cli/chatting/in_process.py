"""The service in this process, on the configured database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TypeVar

from app.agents.events import Numbered
from app.cli.chatting.client import ChatFailed, Events, failed
from app.cli.command import database_errors
from app.core.auth.identity import ANONYMOUS, Caller
from app.core.errors import AppError
from app.core.settings import Settings
from app.schemas.conversations import (
    ConfirmationRead,
    ConversationCreate,
    ConversationRead,
    Decision,
    TurnCreate,
    TurnQuery,
    TurnRead,
)
from app.services.accounts import AccountService
from app.services.ai import AiService
from app.services.confirmations import ConfirmationService
from app.services.conversations import ConversationService
from app.services.health import HealthService
from app.services.idempotency import Once
from app.services.process import Process, opened
from app.services.security import SecurityLoader
from app.services.turns import TurnService

T = TypeVar("T")


class InProcess:
    """A ChatClient that calls the services, for this caller."""

    def __init__(self, process: Process, caller: Caller, name: str) -> None:
        settings, database = process.settings, process.database
        self.conversation_id: int | None = None
        self._process = process
        self._caller = caller
        self._name = name
        self._ai = AiService(process.assistant, database, caller)
        self._turns = TurnService(database, caller, process.turns)
        self._conversations = ConversationService(database, caller, process.turns, days=settings.conversation_days)
        self._confirmations = ConfirmationService(database, caller, max_open=settings.max_open_rentals)

    @property
    def is_anonymous(self) -> bool:
        """Whether no account is used."""
        return self._caller.is_anonymous

    async def greet(self) -> str:
        """Start loading the agents, which takes seconds; return a sentence with the place and the account."""
        self._process.assistant.start()
        return f"On this computer's database, {self._name}."

    async def start(self) -> None:
        """Begin a conversation."""
        with _failing():
            once = Once(None, "chat", self._caller)
            self.conversation_id = (await self._conversations.create(ConversationCreate(), once)).id

    async def resume(self, conversation_id: int) -> tuple[ConversationRead, TurnRead | None]:
        """Continue a conversation; return it and its last turn."""
        with _failing():
            conversation = await self._conversations.get(conversation_id)
            turns = await self._turns.list(conversation_id, TurnQuery(sort="-id", limit=1))
        self.conversation_id = conversation_id
        return conversation, turns.items[0] if turns.items else None

    async def ask(self, question: str, *, cancel_running: bool = False) -> Events:
        """Ask and stream the turn's events."""
        with _failing():
            # Loading can be interrupted; a turn that has begun would go on.
            await self._process.assistant.get()
            if self.conversation_id is None:
                batches = await self._ai.events(question, unguarded)
            else:
                command = TurnCreate(question=question, if_busy="cancel" if cancel_running else "reject")
                turn_id = await self._turns.begin(self.conversation_id, command)
                batches = self._turns.events_of(turn_id)
            async for event in _each(batches):
                yield event

    async def attach(self, turn_id: int) -> Events:
        """Stream the events of a turn."""
        with _failing():
            batches = await self._turns.events(self.conversation_id or 0, turn_id, None)
            if batches is not None:
                async for event in _each(batches):
                    yield event

    async def cancel(self, turn_id: int) -> None:
        """Cancel a stored turn."""
        with _failing():
            await self._turns.cancel(self.conversation_id or 0, turn_id)

    async def decide(self, confirmation_id: int, decision: Decision) -> ConfirmationRead:
        """Approve or decline an action."""
        with _failing():
            return await self._confirmations.decide(confirmation_id, decision)


@asynccontextmanager
async def in_process(settings: Settings, email: str | None) -> AsyncIterator[InProcess]:
    """Open the service as the account with this address, or as an anonymous caller; raises ChatFailed."""
    async with opened(settings, unguarded) as process:
        with _failing():
            await _require_schema(process)
            caller = await _caller_of(process, email)
        yield InProcess(process, caller, f"as {email}" if email else "anonymously: nothing is stored")


def unguarded(work: Awaitable[T]) -> Awaitable[T]:
    """Return the work unchanged: this process has no shutdown to guard it from."""
    return work


async def _require_schema(process: Process) -> None:
    database, schema = await HealthService(process.database, process.settings, process.assistant).database_checks()
    if not database.ok:
        raise ChatFailed("The database is unreachable: check DATABASE_URL.")
    if not schema.ok:
        raise ChatFailed(f"The database's schema is {schema.detail}.")


async def _caller_of(process: Process, email: str | None) -> Caller:
    if email is None:
        return ANONYMOUS
    return await AccountService(process.database, SecurityLoader(process.settings)).caller(email)


async def _each(batches: AsyncGenerator[list[Numbered], None]) -> Events:
    async with aclosing(batches):
        async for batch in batches:
            for _, event in batch:
                if event.get("code") == "internal_error":
                    event = {**event, "message": "Internal error: LOG_LEVEL=ERROR shows its traceback."}
                yield event


@contextmanager
def _failing() -> Iterator[None]:
    """Raise services' and the database's errors as ChatFailed or CommandFailed."""
    try:
        with database_errors():
            yield
    except AppError as error:
        raise failed(error) from error
