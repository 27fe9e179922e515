"""How the fake OpenAI server can behave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.fakes.openai_wire import Reply


class Mode(str, Enum):
    """One way of answering a request; the values are what `--mode` takes."""

    NORMAL = "normal"
    """A deterministic model that uses the tools it is offered."""

    HANG = "hang"
    """Takes the request and sends nothing until the client gives up."""
    HANG_AFTER_FIRST_CHUNK = "hang_after_first_chunk"
    """Sends the beginning of a normal answer, then nothing."""
    CUT_OFF = "cut_off"
    """A stream ends politely in the middle, without finish_reason or [DONE]; a plain answer is dropped."""
    DROPPED = "dropped"
    """The connection breaks in the middle of the body."""

    UNAUTHORIZED = "401"
    """The error body quotes the caller's key, as OpenAI's does."""
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"

    MALFORMED = "malformed"
    """Status 200 with the right content type and a body that is neither JSON nor events."""
    MALFORMED_JSON = "malformed_json"
    """Status 200 with JSON (or one event's JSON) that breaks off."""
    HTML = "html"
    """Status 200 with a web page, as captive portals and proxies send."""
    EMPTY = "empty"
    """A completion without text and without tool calls."""
    NO_CHOICES = "no_choices"
    FINISH_LENGTH = "finish_length"
    """The text is cut by the token limit: finish_reason `length`."""

    UNKNOWN_TOOL = "unknown_tool"
    """Calls a tool that was not offered."""
    BAD_ARGUMENTS = "bad_arguments"
    """Calls the first tool offered with arguments that are not JSON."""
    PING_PONG = "ping_pong"
    """Always hands over to the first agent offered."""
    TOOL_FOREVER = "tool_forever"
    """Always calls the first tool that is not a handoff, never answers."""
    TWO_TOOLS = "two_tools"
    """Searches for two films in one completion, then answers."""
    COMPLETE_TASK = "complete_task"
    """Gives the answer only as the summary of Handoff-complete_task."""
    ANSWER_THEN_COMPLETE = "answer_then_complete"
    """Gives the answer as text and calls Handoff-complete_task in the same completion."""


@dataclass(frozen=True)
class Behaviour:
    """What happens to one request. None leaves the server's own setting in force; delays are in seconds.

    `reply` is sent instead of what the mode's model would have said.
    """

    mode: Mode = Mode.NORMAL
    reply: Reply | None = None
    latency: float | None = None
    chunk_delay: float | None = None
