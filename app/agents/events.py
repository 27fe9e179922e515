"""A turn's AG-UI 1.0 events, numbered from 1 and readable while the turn runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
Numbered = tuple[int, Event]
"""An event and its number in the turn; joined text has the number of its last delta."""

TEXT = "TEXT_MESSAGE_CONTENT"
TERMINAL = frozenset({"RUN_FINISHED", "RUN_ERROR"})
MAX_RESULT = 2048
"""Maximum characters of a tool result in an event."""


@dataclass
class EventLog:
    """The events of one turn. They end with exactly one terminal event."""

    thread_id: str
    run_id: str
    events: list[Event] = field(default_factory=list)
    _step: str | None = None
    _message: str | None = None
    _messages: int = 0
    _added: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Record the start, before any model call."""
        self._add("RUN_STARTED", threadId=self.thread_id, runId=self.run_id)

    def agent(self, name: str) -> None:
        """Record that this agent takes over."""
        self._end_step()
        self._step = name
        self._add("STEP_STARTED", stepName=name)

    def text(self, delta: str) -> None:
        """Record text from the model."""
        if not delta:
            return
        if self._message is None:
            self._messages += 1
            self._message = f"{self.run_id}-message-{self._messages}"
            self._add("TEXT_MESSAGE_START", messageId=self._message, role="assistant")
        self._add(TEXT, messageId=self._message, delta=delta)

    def end_text(self) -> None:
        """Record the end of a completion."""
        if self._message is not None:
            self._add("TEXT_MESSAGE_END", messageId=self._message)
            self._message = None

    def tool(self, number: int, name: str, arguments: str) -> None:
        """Record a tool call; `number` is its number in the turn."""
        call = self._call(number)
        self._add("TOOL_CALL_START", toolCallId=call, toolCallName=name)
        self._add("TOOL_CALL_ARGS", toolCallId=call, delta=arguments)
        self._add("TOOL_CALL_END", toolCallId=call)

    def tool_result(self, number: int, result: str) -> None:
        """Record a result."""
        call = self._call(number)
        shown = result if len(result) <= MAX_RESULT else f"{result[:MAX_RESULT]}…"
        self._add("TOOL_CALL_RESULT", messageId=f"{call}-result", toolCallId=call, content=shown, role="tool")

    def close(self) -> None:
        """End the open text and step."""
        self.end_text()
        self._end_step()

    def end(self, terminal: Event) -> None:
        """Add the terminal event."""
        self.events.append(terminal)
        self._wake()

    async def since(self, number: int) -> AsyncGenerator[list[Numbered], None]:
        """Yield the events after this number, in batches, until the terminal event."""
        while True:
            added = self._added
            if new := list(enumerate(self.events[number:], number + 1)):
                number = new[-1][0]
                yield new
            if self.events and self.events[-1]["type"] in TERMINAL:
                return
            await added.wait()

    def _end_step(self) -> None:
        if self._step is not None:
            self._add("STEP_FINISHED", stepName=self._step)
            self._step = None

    def _call(self, number: int) -> str:
        return f"{self.run_id}-tool-{number}"

    def _add(self, kind: str, **fields: str) -> None:
        self.events.append({"type": kind, **fields})
        self._wake()

    def _wake(self) -> None:
        self._added.set()
        self._added = asyncio.Event()


def joined(events: list[Numbered]) -> list[tuple[int, Event]]:
    """Return the events to store: one row for consecutive deltas of one message."""
    rows: list[tuple[int, Event]] = []
    for number, event in events:
        last = rows[-1][1] if rows else {}
        if event["type"] == TEXT == last.get("type") and last["messageId"] == event["messageId"]:
            last["deltas"].append(event["delta"])
            rows[-1] = (number, last)
        elif event["type"] == TEXT:
            rows.append((number, {"type": TEXT, "messageId": event["messageId"], "deltas": [event["delta"]]}))
        else:
            rows.append((number, event))
    return rows


def unread(number: int, stored: Event, after: int) -> Event:
    """Return a stored event without deltas up to `after`."""
    if stored["type"] != TEXT:
        return stored
    deltas: list[str] = stored["deltas"]
    skip = max(after - (number - len(deltas)), 0)
    return {"type": TEXT, "messageId": stored["messageId"], "delta": "".join(deltas[skip:])}
