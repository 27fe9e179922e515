"""Normalise a provider's answer to one completion, or raise an error that describes it.

The same reader accepts the chunks of a stream and the body of a plain answer. tests/api/models/test_quirks.py lists the
forms that each provider sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage

from app.agents.chat_services.request import EXTRA_CONTENT, THOUGHT_FIELDS
from app.agents.chat_services.thoughts import ThoughtFilter
from app.agents.chat_services.tool_calls import (
    MAX_ARGUMENTS,
    MAX_CALLS,
    MAX_NAME,
    ToolCall,
    arguments_of,
    calls_in,
    mended,
    new_id,
    offered_name,
    safe_name,
)
from app.agents.chat_services.transport import NotUnderstood
from app.core.errors import UpstreamFailed

REFUSED = "refused"
"""Metadata key of a message: whether its text is the model's refusal."""

MAX_ANSWER = 50_000
MAX_THOUGHTS = 1_000_000
"""Maximum characters of a completion's thoughts."""
_MAX_TOKENS = 10**9

_CUT_OFF = {"length", "max_tokens", "max_output_tokens", "model_length", "abort", "aborted", "error", "cancelled"}
_FILTERED = {"content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist"}


@dataclass(frozen=True)
class Completion:
    """One answer of a model: text, tool calls or both. `refused` is True if the text is a refusal.

    `thoughts` maps the name of each field with thoughts to its text.
    """

    text: str
    calls: tuple[ToolCall, ...]
    refused: bool
    usage: CompletionUsage
    thoughts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Call:
    """A tool call that is still arriving."""

    id: str = ""
    index: object = None
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    extra: Any = None

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    @property
    def is_whole(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].rstrip().endswith("}") and arguments_of(self.arguments) is not None


class CompletionReader:
    """Reads one completion. `feed` returns text that may be shown. `hold` and `suspect` are passed to ThoughtFilter."""

    def __init__(self, tools: Sequence[str], *, hold: bool, suspect: bool = False) -> None:
        self._thoughts = ThoughtFilter(hold=hold, suspect=suspect)
        self._tools = tools
        self._text: list[str] = []
        self._size = 0
        self._thought_size = 0
        self._thought_pieces: dict[str, list[str]] = {}
        self._half = ""
        self._refusal: list[str] = []
        self._calls: list[_Call] = []
        self._usage = CompletionUsage(prompt_tokens=0, completion_tokens=0)
        self._finish = ""
        self._index: object = None
        self._any_choice = False
        self._streamed = True
        self._done = False

    def feed(self, document: object) -> str:
        """Read a chunk or a body (None: the end of a stream). Return the text that may be shown now."""
        if document is None:
            self._done = True
            return ""
        if not isinstance(document, Mapping):
            raise NotUnderstood
        self._read_usage(document.get("usage"))
        choice = self._choice(document.get("choices"))
        if choice is None:
            return ""
        if isinstance(finish := choice.get("finish_reason"), str) and finish:
            self._finish = finish.lower()
        message = next((each for key in ("delta", "message") if isinstance(each := choice.get(key), Mapping)), {})
        self._streamed = "delta" in choice
        self._done = self._done or not self._streamed
        return self._read_message(message)

    def finish(self) -> Completion:
        """Return the completion, or raise UpstreamFailed if it is incomplete."""
        self._show(self._thoughts.finish() + ("\ufffd" if self._half else ""))
        if not self._any_choice:
            raise NotUnderstood
        if self._finish in _CUT_OFF or not (self._finish or self._done):
            raise UpstreamFailed("The model's answer was cut off.")
        if self._finish in _FILTERED:
            raise UpstreamFailed("The model's answer was filtered by the provider's content policy.")
        text = "".join(self._text)
        calls = tuple(self._whole_calls())
        refused = not text.strip() and not calls and bool(self._refusal)
        if refused:
            text = "".join(self._refusal)
        elif self._tools and not calls and (calls := calls_in(text, self._tools)):
            text = ""
        thoughts = {name: "".join(pieces) for name, pieces in self._thought_pieces.items()}
        return Completion(text, calls, refused, self._usage, thoughts)

    @property
    def thinks_aloud(self) -> bool | None:
        """Whether the text had the end tag of a thought without its start tag; None if there is no text yet."""
        return True if self._thoughts.lone else False if "".join(self._text).strip() else None

    def _choice(self, choices: object) -> Mapping[str, Any] | None:
        """Return the part of the first choice; ignore other choices."""
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping):
                index = choice.get("index") or 0
                if not self._any_choice:
                    self._any_choice, self._index = True, index
                if index == self._index:
                    return choice
        return None

    def _read_message(self, message: Mapping[str, Any]) -> str:
        for name in THOUGHT_FIELDS:
            if isinstance(thought := message.get(name), str) and thought:
                self._think(thought)
                self._thought_pieces.setdefault(name, []).append(mended(thought))
        text = "".join(self._texts(message.get("content")))
        if isinstance(refusal := message.get("refusal"), str):
            self._refuse(refusal)
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            self._read_call(call)
        if isinstance(call := message.get("function_call"), Mapping):
            self._read_call({"function": call, "index": "function_call"})
        return self._show(self._thoughts.feed(self._mended(text))) if text else ""

    def _texts(self, content: object) -> Iterable[str]:
        """Yield a text, or the texts of a list of parts. Thoughts among the parts are only counted."""
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, str):
                yield part
            elif isinstance(part, Mapping):
                kind = part.get("type")
                if kind in ("text", "output_text", None):
                    yield _text_of(part.get("text"))
                elif kind == "refusal":
                    self._refuse(_text_of(part.get("refusal")))
                else:
                    self._think(json.dumps(part, default=str))

    def _think(self, thought: str) -> None:
        self._thoughts.release()  # the server separates thoughts from the answer
        self._thought_size += len(thought)
        if self._thought_size > MAX_THOUGHTS:
            raise UpstreamFailed("The model thought for too long.")

    def _refuse(self, refusal: str) -> None:
        if refusal:
            self._refusal.append(self._mended(refusal))

    def _show(self, text: str) -> str:
        if self._thoughts.leaked:
            raise UpstreamFailed("The model wrote a thought where its answer was expected; ask again.")
        if text:
            self._text.append(text)
        return text

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_ANSWER:
            raise UpstreamFailed("The model's answer is too long.")

    def _mended(self, text: str) -> str:
        """Join surrogate pairs that arrive in two pieces, and replace lone halves, which cannot be encoded."""
        self._grow(len(text))
        text = self._half + text
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return mended(text)

    def _read_usage(self, usage: object) -> None:
        if isinstance(usage, Mapping):
            self._usage = CompletionUsage(
                prompt_tokens=_tokens(usage.get("prompt_tokens")) or self._usage.prompt_tokens,
                completion_tokens=_tokens(usage.get("completion_tokens")) or self._usage.completion_tokens,
            )

    def _read_call(self, piece: object) -> None:
        if not isinstance(piece, Mapping):
            return
        function = piece.get("function")
        if not isinstance(function, Mapping):
            function = piece if "arguments" in piece or "name" in piece else {}
        name = function.get("name")
        call = self._call_for(piece, name if isinstance(name, str) else "")
        arguments = function.get("arguments")
        if isinstance(arguments, Mapping):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if isinstance(arguments, str):
            call.pieces.append(arguments)
            call.size += len(arguments)
        if call.size > MAX_ARGUMENTS or len(call.name) > MAX_NAME or len(self._calls) > MAX_CALLS:
            raise UpstreamFailed("The model's tool calls are too large.")
        call.extra = piece.get(EXTRA_CONTENT) or call.extra

    def _call_for(self, piece: Mapping[str, Any], name: str) -> _Call:
        """Return the call that this piece belongs to, by id, index or order: servers omit or repeat some of them."""
        id_ = given if isinstance(given := piece.get("id"), str) else ""
        index = piece.get("index")
        call = self._earlier_call(id_, index)
        if call is None or not self._continues(call, index, name):
            call = _Call(id_, index)
            self._calls.append(call)
        call.id = call.id or id_
        if name != call.name:
            call.name += name
        return call

    def _continues(self, call: _Call, index: object, name: str) -> bool:
        """Return whether a piece continues the call."""
        if not name or not call.name:
            return True
        if index is not None and index != call.index:
            return False
        if name == call.name:  # some servers repeat the name in every piece
            return self._streamed and not call.is_whole
        return call.size == 0 and offered_name(call.name, self._tools) is None  # other servers send the name in pieces

    def _earlier_call(self, id_: str, index: object) -> _Call | None:
        latest = reversed(self._calls)
        if id_:
            return next((call for call in latest if call.id == id_ or (not call.id and call.index == index)), None)
        if index is not None:
            return next((call for call in latest if call.index == index), None)
        return next(latest, None)

    def _whole_calls(self) -> Iterable[ToolCall]:
        used: set[str] = set()
        for call in self._calls:
            if not call.name:
                if call.arguments.strip():
                    raise NotUnderstood
                continue
            id_ = call.id if call.id and call.id not in used else new_id()
            used.add(id_)
            arguments = arguments_of(call.arguments)
            yield ToolCall(
                id=id_,
                name=offered_name(call.name, self._tools) or safe_name(call.name),
                arguments=mended(json.dumps(arguments or {}, ensure_ascii=False)),
                invalid=arguments is None,
                extra=call.extra,
            )


def _text_of(value: object) -> str:
    """Return the text, also if the server nests it in an object."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _tokens(value: object) -> int:
    try:
        count = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return 0
    return count if 0 <= count <= _MAX_TOKENS else 0
