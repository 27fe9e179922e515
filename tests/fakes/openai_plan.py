"""The plan of a response, made before the first byte: status, parts and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from tests.fakes.openai_refusals import RefusalForm
from tests.fakes.openai_wire import Json

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"


class End(Enum):
    """How a response ends."""

    COMPLETE = auto()
    HANG = auto()
    DROP = auto()


@dataclass(frozen=True)
class Plan:
    """A response to be played. `length`, when known, is announced as Content-Length.

    With a `pace`, in seconds, the parts are produced one by one while they are sent, with a pause after each.
    """

    parts: Iterable[bytes]
    content_type: str = JSON
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    end: End = End.COMPLETE
    pace: float | None = None


@dataclass(frozen=True)
class Ask:
    """One request, as far as the answer depends on it. `key` is the credential that came with it."""

    body: Json
    size: int
    model: str
    completion_id: str
    key: str
    retry_after: str | None
    refusal_form: RefusalForm | None = None

    @property
    def streamed(self) -> bool:
        """Whether the client asked for server-sent events."""
        return bool(self.body.get("stream"))

    @property
    def usage(self) -> bool:
        """Whether the client asked for a last chunk with the usage."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def prompt_tokens(self) -> int:
        """About as many as the request's size suggests."""
        return 1 + self.size // 4
