"""What a chat needs of the service, which runs in this process or behind a URL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from pydantic import BaseModel

from app.agents.events import Event
from app.cli.chatting.plain_text import plain_line
from app.cli.command import CommandFailed
from app.core.errors import (
    AppError,
    ConversationBusy,
    Forbidden,
    Interrupted,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
    UpstreamTimeout,
    code_of,
)
from app.schemas.conversations import ConfirmationRead, ConversationRead, Decision, TurnRead

Events = AsyncGenerator[Event, None]
"""The AG-UI events of one turn."""

FAILED, NOT_ALLOWED, TRY_AGAIN, INTERRUPTED = 1, 4, 75, 130
"""Exit statuses: 4 as GitHub's command has it, 75 is EX_TEMPFAIL, 130 a shell's for Ctrl-C."""

_TEMPORARY = (RateLimited, Unavailable, UpstreamTimeout, ConversationBusy)
_TEMPORARY_CODES = {code_of(kind) for kind in (*_TEMPORARY, Interrupted)}

_LONGEST = 1000
"""Characters of an error."""
RECONNECTING = "CLIENT_RECONNECTING"
"""The type of an event of the client's own: the stream broke off, and will go on."""


class ChatFailed(CommandFailed):
    """A question, or the whole chat, failed. The message is one line for the person at the terminal."""

    def __init__(
        self,
        detail: str,
        *,
        status: int = FAILED,
        code: str = "",
        retry_after: int | None = None,
        request_id: str | None = None,
        is_final: bool = False,
        is_servers: bool = False,
    ) -> None:
        wait = f" Try again in {retry_after} s." if retry_after else ""
        found = f" (request id {request_id})" if request_id else ""
        super().__init__(plain_line(f"{detail}{wait}{found}", _LONGEST), status=status)
        self.code = code
        self.is_final = is_final
        """Whether another question would fail alike."""
        self.is_servers = is_servers
        """Whether it may be another one's who is before the service, such as a proxy's."""


class Ended(BaseModel):
    """How a turn ended: what is common to stored turns and others."""

    status: str
    answer: str | None = None
    confirmations: list[ConfirmationRead] = []


class ChatClient(Protocol):
    """The service, for one chat. All methods raise ChatFailed."""

    conversation_id: int | None
    """The conversation that questions are asked in; without one, nothing is stored."""

    @property
    def is_anonymous(self) -> bool:
        """Whether the service knows nobody to store conversations for."""

    async def greet(self) -> str:
        """Check that the service is there, and say who and where one is."""

    async def start(self) -> None:
        """Begin a conversation."""

    async def resume(self, conversation_id: int) -> tuple[ConversationRead, TurnRead | None]:
        """Continue a conversation; return it and its last turn."""

    def ask(self, question: str, *, cancel_running: bool = False) -> Events:
        """Ask and stream the turn's events. Closing the stream ends a turn that is not stored."""

    def attach(self, turn_id: int) -> Events:
        """Stream the events of a turn that may still be running."""

    async def cancel(self, turn_id: int) -> None:
        """Cancel a stored turn: its stream then ends."""

    async def decide(self, confirmation_id: int, decision: Decision) -> ConfirmationRead:
        """Approve or decline an action; return what came of it."""


def failed(error: AppError) -> ChatFailed:
    """Return the failure to report for an error of a service in this process."""
    status = TRY_AGAIN if isinstance(error, _TEMPORARY) else FAILED
    return ChatFailed(
        error.detail,
        status=NOT_ALLOWED if isinstance(error, (Unauthorized, Forbidden)) else status,
        code=code_of(type(error)),
        retry_after=error.retry_after,
        is_final=isinstance(error, (Unauthorized, Forbidden, NotFound)),
    )


def failure_in(event: dict[str, Any]) -> ChatFailed:
    """Return the failure that a RUN_ERROR event tells."""
    code = str(event.get("code") or "")
    request_id = (event.get("metadata") or {}).get("requestId")
    status = TRY_AGAIN if code in _TEMPORARY_CODES else FAILED
    return ChatFailed(str(event.get("message")), status=status, code=code, request_id=request_id)
