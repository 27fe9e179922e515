"""The audit log: events that record who did what, and from which address, without secrets.

Each log line of a request has its caller: `account_id` or `key_id`, bound when the credential is verified. Only audit
events have the client's address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

log = structlog.get_logger("app.audit")

_MAX_TEXT = 200
"""Maximum characters of a fact: some are sent by callers."""
_client: ContextVar[Callable[[], str] | None] = ContextVar("client", default=None)


def audit(event: str, **facts: object) -> None:
    """Log the event with its facts. Pass ids; never names, e-mail addresses or credentials."""
    client = _client.get()
    address = {"address": client()} if client else {}
    log.info(event, **address, **{name: _bounded(value) for name, value in facts.items()})


@contextmanager
def events_from(client: Callable[[], str]) -> Iterator[None]:
    """Add the client's address to the audit events of this context. `client` is called once an event is logged."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


def _bounded(value: object) -> object:
    return value[:_MAX_TEXT] if isinstance(value, str) else value
