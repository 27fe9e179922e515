"""The interface of the service for a chat. The service runs in this process or at a URL."""

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
"""Exit statuses: 4 as in GitHub's command line, 75 is EX_TEMPFAIL, 130 is the shell's for Ctrl-C."""

_TEMPORARY = (RateLimited, Unavailable, UpstreamTimeout, ConversationBusy)
_TEMPORARY_CODES = {code_of(kind) for kind in (*_TEMPORARY, Interrupted)}

_LONGEST = 1000
"""Maximum characters of an error message."""
RECONNECTING = "CLIENT_RECONNECTING"
"""The type of an event that the client adds when a stream broke off and is continued."""


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
        """Whether each further question would fail, too."""
        self.is_servers = is_servers
        """Whether the error can come from a proxy in front of the service."""


class Ended(BaseModel):
    """The end of a turn: the fields that stored and other turns have in common."""

    status: str
    answer: str | None = None
    confirmations: list[ConfirmationRead] = []


class ChatClient(Protocol):
    """The service, for one chat. All methods raise ChatFailed."""

    conversation_id: int | None
    """The conversation that questions are asked in; without one, nothing is stored."""

    @property
    def is_anonymous(self) -> bool:
        """Whether there is no account or key that conversations can be stored for."""

    async def greet(self) -> str:
        """Check that the service is available; return a sentence with its place and the account."""

    async def start(self) -> None:
        """Start a conversation."""

    async def resume(self, conversation_id: int) -> tuple[ConversationRead, TurnRead | None]:
        """Continue a conversation; return it and its last turn."""

    def ask(self, question: str, *, cancel_running: bool = False) -> Events:
        """Ask and stream the turn's events. Closing the stream ends a turn that is not stored."""

    def attach(self, turn_id: int) -> Events:
        """Stream the events of a turn that may still be running."""

    async def cancel(self, turn_id: int) -> None:
        """Cancel a stored turn: its stream then ends."""

    async def decide(self, confirmation_id: int, decision: Decision) -> ConfirmationRead:
        """Approve or decline an action; return the decided confirmation."""


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
