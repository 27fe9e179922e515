"""The service behind a URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import httpx2
from pydantic import BaseModel, ValidationError

from app.agents.events import TERMINAL
from app.cli.chatting.client import RECONNECTING, TRY_AGAIN, ChatFailed, Events
from app.cli.chatting.responses import check, document_of, events_in, stranger
from app.schemas.auth import CallerRead
from app.schemas.conversations import ConfirmationRead, ConversationRead, Decision, TurnRead
from app.schemas.health import Root

T = TypeVar("T", bound=BaseModel)

_TIMEOUT = httpx2.Timeout(10, read=45)
"""Seconds. A stream has a comment at least every 15 seconds."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to continue a stream that broke off; progress starts them again."""
_CONVERSATIONS = "api/v1/conversations"


class OverHttp:
    """A ChatClient that calls a server's API."""

    def __init__(self, http: httpx2.AsyncClient, url: str) -> None:
        self.conversation_id: int | None = None
        self._http = http
        self._url = url

    @property
    def is_anonymous(self) -> bool:
        """Whether no credential is sent."""
        return "authorization" not in self._http.headers

    async def greet(self) -> str:
        """Check URL and credential; return who and where one is."""
        if self.is_anonymous:
            root = await self._get("", Root)
            return f"On {self._url} ({root.name} {root.version}), anonymously: nothing is stored."
        me = await self._get("api/v1/auth/me", CallerRead)
        name = me.account.email if me.account else "an API key"
        return f"On {self._url}, as {name} ({me.role.value})."

    async def start(self) -> None:
        """Begin a conversation."""
        self.conversation_id = (await self._call("POST", _CONVERSATIONS, ConversationRead)).id

    async def resume(self, conversation_id: int) -> tuple[ConversationRead, TurnRead | None]:
        """Continue a conversation; return it and its last turn."""
        path = f"{_CONVERSATIONS}/{conversation_id}"
        conversation = await self._get(path, ConversationRead)
        response = await self._send("GET", f"{path}/turns", params={"sort": "-id", "limit": 1})
        match document_of(response):
            case []:
                last = None
            case [turn]:
                last = self._read(turn, TurnRead, response)
            case _:
                raise stranger(response, self._url)
        self.conversation_id = conversation_id
        return conversation, last

    async def ask(self, question: str, *, cancel_running: bool = False) -> Events:
        """Ask and stream the turn's events, of a stored turn also beyond a broken connection."""
        if self.conversation_id is None:
            async for event in self._unstored(question):
                yield event
            return
        body = {"question": question, "if_busy": "cancel" if cancel_running else "reject"}
        # With its key, a question whose response was lost is not asked a second time.
        headers = {"Idempotency-Key": uuid4().hex}
        async for event in self._followed("POST", self._turns, json=body, headers=headers):
            yield event

    async def attach(self, turn_id: int) -> Events:
        """Stream the events of a turn."""
        async for event in self._followed("GET", f"{self._turns}/{turn_id}/events"):
            yield event

    async def cancel(self, turn_id: int) -> None:
        """Cancel a stored turn."""
        await self._send("POST", f"{self._turns}/{turn_id}/cancel")

    async def decide(self, confirmation_id: int, decision: Decision) -> ConfirmationRead:
        """Approve or decline an action. The same decision again has the same result, so it can be repeated."""
        path = f"api/v1/confirmations/{confirmation_id}/decision"
        return await self._call("POST", path, ConfirmationRead, attempts=3, json={"decision": decision})

    @property
    def _turns(self) -> str:
        return f"{_CONVERSATIONS}/{self.conversation_id}/turns"

    async def _unstored(self, question: str) -> Events:
        try:
            async with aclosing(self._stream("POST", "api/v1/ai/handoff", json={"question": question})) as events:
                async for _, event in events:
                    yield event
                    if event["type"] in TERMINAL:
                        return
        except httpx2.ConnectError as error:
            raise self._unreachable(error) from error
        except httpx2.RequestError:
            pass
        raise ChatFailed("The connection broke off before the end of the answer: ask again.", status=TRY_AGAIN)

    async def _followed(self, method: str, path: str, **request: Any) -> Events:
        """Yield a stored turn's events up to the terminal one, continuing a stream that breaks off."""
        failures, last = 0, ""
        while True:
            try:
                async with aclosing(self._stream(method, path, **request)) as events:
                    async for name, event in events:
                        failures, last = 0, name or last
                        yield event
                        if event["type"] in TERMINAL:
                            return
            except (httpx2.RequestError, ChatFailed) as error:
                self._require_temporary(error, is_first=not (failures or last))
            if failures == len(_PAUSES):
                raise self._lost()
            yield {"type": RECONNECTING}
            await asyncio.sleep(_PAUSES[failures])
            failures += 1
            if last:
                method, path = "GET", f"{self._turns}/{last.partition(':')[0]}/events"
                request = {"headers": {"Last-Event-ID": last}}

    def _require_temporary(self, error: Exception, *, is_first: bool) -> None:
        """Raise ChatFailed unless a stream that has begun may go on when it is asked for again."""
        if isinstance(error, ChatFailed) and (is_first or not error.is_servers):
            raise error
        if isinstance(error, httpx2.ConnectError) and is_first:
            raise self._unreachable(error) from error

    async def _stream(self, method: str, path: str, **request: Any) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        headers = {"Accept": "text/event-stream", **request.pop("headers", {})}
        async with self._http.stream(method, path, headers=headers, **request) as response:
            if response.status_code != httpx2.codes.OK:
                await response.aread()
            check(response, self._url)
            async for event in events_in(response, self._url):
                yield event

    async def _get(self, path: str, kind: type[T]) -> T:
        return await self._call("GET", path, kind)

    async def _call(self, method: str, path: str, kind: type[T], **request: Any) -> T:
        response = await self._send(method, path, **request)
        return self._read(document_of(response), kind, response)

    async def _send(self, method: str, path: str, *, attempts: int = 1, **request: Any) -> httpx2.Response:
        while True:
            attempts -= 1
            try:
                response = await self._http.request(method, path, **request)
            except httpx2.RequestError as error:
                if not attempts:
                    raise self._unreachable(error) from error
                await asyncio.sleep(_PAUSES[1])
            else:
                check(response, self._url)
                return response

    def _read(self, found: object, kind: type[T], response: httpx2.Response) -> T:
        try:
            return kind.model_validate(found)
        except ValidationError as error:
            raise stranger(response, self._url) from error

    def _unreachable(self, error: Exception) -> ChatFailed:
        return ChatFailed(f"{self._url} cannot be reached: {error or type(error).__name__}.", status=TRY_AGAIN)

    def _lost(self) -> ChatFailed:
        return ChatFailed(
            f"The connection to {self._url} is lost; the turn goes on there. "
            f"See its answer later with --conversation {self.conversation_id}.",
            status=TRY_AGAIN,
        )


@asynccontextmanager
async def over_http(url: str, token: str | None) -> AsyncIterator[OverHttp]:
    """Open a client of the server at this URL; without a token it is anonymous. Redirects are not followed."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=_TIMEOUT) as http:
        yield OverHttp(http, url)
