"""The application: `uvicorn app.main:app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from app.api import problems, system
from app.api.middleware import RequestMiddleware
from app.api.stopping import Stopping
from app.api.v1 import (
    actors,
    ai,
    categories,
    customers,
    film_files,
    film_search,
    films,
    inventory,
    payments,
    rentals,
    subscriptions,
)
from app.core.db import Database
from app.core.logging import configure_logging
from app.core.settings import Settings, get_settings
from app.services.ai import AssistantLoader, ChatServiceFactory

VERSION = "0.1.0"

_ROUTERS = (
    system,
    film_files,  # and film_search before films: `/films/{film_id}` would take their paths
    film_search,
    films,
    categories,
    actors,
    inventory,
    customers,
    rentals,
    payments,
    subscriptions,
    ai,
)

log = structlog.get_logger("app.main")


def create_app(settings: Settings, *, chat_service: ChatServiceFactory | None = None) -> FastAPI:
    """The service for these settings; `chat_service` replaces the configured provider's.

    Nothing connects and nothing of Semantic Kernel is imported here: an unreachable database or model shows at
    /health/ready and in the answers, and does not keep the process from starting.
    """
    configure_logging(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings)
        assistant = AssistantLoader(settings, database, chat_service)
        stopping = Stopping(settings.shutdown_grace_seconds)
        app.state.settings, app.state.database, app.state.assistant = settings, database, assistant
        app.state.stopping = stopping
        _warn(settings)
        assistant.warm_up()
        try:
            with stopping.watching():
                yield
        finally:
            await assistant.stop()
            await database.dispose()

    app = FastAPIOffline(
        title="Interview API",
        version=VERSION,
        description="A film-rental store that also answers questions in plain language.",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.add_middleware(RequestMiddleware)
    problems.install(app)
    for module in _ROUTERS:
        # Not included as routers, which match each request anew at every level: half of a film's time.
        app.router.routes.extend(module.router.routes)
    return app


def _warn(settings: Settings) -> None:
    if settings.provider == "offline" and settings.ai_provider is None:
        ignored = settings.openai_base_url is not None
        hint = "OPENAI_BASE_URL needs OPENAI_API_KEY too" if ignored else "set OPENAI_API_KEY for a real one"
        log.warning("offline_model", hint=hint)
    if problem := settings.provider_problem:
        log.warning("model_provider_not_configured", detail=problem)


app = create_app(get_settings())
