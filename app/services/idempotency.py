"""Requests with an `Idempotency-Key` act once, even if repeated or sent at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.auth.identity import Caller
from app.core.errors import InvalidInput
from app.repositories.idempotency import IdempotencyRepository

T = TypeVar("T", bound=BaseModel)

KEPT = timedelta(hours=24)
"""How long a key is stored."""


@dataclass
class Once:
    """The identity of a request: its key, target and caller. Without a key, no request repeats it."""

    key: str | None
    target: str
    """Method and path."""
    caller: Caller
    """Callers with the same key do not see each other's responses."""
    acted: bool = field(default=False, init=False)
    """Whether the work was done, rather than an earlier response replayed."""

    async def act(
        self,
        connection: AsyncConnection,
        command: BaseModel | None,
        answer: type[T],
        work: Callable[[], Awaitable[T]],
    ) -> T:
        """Do the work in this transaction, or replay the response to the first request.

        Raises InvalidInput when the key was used for another request. Failed work is rolled back together with its
        key, so that a repeated request tries again.
        """
        self.acted = True
        if self.key is None:
            return await work()
        keys = IdempotencyRepository(connection)
        await keys.forget(datetime.now(timezone.utc) - KEPT)
        fingerprint = self._fingerprint(command)
        if not await keys.claim(self._name, fingerprint):
            self.acted = False
            return await self._replay(keys, fingerprint, answer)
        done = await work()
        await keys.answer(self._name, done.model_dump_json())
        return done

    @property
    def _name(self) -> str:
        return f"{self.caller.account_id or ''}/{self.caller.key_id or ''}/{self.key}"

    async def _replay(self, keys: IdempotencyRepository, fingerprint: str, answer: type[T]) -> T:
        found = await keys.find(self._name)
        if found is None or found.fingerprint != fingerprint or found.response is None:
            raise InvalidInput(
                "This key was already used for another request: send a new key.", "idempotency-key", where="header"
            )
        return answer.model_validate_json(found.response)

    def _fingerprint(self, command: BaseModel | None) -> str:
        content = command.model_dump_json(exclude_unset=True) if command else ""
        return sha256(f"{self.target}\n{content}".encode()).hexdigest()
