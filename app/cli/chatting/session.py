"""A chat session: questions, turns, decisions, and Ctrl-C."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime

from pydantic import ValidationError

from app.cli.chatting.client import FAILED, INTERRUPTED, ChatClient, ChatFailed, Ended, Events
from app.cli.chatting.keyboard import Keyboard, on_interrupt
from app.cli.chatting.plain_text import plain_line
from app.cli.chatting.screen import Screen
from app.cli.chatting.turn_view import TurnView
from app.cli.command import CommandFailed
from app.core.settings import in_sentences
from app.schemas.ai import HandoffRequest
from app.schemas.conversations import ConfirmationRead, ConversationRead, TurnRead

_LONGEST = 400
"""Characters of an action's summary."""
_BUSY = "Another question of this conversation is being answered."


class TurnGivenUp(Exception):
    """The person stopped waiting for the end of the turn."""


class Session:
    """One command's talk with the service."""

    def __init__(self, client: ChatClient, screen: Screen, keyboard: Keyboard) -> None:
        self._client = client
        self._screen = screen
        self._keyboard = keyboard
        self._may_be_running = False
        """Whether a turn was given up that may still be running."""

    async def chat(self, conversation_id: int | None) -> int:
        """Answer questions until the input ends; return the exit status."""
        if self._keyboard.is_person:
            self._screen.note(f"{await self._client.greet()} Ctrl-C cancels an answer, Ctrl-D ends.")
        if conversation_id is not None:
            await self._resume(*await self._client.resume(conversation_id))
        try:
            return await self._questions()
        finally:
            if self._client.conversation_id is not None:
                self._screen.note(f"Continue with --conversation {self._client.conversation_id}.")

    async def ask(self, question: str, conversation_id: int | None, *, as_json: bool) -> int:
        """Answer one question; return the exit status."""
        question = checked(question)
        if conversation_id is not None:
            await self._client.resume(conversation_id)
        view = TurnView(self._screen, is_quiet=as_json)
        try:
            ended = await self._follow(self._client.ask(question), view)
        except TurnGivenUp:
            return INTERRUPTED
        if as_json:
            self._screen.document(view.result)
            return _status_of(ended)
        return await self._decide(ended.confirmations) or _status_of(ended)

    async def _questions(self) -> int:
        while True:
            try:
                question = self._keyboard.question()
            except KeyboardInterrupt:
                self._screen.say("")
                return INTERRUPTED
            if question is None:
                return 0
            # Further questions of a script may refer to the answer that is missing.
            if (status := await self._try(question)) and not self._keyboard.is_person:
                return status

    async def _try(self, question: str) -> int:
        """Answer a question; a person sees why that failed and may go on. Return the exit status."""
        try:
            return await self._answer(checked(question))
        except CommandFailed as error:
            if not self._keyboard.is_person or (isinstance(error, ChatFailed) and error.is_final):
                raise
            self._screen.say(f"Error: {error}")
            return error.status

    async def _answer(self, question: str) -> int:
        cancel_running, self._may_be_running = self._may_be_running, False
        try:
            ended = await self._follow_when_free(question, cancel_running)
        except TurnGivenUp:
            self._may_be_running = self._client.conversation_id is not None
            self._screen.note("Not waiting any longer." if self._may_be_running else "Cancelled.")
            return INTERRUPTED
        if ended.status == "cancelled":
            self._screen.note("Cancelled.")
        return await self._decide(ended.confirmations) or _status_of(ended)

    async def _follow_when_free(self, question: str, cancel_running: bool) -> Ended:
        try:
            return await self._follow(self._asked(question, cancel_running))
        except ChatFailed as error:
            if error.code != "conversation_busy" or not self._keyboard.is_person:
                raise
        if not self._keyboard.confirms(f"{_BUSY} Cancel it and ask this one?"):
            raise ChatFailed("Not asked.")
        return await self._follow(self._asked(question, True))

    async def _asked(self, question: str, cancel_running: bool) -> Events:
        if self._client.conversation_id is None and not self._client.is_anonymous:
            await self._client.start()
        async with aclosing(self._client.ask(question, cancel_running=cancel_running)) as events:
            async for event in events:
                yield event

    async def _resume(self, conversation: ConversationRead, last: TurnRead | None) -> None:
        """Show a person where the conversation was: its last turn, which may be running or waiting for a decision."""
        if last is None or not self._keyboard.is_person:
            return
        self._screen.note(f"{conversation.title}: {last.question}")
        if last.status != "running":
            self._screen.note(last.answer or f"({last.status})")
            await self._decide(last.confirmations)
            return
        try:
            ended = await self._follow(self._client.attach(last.id))
        except TurnGivenUp:
            self._may_be_running = True
        else:
            await self._decide(ended.confirmations)

    async def _follow(self, events: Events, view: TurnView | None = None) -> Ended:
        """Show a turn until its end. The first Ctrl-C cancels a stored turn; another one gives it up."""
        view = view or TurnView(self._screen)
        reading = asyncio.ensure_future(self._read(events, view))
        cancelling: list[asyncio.Future[None]] = []

        def interrupt() -> None:
            if cancelling or self._client.conversation_id is None or view.turn_id is None:
                reading.cancel()
            else:
                cancelling.append(asyncio.ensure_future(self._client.cancel(view.turn_id)))

        try:
            with on_interrupt(interrupt):
                return await reading
        except asyncio.CancelledError:
            for request in cancelling:
                request.cancel()
            self._screen.end_message()
            raise TurnGivenUp from None
        finally:
            await asyncio.gather(*cancelling, return_exceptions=True)

    async def _read(self, events: Events, view: TurnView) -> Ended:
        async with aclosing(events), self._screen.busy():
            async for event in events:
                if (ended := view.show(event)) is not None:
                    return ended
        raise ChatFailed("The events of this turn have ended without an answer.")

    async def _decide(self, confirmations: list[ConfirmationRead]) -> int:
        """Ask a person for a decision on each proposed action; return the exit status."""
        status = 0
        for waiting in confirmations:
            if waiting.status == "pending":
                try:
                    status = await self._decide_one(waiting) or status
                except ChatFailed as error:
                    if error.is_final:
                        raise
                    self._screen.say(f"Error: {error}")
                    status = error.status
        return status

    async def _decide_one(self, waiting: ConfirmationRead) -> int:
        approved = self._keyboard.confirms(f"{plain_line(waiting.summary, _LONGEST)}. Confirm?")
        if approved is None:
            self._screen.say(
                f"Not decided: {waiting.summary}. It waits until {_clock(waiting.expires_at)}: "
                f"run 'python -m app chat --conversation {waiting.conversation_id}' in a terminal."
            )
            return 0
        decided = await self._client.decide(waiting.id, "approve" if approved else "decline")
        self._screen.say(decided.outcome if approved and decided.outcome else "Declined.")
        return FAILED if decided.status == "failed" else 0


def checked(question: str) -> str:
    """Return the question trimmed; raises ChatFailed for one that the service would refuse."""
    try:
        return HandoffRequest(question=question).question
    except ValidationError as error:
        raise ChatFailed(in_sentences(error, str)) from error


def _status_of(ended: Ended) -> int:
    return INTERRUPTED if ended.status == "cancelled" else 0


def _clock(time: datetime) -> str:
    return f"{time.astimezone():%H:%M}"
