"""The fake server's record of a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_wire import Json


@dataclass
class RecordedRequest:
    """One request as it arrived; times are `time.monotonic()`, `ended` is None while it is being answered."""

    path: str
    headers: dict[str, str]
    body: Json
    started: float
    ended: float | None = None
    disconnected: bool = False
    """The client went away before the response was complete."""
    sent: list[float] = field(default_factory=list)
    """When each part of the response was sent."""
    modes: tuple[Mode, ...] = ()
    """The mode it was answered in, and all that was drawn or combined with it."""

    @property
    def agent(self) -> str:
        """The agent that asked, as named in its system message; empty when there is none."""
        first: Json = next(iter(self.body.get("messages", ())), {})
        return str(first.get("name", "")) if first.get("role") in ("system", "developer") else ""

    @property
    def tools(self) -> list[str]:
        """Names of the tools that were offered."""
        return [tool["function"]["name"] for tool in self.body.get("tools") or ()]


def parsed(raw: bytes) -> Json:
    """The JSON object in a body; empty when there is none."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def key_of(headers: dict[str, str], *, azure: bool) -> str:
    """The credential that came with a request."""
    if azure and "api-key" in headers:
        return headers["api-key"]
    return headers.get("authorization", "").removeprefix("Bearer ")
