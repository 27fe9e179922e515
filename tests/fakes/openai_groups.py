"""Groups of modes for tests to parametrize over, and the draw of harmless ones."""

from __future__ import annotations

import json
import random

from tests.fakes.openai_errors import ERRORS as ERRORS_BY_MODE
from tests.fakes.openai_hostile import HOSTILE_PLANS, HOSTILE_SAYINGS
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_refusals import REFUSALS as REFUSALS_BY_MODE
from tests.fakes.openai_wire import Json

HARMLESS_FAMILIES: dict[str, tuple[Mode, ...]] = {
    "finish": (
        Mode.FINISH_EOS,
        Mode.FINISH_EOS_TOKEN,
        Mode.FINISH_END_TURN,
        Mode.FINISH_END,
        Mode.FINISH_STOP_SEQUENCE,
        Mode.FINISH_EMPTY,
        Mode.FINISH_NULL,
        Mode.FINISH_MISSING,
        Mode.FINISH_TOOL_CALL,
        Mode.FINISH_STOP_WITH_CALLS,
        Mode.NO_DONE,  # here, for without a finish_reason and [DONE] an answer is cut off
    ),
    "thought": (
        Mode.CONTENT_PARTS,
        Mode.THOUGHT,
        Mode.THOUGHT_ONLY_CLOSED,
        Mode.THOUGHT_IN_PIECES,
        Mode.THOUGHT_CLOSED_IN_PIECES,
        Mode.THOUGHT_THINKING_TAG,
        Mode.REASONING_CONTENT,
        Mode.REASONING,
        Mode.TINY_PIECES,
    ),
    "json": (Mode.JSON_FENCED, Mode.JSON_AFTER_PROSE, Mode.JSON_BEFORE_PROSE, Mode.JSON_LOOSE_TYPES),
    "usage": (
        Mode.USAGE_NULL,
        Mode.USAGE_PARTIAL,
        Mode.USAGE_ABSENT,
        Mode.USAGE_NULL_FIELDS,
        Mode.USAGE_TEXT,
        Mode.NO_USAGE_CHUNK,
    ),
    "role": (Mode.ROLE_MODEL, Mode.NO_ROLE, Mode.ROLE_IN_EVERY_CHUNK),
    "chunks": (
        Mode.DELTA_NULL,
        Mode.EMPTY_CHOICES_CHUNK,
        Mode.UNKNOWN_FIELDS,
        Mode.AZURE_FILTER_RESULTS,
        Mode.AZURE_ASYNC_FILTER,
    ),
    "envelope": (
        Mode.NO_COMPLETION_ID,
        Mode.NO_CREATED,
        Mode.NO_MODEL,
        Mode.NO_OBJECT,
        Mode.CREATED_FLOAT,
        Mode.CREATED_TEXT,
    ),
    "framing": (Mode.SSE_COMMENTS, Mode.SSE_CRLF, Mode.SSE_NO_SPACE, Mode.SSE_EVENT_LINES),
    "call id": (Mode.CALL_NO_ID, Mode.CALL_EMPTY_ID),
    "call pieces": (
        Mode.CALL_NO_INDEX,
        Mode.CALL_NO_TYPE,
        Mode.CALL_TYPE_NULL,
        Mode.CALL_TINY_PIECES,
        Mode.CALL_WHOLE,
        Mode.CALL_FUNCTION_CALL,
    ),
    "arguments": (
        Mode.ARGUMENTS_OBJECT,
        Mode.ARGUMENTS_QUOTED,
        Mode.ARGUMENTS_EMPTY,
        Mode.ARGUMENTS_NULL,
        Mode.OPTIONAL_NULL,
        Mode.OPTIONAL_EMPTY,
        Mode.NUMBERS_AS_TEXT,
        Mode.NUMBERS_AS_FRACTIONS,
    ),
    "call spelling": (
        Mode.NAME_BARE,
        Mode.NAME_DOTTED,
        Mode.NAME_UNDERSCORED,
        Mode.NAME_PREFIXED,
        Mode.THOUGHT_BEFORE_CALL,
        Mode.TEXT_CALL_JSON,
        Mode.TEXT_CALL_PARAMETERS,
        Mode.TEXT_CALL_FENCED,
        Mode.TEXT_CALL_HERMES,
        Mode.TEXT_CALL_MISTRAL,
        Mode.TEXT_CALL_LLAMA,
        Mode.TEXT_CALL_FUNCTION_TAG,
    ),
}
"""Modes after which the right answer is still the plain server's; of a family only one at a time makes sense."""

HARMLESS = tuple(mode for family in HARMLESS_FAMILIES.values() for mode in family)
"""Every harmless mode."""

MORE_THOUGHTS = (Mode.THOUGHT_BRACKETS, Mode.THOUGHT_THOUGHT_TAG, Mode.THOUGHT_CHANNELS)
"""Rarer marks of thoughts; harmless to those who know them, and not drawn."""

RECOVERED = (
    Mode.UNKNOWN_ARGUMENT,
    Mode.TRANSFER_WITH_ARGUMENT,
    Mode.TRANSFER_BROKEN_ARGUMENTS,
    Mode.TRANSFER_UNKNOWN_AGENT,
)
"""The model is told that a call was wrong, and then gives the plain server's answer, one model call later."""

TWO_CALLS = (Mode.CALL_SAME_ID, Mode.CALL_INDEX_ZERO)
"""The right answer is that of Mode.TWO_TOOLS."""

ODD = (Mode.TWO_CHOICES, Mode.ROLE_TOOL, Mode.HALF_SURROGATE)
"""The plain answer or an error that says why; never a crash."""

BROKEN_ANSWERS = (
    Mode.EMPTY,
    Mode.NO_CHOICES,
    Mode.FINISH_LENGTH,
    Mode.FINISH_CONTENT_FILTER,
    Mode.AZURE_CONTENT_FILTERED,
    Mode.UNCLOSED_THOUGHT_LENGTH,
    Mode.UNCLOSED_THOUGHT_STOP,
    Mode.REFUSAL,
)
"""There is no whole answer, whatever was asked. JSON_WRONG is broken for JSON alone, TEXT_ABOUT_CALL with tools."""

ERRORS = (Mode.UNAUTHORIZED, *ERRORS_BY_MODE)
"""The provider answers with an error."""

REFUSALS = tuple(REFUSALS_BY_MODE)
"""The server refuses parameters by name; whoever leaves them out is answered."""

HOSTILE = (*HOSTILE_PLANS, *HOSTILE_SAYINGS)
"""Modes that send excessive amounts of data."""


def draw(seed: int, body: Json) -> tuple[Mode, ...]:
    """Harmless modes for a request: one each of one to five families.

    They depend on the seed, the messages and the tools, but not on the order in which requests arrive or on the ids
    of tool calls, which are new each time.
    """
    said = [[message.get("role"), message.get("content")] for message in body.get("messages") or ()]
    tools = [tool["function"]["name"] for tool in body.get("tools") or ()]
    rng = random.Random(json.dumps([seed, said, tools]))
    families = rng.sample(list(HARMLESS_FAMILIES.values()), rng.randint(1, 5))
    return tuple(rng.choice(family) for family in families)
