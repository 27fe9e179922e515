"""Questions in plain language. The agents, and Semantic Kernel with them, are imported when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from app.agents.events import EventLog, Numbered
from app.agents.record import TurnRecord
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import AppError
from app.core.garbage import ignore_present_objects
from app.core.settings import Settings
from app.schemas.ai import AiInfo, HandoffResponse, SummaryResponse
from app.services.films import FilmService
from app.services.turn_outcomes import end_ephemeral

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase

    from app.agents.assistant import Assistant

log = structlog.get_logger("app.services")

_WARM_UP_AFTER = 0.5
"""Seconds from `warm_up` to the start of loading."""

ChatServiceFactory = Callable[[Settings], "ChatCompletionClientBase"]


class AssistantLoader:
    """Builds the process's only Assistant in the background; `get` waits for it.

    Importing Semantic Kernel takes seconds, so start-up and other routes must not wait for it.
    """

    def __init__(self, settings: Settings, database: Database, chat_service: ChatServiceFactory | None = None) -> None:
        self._settings = settings
        self._database = database
        self._chat_service = chat_service
        self._loading: asyncio.Task[Assistant] | None = None
        self._soon: asyncio.TimerHandle | None = None

    def warm_up(self) -> None:
        """Begin loading after a delay, so that the first requests, such as health checks, are answered first."""
        self._soon = asyncio.get_running_loop().call_later(_WARM_UP_AFTER, self.start)

    def start(self) -> asyncio.Task[Assistant]:
        """Begin loading, also again after a failure."""
        if self._loading is None or (self._loading.done() and self._failed(self._loading)):
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(self._failed)
        return self._loading

    async def get(self) -> Assistant:
        """Return the assistant; raises NotConfigured when the provider lacks a setting."""
        return await asyncio.shield(self.start())

    async def problem(self) -> AppError | None:
        """Wait for loading; return its error, or None if it succeeded."""
        try:
            await self.get()
        except AppError as error:
            return error
        return None

    async def stop(self) -> None:
        """Close the assistant; a running import finishes in its thread."""
        if self._soon is not None:
            self._soon.cancel()
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])
            if not self._failed(self._loading):
                await self._loading.result().close()

    async def _load(self) -> Assistant:
        try:
            built = await asyncio.to_thread(self._build)
        except AppError as error:
            log.error("assistant_load_failed", error=type(error).__name__, detail=error.detail)
            raise
        ignore_present_objects()
        log.info("assistant_loaded", provider=self._settings.provider, model=self._settings.model)
        return built

    def _build(self) -> Assistant:
        from app.agents.assistant import Assistant
        from app.agents.kernel import build_chat_service

        service = (self._chat_service or build_chat_service)(self._settings)
        return Assistant(self._settings, service, self._database.reading)

    @staticmethod
    def _failed(loading: asyncio.Task[Assistant]) -> bool:
        """Return whether loading failed. Reading the exception keeps asyncio from logging it as never retrieved."""
        return loading.cancelled() or loading.exception() is not None


class AiService:
    """Answers questions, for one request of this caller."""

    def __init__(self, loader: AssistantLoader, database: Database, caller: Caller) -> None:
        self._loader = loader
        self._caller = caller
        self._films = FilmService(database)

    async def hand_off(self, question: str) -> HandoffResponse:
        """Return the team's answer; raises NotConfigured, UpstreamFailed, UpstreamTimeout, RateLimited."""
        return await (await self._loader.get()).hand_off(question, self._caller)

    async def events(
        self, question: str, guard: Callable[[Awaitable[HandoffResponse]], Awaitable[HandoffResponse]]
    ) -> AsyncGenerator[list[Numbered], None]:
        """Stream the events of an unstored turn, which ends with its reader; raises NotConfigured.

        `guard` ends it when the process shuts down.
        """
        assistant = await self._loader.get()
        run_id = uuid4().hex
        events = EventLog(run_id, run_id)
        return _ephemeral(events, guard(assistant.hand_off(question, self._caller, TurnRecord(log=events))))

    async def ask(self, question: str) -> AsyncGenerator[str, None]:
        """Stream the answer word by word; raises the errors of `hand_off`, also after the first words."""
        return (await self._loader.get()).ask(question)

    async def summarise(self, film_id: int) -> SummaryResponse:
        """Return a film's summary; raises FilmNotFound, and the errors of `hand_off`."""
        # No database connection is held while the model answers.
        film = await self._films.get(film_id)
        opinion = await (await self._loader.get()).summarise(film)
        return SummaryResponse(title=film.title, rating=film.rating, **opinion.model_dump())

    async def info(self) -> AiInfo:
        """Return how questions are answered; raises NotConfigured."""
        return (await self._loader.get()).info()


async def _ephemeral(events: EventLog, work: Awaitable[HandoffResponse]) -> AsyncGenerator[list[Numbered], None]:
    events.start()
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))

    async def run() -> None:
        try:
            end_ephemeral(events, await work, None, request_id)
        except AppError as error:
            end_ephemeral(events, None, error, request_id)
        except Exception as error:
            log.exception("turn_crashed")
            end_ephemeral(events, None, error, request_id)

    task = asyncio.create_task(run())
    try:
        async for batch in events.since(0):
            yield batch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
