"""How the fake OpenAI server can behave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.fakes.openai_wire import Reply


class Mode(str, Enum):
    """One way of answering a request. The values are what `--mode` takes; each member has a docstring.

    Where a request offers no tools, the reply is text or JSON, and the modes for text apply to it.
    """

    def __new__(cls, value: str, doc: str = "") -> Mode:
        """Make a member from its value and its docstring."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.__doc__ = doc
        return member

    NORMAL = "normal", "A deterministic model that uses the tools it is offered."

    # Failures of the connection.
    HANG = "hang", "Takes the request and sends nothing until the client gives up."
    HANG_AFTER_FIRST_CHUNK = "hang_after_first_chunk", "Sends the beginning of a normal answer, then nothing."
    CUT_OFF = "cut_off", "A stream ends politely in the middle, without finish_reason; a plain answer is dropped."
    DROPPED = "dropped", "The connection breaks in the middle of the body."

    # Error statuses.
    UNAUTHORIZED = "401", "The error body quotes the caller's key, as OpenAI's does."
    RATE_LIMITED = "429", "A rate limit, with the Retry-After that is set on the server."
    SERVER_ERROR = "500", "An internal error of the provider."
    UNAVAILABLE = "503", "An overloaded provider."
    MODEL_NOT_FOUND = "model_not_found", "OpenAI's 404: no such model."
    MODEL_NOT_FOUND_OLLAMA = "model_not_found_ollama", "Ollama's 404: the model has to be pulled; no code."
    DEPLOYMENT_NOT_FOUND = "deployment_not_found", "Azure's 404: no such deployment."
    INSUFFICIENT_QUOTA = "insufficient_quota", "A 429 that no waiting cures."
    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded", "A 400: the messages are longer than the context."
    PROMPT_FILTERED = "prompt_filtered", "Azure's 400: its content policy refuses the prompt."
    BAD_REQUEST = "bad_request", "A 400 that names no parameter."
    ERROR_FIRST = "error_first", "Status 200, and an error as the first event, or as the plain body."
    ERROR_IN_THE_MIDDLE = (
        "error_in_the_middle",
        "Status 200, and an error after half the events; plain: as error_first.",
    )
    RETRY_AFTER_HUGE = "retry_after_huge", "A 429 with Retry-After: 86400000."
    RETRY_AFTER_NAN = "retry_after_nan", "A 429 with Retry-After: nan."
    RETRY_AFTER_DATE = "retry_after_date", "A 429 with an HTTP date in Retry-After, an hour ahead."

    # Parameters that the server refuses, in the form of `FakeOpenAI.refusal_form`.
    REFUSES_MAX_TOKENS = "refuses_max_tokens", "Wants max_completion_tokens instead."
    REFUSES_MAX_COMPLETION_TOKENS = "refuses_max_completion_tokens", "An older compatible server."
    REFUSES_TEMPERATURE = "refuses_temperature", "Takes no temperature but 1."
    REFUSES_STREAM_OPTIONS = "refuses_stream_options", "Does not know stream_options."
    REFUSES_JSON_SCHEMA = "refuses_json_schema", "Takes no response_format of type json_schema; json_object it takes."
    REFUSES_RESPONSE_FORMAT = "refuses_response_format", "Does not know response_format."
    REFUSES_PARALLEL_TOOL_CALLS = "refuses_parallel_tool_calls", "Does not know parallel_tool_calls."
    REFUSES_REASONING_EFFORT = "refuses_reasoning_effort", "Does not know reasoning_effort."
    REASONING_MODEL = (
        "reasoning_model",
        "Refuses max_tokens, then a temperature other than 1: one error after the other.",
    )
    TOOLS_WANT_NO_REASONING = "tools_want_no_reasoning", "Tools need reasoning_effort `none`, said explicitly."
    NEWEST_OPENAI = "newest_openai", "As reasoning_model and as tools_want_no_reasoning."
    STRICT_SERVER = "strict_server", "Refuses everything but model, messages, tools and stream: one name an answer."

    # Bodies that are no completion.
    MALFORMED = "malformed", "Status 200 with the right content type and a body that is neither JSON nor events."
    MALFORMED_JSON = "malformed_json", "Status 200 with JSON (or one event's JSON) that breaks off."
    HTML = "html", "Status 200 with a web page, as captive portals and proxies send."
    EMPTY = "empty", "A completion without text and without tool calls."
    NO_CHOICES = "no_choices", "A completion whose list of choices is empty."

    # Scenarios: what the model decides.
    UNKNOWN_TOOL = "unknown_tool", "Calls a tool that was not offered."
    BAD_ARGUMENTS = "bad_arguments", "Calls the first tool offered with arguments that are not JSON."
    PING_PONG = "ping_pong", "Always hands over to the first agent offered."
    TOOL_FOREVER = "tool_forever", "Always calls the first tool that is not a handoff, never answers."
    TWO_TOOLS = "two_tools", "Searches for two films in one completion, then answers."
    COMPLETE_TASK = "complete_task", "Gives the answer only as the summary of Handoff-complete_task."
    ANSWER_THEN_COMPLETE = (
        "answer_then_complete",
        "Answers in text and calls Handoff-complete_task in the same completion.",
    )

    FINISH_LENGTH = "finish_length", "The text is cut by the token limit: finish_reason `length`."


@dataclass(frozen=True)
class Behaviour:
    """What happens to one request. None leaves the server's own setting in force; delays are in seconds.

    `reply` is sent instead of what the mode's model would have said.
    """

    mode: Mode = Mode.NORMAL
    reply: Reply | None = None
    latency: float | None = None
    chunk_delay: float | None = None
