"""Confirmations: a user's decision on an action that an agent proposed. No model is involved."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller
from app.core.database.driver_errors import app_error_from, is_retryable
from app.core.database.engine import Database
from app.core.errors import (
    AlreadyExists,
    AppError,
    ConfirmationClosed,
    ConfirmationNotFound,
    Conflict,
    InvalidToken,
    code_of,
)
from app.repositories.accounts import AccountRepository
from app.repositories.api_keys import ApiKeyRepository
from app.repositories.confirmations import CONFIRMATIONS, ClaimedAction, ConfirmationRepository
from app.repositories.conversations import owner_filter
from app.repositories.refresh_tokens import RefreshTokenRepository
from app.schemas.conversations import ConfirmationQuery, ConfirmationRead, Decision
from app.services.actions import Action, Actions, preconditions_of, require_same
from app.services.admins import require_unchanged
from app.services.pagination import Page, page

_DECIDED = {"approve": ("executed", "failed"), "decline": ("declined",)}
"""The statuses that a decision leads to."""


class ConfirmationService:
    """The caller's confirmations, for one request; other callers' confirmations read as not found."""

    def __init__(self, database: Database, caller: Caller, *, max_open: int) -> None:
        self._database = database
        self._caller = caller
        self._max_open = max_open

    async def list(self, query: ConfirmationQuery, *, counted: bool = False) -> Page[ConfirmationRead]:
        """Return a page of the caller's confirmations."""
        return await page(self._database, CONFIRMATIONS, query, counted=counted, within=owner_filter(self._caller))

    async def get(self, confirmation_id: int) -> ConfirmationRead:
        """Return the confirmation; raises ConfirmationNotFound."""
        async with self._database.reading() as connection:
            return await self._find(connection, confirmation_id)

    async def decide(self, confirmation_id: int, decision: Decision) -> ConfirmationRead:
        """Approve or decline the action in one transaction; the first decision counts.

        Repeating it returns the decided confirmation. Raises ConfirmationNotFound, ConfirmationClosed, Forbidden, or
        InvalidToken when the account is inactive or has changed, the sign-in has ended or the API key is revoked.
        """
        now = datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> tuple[ConfirmationRead, bool]:
            confirmations = ConfirmationRepository(connection)
            await self._require_current(connection, now)
            found = await self._find(connection, confirmation_id)
            claimed = await confirmations.claim(confirmation_id, self._caller, _DECIDED[decision][0], now)
            if claimed is None:
                found = await self._find(connection, confirmation_id)
                if found.status not in _DECIDED[decision]:
                    raise ConfirmationClosed(found.status)
                return found, False
            outcome = {"outcome": f"Declined by the person: {found.summary}."}
            if decision == "approve":
                outcome = await self._execute(connection, claimed, found)
            await confirmations.close(confirmation_id, **outcome)
            return await self._find(connection, confirmation_id), True

        decided, is_first = await self._database.transaction(work)
        if is_first:
            audit(
                "confirmation_decided",
                confirmation_id=confirmation_id,
                turn_id=decided.turn_id,
                action=decided.action,
                status=decided.status,
                record_id=(decided.result or {}).get("id"),
            )
        return decided

    async def _execute(
        self, connection: AsyncConnection, claimed: ClaimedAction, found: ConfirmationRead
    ) -> dict[str, Any]:
        """Execute the action, rolled back on an error; return the fields to store."""
        action = Action(claimed.action)
        try:
            async with connection.begin_nested():
                actions = Actions(self._database, self._caller, max_open=self._max_open)
                result = await actions.execute(connection, action, claimed.arguments)
                require_same(claimed.preconditions, await preconditions_of(connection, action, result))
        except DBAPIError as error:
            if is_retryable(error) or (refused := app_error_from(error)) is None:
                raise
            return _failed(found, refused)
        except AppError as error:
            return _failed(found, error)
        return {"outcome": f"Done: {found.summary}.", "result": result.model_dump(mode="json")}

    async def _require_current(self, connection: AsyncConnection, now: datetime) -> None:
        """Raise InvalidToken if the account has changed, the sign-in has ended or the API key has been revoked.

        An access token is valid for some minutes after that, and a process remembers API keys for some seconds.
        """
        caller = self._caller
        if caller.key_id is not None and not await ApiKeyRepository(connection).is_valid(caller.key_id, now):
            raise InvalidToken("revoked")
        if caller.session is not None and not await RefreshTokenRepository(connection).is_live(caller.session):
            raise InvalidToken("signed out")
        if caller.account_id is not None:
            require_unchanged(caller, await AccountRepository(connection).find(caller.account_id))

    async def _find(self, connection: AsyncConnection, confirmation_id: int) -> ConfirmationRead:
        found = await ConfirmationRepository(connection).find(confirmation_id, self._caller)
        if found is None:
            raise ConfirmationNotFound(confirmation_id)
        return found


def _failed(found: ConfirmationRead, error: AppError) -> dict[str, Any]:
    """Return the fields to store for an action that failed."""
    detail = "Another request was faster." if isinstance(error, AlreadyExists) else error.detail
    code = code_of(Conflict if isinstance(error, Conflict) else type(error))
    return {
        "status": "failed",
        "outcome": f"Not done: {found.summary}. {detail}",
        "error": {"code": code, "detail": detail},
    }
