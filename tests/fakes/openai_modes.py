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
    OPEN_AFTER_DONE = "open_after_done", "A whole stream with its [DONE], and a connection that stays open after it."
    DROPPED = "dropped", "The connection breaks in the middle of the body."

    # Error statuses.
    UNAUTHORIZED = "401", "The error body quotes the caller's key, as OpenAI's does."
    RATE_LIMITED = "429", "A rate limit, with the Retry-After that is set on the server."
    SERVER_ERROR = "500", "An internal error of the provider."
    UNAVAILABLE = "503", "An overloaded provider."
    MODEL_NOT_FOUND = "model_not_found", "OpenAI's 404: no such model."
    MODEL_NOT_FOUND_OLLAMA = "model_not_found_ollama", "Ollama's 404: the model has to be pulled; no code."
    MODEL_NOT_FOUND_VLLM = "model_not_found_vllm", "vLLM's 404: `message` on the top level, the code is a number."
    DEPLOYMENT_NOT_FOUND = "deployment_not_found", "Azure's 404: no such deployment."
    INSUFFICIENT_QUOTA = "insufficient_quota", "A 429 that no waiting cures."
    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded", "A 400: the messages are longer than the context."
    PROMPT_FILTERED = "prompt_filtered", "Azure's 400: its content policy refuses the prompt."
    BAD_REQUEST = "bad_request", "A 400 that names no parameter."
    ERROR_TEXT = "error_text", "A 400 whose `error` is a string."
    ERROR_PAGE = "error_page", "A proxy's 502 with a web page."
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
    WANTS_THOUGHTS = "wants_thoughts", "DeepSeek: wants `reasoning_content` in the model's messages with tool calls."
    REFUSES_THOUGHTS = "refuses_thoughts", "Does not know `reasoning_content` in messages."
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

    # Finish reasons.
    FINISH_LENGTH = "finish_length", "The text is cut by the token limit: finish_reason `length`."
    FINISH_CONTENT_FILTER = "finish_content_filter", "finish_reason `content_filter`."
    FINISH_EOS = "finish_eos", "finish_reason `eos`."
    FINISH_EOS_TOKEN = "finish_eos_token", "finish_reason `eos_token`."
    FINISH_END_TURN = "finish_end_turn", "finish_reason `end_turn`."
    FINISH_END = "finish_end", "finish_reason `end`."
    FINISH_STOP_SEQUENCE = "finish_stop_sequence", "finish_reason `stop_sequence`."
    FINISH_EMPTY = "finish_empty", "finish_reason is the empty string."
    FINISH_NULL = "finish_null", "finish_reason is null to the end, then [DONE]."
    FINISH_MISSING = "finish_missing", "No completion and no chunk has a finish_reason."
    FINISH_TOOL_CALL = "finish_tool_call", "finish_reason `tool_call` of a completion with tool calls."
    FINISH_STOP_WITH_CALLS = "finish_stop_with_calls", "finish_reason `stop` of a completion with tool calls."

    # Content.
    CONTENT_PARTS = "content_parts", "Content is a list of parts: a thought, then text."
    THOUGHT = "thought", "<think>...</think>, a blank line, the answer."
    THOUGHT_ONLY_CLOSED = "thought_only_closed", "A thought, </think>, the answer: the chat template opened the tag."
    THOUGHT_IN_PIECES = "thought_in_pieces", "As thought, in chunks of 1 to 3 characters, so that tags are split."
    THOUGHT_CLOSED_IN_PIECES = "thought_closed_in_pieces", "As thought_only_closed, in chunks of 1 to 3 characters."
    THOUGHT_THINKING_TAG = "thought_thinking_tag", "<thinking>...</thinking>, then the answer."
    THOUGHT_BRACKETS = "thought_brackets", "[THINK]...[/THINK], then the answer, as Mistral writes it."
    THOUGHT_THOUGHT_TAG = "thought_thought_tag", "<thought>...</thought>, then the answer, as Gemma writes it."
    THOUGHT_CHANNELS = "thought_channels", "The analysis and final channels of gpt-oss, with their marks."
    THOUGHT_BEFORE_CALL = "thought_before_call", "<think>...</think> as the content of a completion with tool calls."
    UNCLOSED_THOUGHT_LENGTH = "unclosed_thought_length", "<think> without an end or an answer: finish_reason `length`."
    UNCLOSED_THOUGHT_STOP = "unclosed_thought_stop", "<think> without an end or an answer: finish_reason `stop`."
    REASONING_CONTENT = "reasoning_content", "A thought in `reasoning_content`, beside the content."
    REASONING = "reasoning", "A thought in `reasoning`, beside the content."
    REFUSAL = "refusal", "A refusal in words; content is null."
    JSON_FENCED = "json_fenced", "JSON that was asked for, in a ```json fence."
    JSON_AFTER_PROSE = "json_after_prose", "`Here is the JSON:` before JSON that was asked for."
    JSON_BEFORE_PROSE = "json_before_prose", "A sentence after JSON that was asked for."
    JSON_LOOSE_TYPES = "json_loose_types", "Booleans are `yes` and `no`, numbers text, in JSON that was asked for."
    JSON_WRONG = "json_wrong", "JSON of another shape than was asked for."
    TINY_PIECES = "tiny_pieces", "Text in chunks of 1 to 3 characters."
    HALF_SURROGATE = "half_surrogate", "Half a surrogate pair at the end of the text, as the escape \\ud83d."

    # Envelopes.
    USAGE_NULL = "usage_null", "usage is null where it would be."
    USAGE_PARTIAL = "usage_partial", "usage has prompt_tokens alone."
    USAGE_ABSENT = "usage_absent", "No usage; a stream's last chunk comes without it."
    USAGE_NULL_FIELDS = "usage_null_fields", "All fields of usage are null."
    USAGE_TEXT = "usage_text", "The numbers of usage are text."
    NO_USAGE_CHUNK = "no_usage_chunk", "No usage; a stream ends with the finish_reason's chunk, whatever was asked for."
    TWO_CHOICES = "two_choices", "A second choice, of another text."
    ROLE_MODEL = "role_model", "The role is `model`."
    ROLE_TOOL = "role_tool", "The role is `tool`."
    NO_ROLE = "no_role", "No role."
    ROLE_IN_EVERY_CHUNK = "role_in_every_chunk", "Each delta repeats the role."
    DELTA_NULL = "delta_null", "A chunk in the middle, and the last, have a delta of null."
    EMPTY_CHOICES_CHUNK = "empty_choices_chunk", "A chunk in the middle has no choices."
    UNKNOWN_FIELDS = "unknown_fields", "Fields that nobody knows, on each level."
    NO_COMPLETION_ID = "no_completion_id", "No `id`."
    NO_CREATED = "no_created", "No `created`."
    NO_MODEL = "no_model", "No `model`."
    NO_OBJECT = "no_object", "No `object`."
    CREATED_FLOAT = "created_float", "`created` is a fraction."
    CREATED_TEXT = "created_text", "`created` is an ISO 8601 time."
    AZURE_FILTER_RESULTS = "azure_filter_results", "prompt_filter_results first, content_filter_results in choices."
    AZURE_ASYNC_FILTER = "azure_async_filter", "Azure's asynchronous filter: chunks of offsets, without a delta."
    AZURE_CONTENT_FILTERED = "azure_content_filtered", "Azure stops in the middle: finish_reason `content_filter`."

    # Server-sent events.
    SSE_COMMENTS = "sse_comments", "Comments (`: ping`) before and between events."
    SSE_CRLF = "sse_crlf", "Lines end with CR LF."
    SSE_NO_SPACE = "sse_no_space", "No space after `data:`."
    SSE_EVENT_LINES = "sse_event_lines", "Each event has an `event:` line and an `id:` line."
    NO_DONE = "no_done", "The stream ends without [DONE], after its finish_reason."

    # Tool calls, on the wire.
    CALL_NO_ID = "call_no_id", "Tool calls without an id."
    CALL_EMPTY_ID = "call_empty_id", "The id of every tool call is empty."
    CALL_SAME_ID = "call_same_id", "As two_tools; both calls have the same id."
    CALL_NO_INDEX = "call_no_index", "Tool calls without an index, each in one piece."
    CALL_INDEX_ZERO = "call_index_zero", "As two_tools; index 0 for both, each in one piece, with ids of their own."
    CALL_NO_TYPE = "call_no_type", "Tool calls without a type."
    CALL_TYPE_NULL = "call_type_null", "The type of every tool call is null."
    CALL_TINY_PIECES = "call_tiny_pieces", "Arguments come one character at a time."
    CALL_WHOLE = "call_whole", "Name and arguments come in one chunk."
    CALL_FUNCTION_CALL = "call_function_call", "The deprecated `function_call` in place of tool_calls."
    ARGUMENTS_OBJECT = "arguments_object", "Arguments are an object, not a string, in one piece."

    # Tool calls, as the model says them.
    ARGUMENTS_QUOTED = "arguments_quoted", "Arguments quoted twice: a JSON string of JSON."
    ARGUMENTS_EMPTY = "arguments_empty", "The empty string in place of `{}`."
    ARGUMENTS_NULL = "arguments_null", "`null` in place of `{}`."
    OPTIONAL_NULL = "optional_null", "Optional arguments that are not given are null."
    OPTIONAL_EMPTY = "optional_empty", "Optional arguments that are not given are the empty string."
    NUMBERS_AS_TEXT = "numbers_as_text", "Numbers are text (`5`), booleans too; an optional `limit` is given so."
    NUMBERS_AS_FRACTIONS = "numbers_as_fractions", "As numbers_as_text, with a fraction of nought (`5.0`)."
    UNKNOWN_ARGUMENT = "unknown_argument", "An argument that the tool does not have; left out once the tool complains."
    NAME_BARE = "name_bare", "A tool's name without its plugin (search_films)."
    NAME_DOTTED = "name_dotted", "A dot for the dash of a tool's name (film_search.search_films)."
    NAME_UNDERSCORED = "name_underscored", "An underscore for the dash of a tool's name (film_search_search_films)."
    NAME_PREFIXED = "name_prefixed", "A tool's name after `functions.`."
    TRANSFER_WITH_ARGUMENT = "transfer_with_argument", "A handoff with a reason it does not take, then a good answer."
    TRANSFER_BROKEN_ARGUMENTS = "transfer_broken_arguments", "A handoff with broken JSON, then a good answer."
    TRANSFER_UNKNOWN_AGENT = "transfer_unknown_agent", "A handoff to an agent that is not there, then a good answer."
    TEXT_CALL_JSON = "text_call_json", 'A tool call written as text: {"name", "arguments"}.'
    TEXT_CALL_PARAMETERS = "text_call_parameters", 'A tool call written as text: {"name", "parameters"}.'
    TEXT_CALL_FENCED = "text_call_fenced", "A tool call written as text, in a ```json fence."
    TEXT_CALL_HERMES = "text_call_hermes", "<tool_call>{...}</tool_call>, as Hermes and Qwen write it."
    TEXT_CALL_MISTRAL = "text_call_mistral", "[TOOL_CALLS][{...}], as Mistral writes it."
    TEXT_CALL_LLAMA = "text_call_llama", "<|python_tag|>{...}, as Llama writes it."
    TEXT_CALL_FUNCTION_TAG = "text_call_function_tag", "<function=name>{...}</function>."
    TEXT_ABOUT_CALL = "text_about_call", "Prose around the JSON of a tool call: neither a call nor an answer."

    # Hostile or broken servers and models.
    LONG_STREAM = "long_stream", "1 MB of text in pieces of 10 characters."
    MANY_CHUNKS = "many_chunks", "100,000 chunks of one character."
    ENDLESS_LINE = "endless_line", "One line that never ends: 64 MB at most."
    ENDLESS_BODY = "endless_body", "A plain body, or a stream of events, that never ends: 64 MB at most."
    GZIP_BOMB = "gzip_bomb", "200 kB that unpack to 200 MB of one answer."
    HUGE_ANSWER = "huge_answer", "An answer of 500,000 characters."
    HUGE_TOOL_NAME = "huge_tool_name", "A tool's name of 100 kB."
    HUGE_ARGUMENTS = "huge_arguments", "Arguments of 1 MB."
    DEEP_ARGUMENTS = "deep_arguments", "Arguments, or the JSON asked for, nested 100,000 deep."
    HUGE_INTEGER = "huge_integer", "An integer of 6000 digits in arguments, or in the JSON asked for."
    NAN_ARGUMENTS = "nan_arguments", "NaN for a number in arguments, or in the JSON asked for."
    INFINITE_ARGUMENTS = "infinite_arguments", "Infinity for a number in arguments, or in the JSON asked for."
    THOUSAND_CALLS = "thousand_calls", "1000 tool calls in one completion."
    LONG_ASK_USER = "long_ask_user", "Asks the person something in 200,000 characters, if ask_user is offered."
    ENDLESS_REASONING = "endless_reasoning", "1 MB of reasoning_content, and no answer yet."

    HARMLESS_QUIRKS = "harmless_quirks", "Draws several harmless modes for each request, from `FakeOpenAI.seed`."


@dataclass(frozen=True)
class Behaviour:
    """What happens to one request. None leaves the server's own setting in force; delays are in seconds.

    `reply` is sent instead of what the model would have said; `also` are more modes, of those that only change
    what is said and how it is sent.
    """

    mode: Mode = Mode.NORMAL
    reply: Reply | None = None
    latency: float | None = None
    chunk_delay: float | None = None
    also: tuple[Mode, ...] = ()
