"""Show a turn from its events: text as it arrives, tools and handoffs dimly, then its result."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from app.agents.events import TEXT, Event
from app.cli.chatting.client import RECONNECTING, ChatFailed, Ended, failure_in
from app.cli.chatting.screen import Screen
from app.schemas.base import MAX_ID


class TurnView:
    """Shows one turn. With `is_quiet`, its text is not written."""

    def __init__(self, screen: Screen, *, is_quiet: bool = False) -> None:
        self.turn_id: int | None = None
        """The id of a stored turn, once it has begun."""
        self.result: dict[str, Any] = {}
        """The turn as the API's JSON has it, once it has ended."""
        self._screen = screen
        self._is_quiet = is_quiet
        self._agent: str | None = None
        self._message = ""
        self._tool = ""

    def show(self, event: Event) -> Ended | None:
        """Show the event; return how the turn ended after its last one. Raises ChatFailed for a turn that failed."""
        kind = event["type"]
        if kind == "RUN_FINISHED":
            return self._end(event)
        if kind == "RUN_ERROR":
            self._screen.end_message()
            raise failure_in(event)
        if kind == "RUN_STARTED":
            run_id = str(event.get("runId"))
            self.turn_id = int(run_id) if run_id.isdecimal() and len(run_id) <= len(str(MAX_ID)) else None
        elif kind == "STEP_STARTED":
            self._take_over(str(event.get("stepName")))
        elif kind.startswith("TEXT_MESSAGE"):
            self._text(kind, event)
        elif kind.startswith("TOOL_CALL"):
            self._call(kind, event)
        elif kind == RECONNECTING:
            self._screen.note("The connection broke off: connecting again.")
        return None

    def _take_over(self, agent: str) -> None:
        if self._agent is not None:
            self._screen.note(f"{self._agent} hands over to {agent}")
        self._agent = agent

    def _text(self, kind: str, event: Event) -> None:
        if kind == "TEXT_MESSAGE_START":
            self._message = ""
        elif kind == TEXT:
            self._message += str(event.get("delta", ""))
            if self._streams:
                self._screen.piece(str(event.get("delta", "")))
        elif self._streams:
            self._screen.end_message()

    def _call(self, kind: str, event: Event) -> None:
        if kind == "TOOL_CALL_START":
            self._tool = f"{self._agent or ''} calls {event.get('toolCallName')} "
        elif kind == "TOOL_CALL_ARGS":
            self._tool += str(event.get("delta", ""))
        elif kind == "TOOL_CALL_END":
            self._screen.note(self._tool)

    def _end(self, event: Event) -> Ended:
        self._screen.end_message()
        self.result = event.get("result") or {}
        try:
            ended = Ended.model_validate(self.result)
        except ValidationError as error:
            raise ChatFailed("The server's result cannot be read: is it of another version?") from error
        if ended.answer and not self._is_quiet and not (self._streams and self._is_shown(ended.answer)):
            self._screen.answer(ended.answer)
        return ended

    @property
    def _streams(self) -> bool:
        return self._screen.streams and not self._is_quiet

    def _is_shown(self, answer: str) -> bool:
        """Whether the last message is the answer: an agent can also return it without a message."""
        return self._message.strip() == answer.strip()
