"""What has to be known afterwards about who did what, and from where: events of one logger, without secrets.

The caller is in every line of a request: `account_id` or `key_id`, bound when the credential was verified. The
client's address is in these lines alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

log = structlog.get_logger("app.audit")

_MAX_TEXT = 200
"""Characters of one fact: some come from callers."""
_client: ContextVar[Callable[[], str] | None] = ContextVar("client", default=None)


def audit(event: str, **facts: object) -> None:
    """Log the event. Ids are facts; names, e-mail addresses and anything that lets somebody in are not."""
    client = _client.get()
    address = {"address": client()} if client else {}
    log.info(event, **address, **{name: _bounded(value) for name, value in facts.items()})


@contextmanager
def events_from(client: Callable[[], str]) -> Iterator[None]:
    """Name this address in the events of the context. It is asked for when there is one."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


def _bounded(value: object) -> object:
    return value[:_MAX_TEXT] if isinstance(value, str) else value
