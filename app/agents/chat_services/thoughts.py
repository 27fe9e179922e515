"""Remove a model's thoughts from its streamed text."""

from __future__ import annotations

import re

_OPENING = ("<think>", "<thinking>", "<thought>", "<reasoning>", "<seed:think>", "[think]", "◁think▷")
_CLOSING = ("</think>", "</thinking>", "</thought>", "</reasoning>", "</seed:think>", "[/think]", "◁/think▷")
_CHANNEL = ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")
"""How gpt-oss writes it where the server does not read its format."""

_TAG = re.compile("|".join(map(re.escape, (*_OPENING, *_CLOSING, *_CHANNEL))), re.IGNORECASE)
_TAGS = tuple(tag.lower() for tag in (*_OPENING, *_CLOSING, *_CHANNEL))
_OPENS = frozenset({*_OPENING, _CHANNEL[0]})
_FIRST = frozenset(tag[0] for tag in _TAGS)
_LONGEST = max(map(len, _TAGS))
_QUOTES = frozenset({"`", "'", '"'})


_ENOUGH_WORDS = 3
_LIKE_A_THOUGHT = re.compile(
    r"(?:okay|ok|alright|hmm+|so|wait|first|now|maybe|i|i'm|i'll|i've|we|we're|let|let's|my|they|user|thinking"
    r"|reasoning|analy[sz]ing|considering|(?:the|this)\s+(?:user|question|request|query|prompt|person))\b"
    r"|好的|嗯|首先|用户",
    re.IGNORECASE,
)
"""How models begin to think: in the first person, or about who asks. Such an answer comes in one piece."""


class ThoughtFilter:
    """Lets the answer through and keeps the thoughts.

    Some models' templates open the thought themselves, so that only its end is in the text. So with `hold`, nothing
    comes out before it is certain that it is no thought, and with `suspect`, nothing of a text that begins like one.
    `lone` tells whether such an end was seen, `leaked` whether text before it had come out already.
    """

    def __init__(self, *, hold: bool, suspect: bool = False) -> None:
        self.lone = False
        self.leaked = False
        self._hold = hold
        self._suspect = suspect
        self._held: list[str] = []
        self._pending = ""
        self._before = ""
        self._inside = False
        self._any_out = False

    def release(self) -> None:
        """From now on let through what is no thought; whoever calls knows that the thoughts come elsewhere."""
        self._hold = self._suspect = False

    def feed(self, text: str) -> str:
        """Return the text known to be answer."""
        self._pending += text
        position = 0
        while tag := _TAG.search(self._pending, position):
            self._keep(self._pending[position : tag.start()])
            self._meet(tag.group(), quoted=self._is_quoted(tag.start()))
            position = tag.end()
        cut = _start_of_partial_tag(self._pending, position)
        self._keep(self._pending[position:cut])
        self._before = self._pending[cut - 1] if cut else self._before
        self._pending = self._pending[cut:]
        return self._out()

    def finish(self) -> str:
        """Return the rest at the end of input."""
        self._keep(self._pending)
        self._pending = ""
        self.release()
        return self._out()

    def _keep(self, text: str) -> None:
        if text and not self._inside:
            self._held.append(text)

    def _meet(self, tag: str, *, quoted: bool) -> None:
        if quoted:
            self._keep(tag)
        elif tag.lower() in _OPENS:
            self._inside = True
        else:
            if not self._inside:
                self._end_without_beginning()
            self._inside = False
            self.release()

    def _end_without_beginning(self) -> None:
        """All that came before was thought."""
        self.lone = True
        self.leaked = self._any_out
        self._held.clear()

    def _is_quoted(self, start: int) -> bool:
        """An answer may be about such tags."""
        return (self._pending[start - 1] if start else self._before) in _QUOTES

    def _may_be_thought(self) -> bool:
        """Decide once there are enough words; until then it may."""
        text = "".join(self._held).lstrip()
        if len(text.split(maxsplit=_ENOUGH_WORDS)) < _ENOUGH_WORDS:
            return True
        self._suspect = False
        self._hold = _begins_like_a_thought(text)
        return self._hold

    def _out(self) -> str:
        if self._hold or (self._suspect and self._may_be_thought()):
            return ""
        text = "".join(self._held)
        self._held.clear()
        if not self._any_out:
            text = text.lstrip()
        self._any_out = self._any_out or bool(text)
        return text


def _begins_like_a_thought(text: str) -> bool:
    return bool(_LIKE_A_THOUGHT.match(text)) or text[:1].islower()


def _start_of_partial_tag(text: str, position: int) -> int:
    """Where the beginning of a tag may be at the end of the text, from this position on; or the text's length."""
    for start in range(max(position, len(text) - _LONGEST), len(text)):
        if text[start].lower() in _FIRST and _is_beginning(text[start:].lower()):
            return start
    return len(text)


def _is_beginning(text: str) -> bool:
    return any(tag.startswith(text) for tag in _TAGS)
