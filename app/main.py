"""The application: `uvicorn app.main:app`."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import ValidationError
from uvicorn.config import STARTUP_FAILURE

from app.api import cors, docs, problems, rate_limits, system
from app.api.client_address import ClientAddressMiddleware
from app.api.headers import HeadersMiddleware
from app.api.middleware import RequestMiddleware
from app.api.shutdown import Shutdown
from app.api.v1 import (
    actors,
    ai,
    api_keys,
    auth,
    categories,
    confirmations,
    conversations,
    customers,
    film_files,
    film_search,
    films,
    inventory,
    payments,
    rentals,
    subscriptions,
)
from app.core.garbage import fewer_collections
from app.core.logging import configure_logging
from app.core.rate_limits.limiter import Limiter
from app.core.settings import Settings, UnreadableEnvFile, get_settings, in_sentences
from app.services.ai import ChatServiceFactory
from app.services.known_keys import KnownKeys
from app.services.process import opened
from app.services.security import SecurityLoader

VERSION = "0.1.0"

_DESCRIPTION = """A film-rental store that also answers questions in plain language.

Every path that accepts GET accepts HEAD. Request line and headers together may have at most 64 KiB (else 431) and must
have exactly one `Host` (else 400). Headers and body must each arrive within 30 seconds, or the time that the operator
sets (else 408)."""

_MODULES = (
    system,
    film_files,  # and film_search before films: `/films/{film_id}` would match their paths
    film_search,
    films,
    categories,
    actors,
    inventory,
    customers,
    rentals,
    payments,
    subscriptions,
    auth,
    api_keys,
    ai,
    conversations,
    confirmations,
)

log = structlog.get_logger("app.main")


def create_app(settings: Settings, *, chat_service: ChatServiceFactory | None = None) -> FastAPI:
    """Create the application; `chat_service` replaces the configured provider's.

    Nothing connects here, and Semantic Kernel is not imported: the process starts with an unreachable database or
    model, and reports it at /health/ready and in responses.
    """
    configure_logging(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shutdown = Shutdown(settings.shutdown_grace_seconds)
        async with opened(settings, shutdown.run_until_deadline, chat_service) as process:
            app.state.settings, app.state.database = settings, process.database
            app.state.assistant, app.state.turns = process.assistant, process.turns
            app.state.shutdown, app.state.security = shutdown, SecurityLoader(settings)
            app.state.limiter, app.state.known_keys = Limiter(settings), KnownKeys(settings.api_key_cache_seconds)
            _warn(settings)
            process.assistant.warm_up()
            try:
                with fewer_collections(), shutdown.handling_signals():
                    yield
            finally:
                app.state.security.close()
                await app.state.limiter.close()

    app = FastAPIOffline(
        title="Interview API",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(RequestMiddleware)
    app.add_middleware(ClientAddressMiddleware, settings=settings)
    cors.install(app, settings)
    app.add_middleware(HeadersMiddleware)
    for part in (problems, docs):
        part.install(app)
    routers = [module.router for module in _MODULES]
    rate_limits.install(app, routers)
    for router in routers:
        # FastAPI matches included routes in two steps: 15 us more for films, 40 to 80 us for the last routers.
        app.include_router(router)
    return app


def _warn(settings: Settings) -> None:
    if settings.secret_key is None:
        log.warning("secret_key_generated", hint="tokens become invalid when this process ends: set SECRET_KEY")
    for name in settings.weak_secret_keys:
        log.warning(
            "weak_secret_key_accepted", setting=name, hint="tokens can be forged: use DEBUG only in development"
        )
    if settings.provider == "offline" and settings.ai_provider is None:
        ignored = settings.openai_base_url is not None
        hint = "OPENAI_BASE_URL needs OPENAI_API_KEY too" if ignored else "set OPENAI_API_KEY to use a real model"
        log.warning("offline_model_selected", hint=hint)
    if problem := settings.provider_problem:
        log.warning("model_provider_not_configured", detail=problem)


def _settings() -> Settings:
    """Return the process's settings; if they are invalid, say why and exit."""
    try:
        settings = get_settings()
    except (ValidationError, UnreadableEnvFile) as error:
        _refuse(in_sentences(error))
    # uvicorn does not tell the number of workers: they are its child processes, as is the one of --reload.
    is_worker = multiprocessing.parent_process() is not None and "--reload" not in sys.argv
    if problem := settings.worker_problem(several=is_worker):
        _refuse(problem)
    return settings


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"Error: {sentence}\n")
    # With this status uvicorn's parent process does not start another worker.
    sys.exit(STARTUP_FAILURE)


app = create_app(_settings())
