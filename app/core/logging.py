"""One log stream: structlog's events and the libraries' records in the same shape, request id in every line."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.settings import Settings

_SEMANTIC_KERNEL = ("semantic_kernel", "in_process_runtime", "agent_runtime")
"""These loggers quote messages, and log errors for cancellations and failures that the service logs itself."""
_QUIET = {
    # The request middleware logs one line for each request.
    "uvicorn.access": logging.CRITICAL,
    "openai": logging.WARNING,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore": logging.WARNING,
    "alembic.runtime.migration": logging.WARNING,
    "asyncio": logging.WARNING,
    "aiosqlite": logging.WARNING,
}


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # not subscriptable on Python 3.10
    """The application's handler: configuring logging again replaces it and keeps other handlers."""


def configure_logging(settings: Settings) -> None:
    """Log to stderr: JSON lines, or readable text if LOG_LEVEL is DEBUG."""
    readable = settings.log_level == "DEBUG"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_color_message,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendering: list[Processor] = (
        # The default traceback shows local variables, which contain data of requests.
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(h for h in root.handlers if not isinstance(h, _Handler)), handler]
    root.setLevel(settings.log_level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    for name in _SEMANTIC_KERNEL:
        logging.getLogger(name).setLevel(logging.NOTSET if settings.ai_diagnostics else logging.CRITICAL)
    logging.getLogger("uvicorn.error").addFilter(_not_logged_before)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    if settings.debug and readable:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)


def _not_logged_before(record: logging.LogRecord) -> bool:
    """Return False for uvicorn's record of an exception that the request middleware has logged."""
    return not record.getMessage().startswith("Exception in ASGI application")


def _without_color_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Remove uvicorn's extra field, which repeats the message with terminal colours."""
    event.pop("color_message", None)
    return event
