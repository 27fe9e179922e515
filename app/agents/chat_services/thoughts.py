"""Remove a model's thoughts from its streamed text."""

from __future__ import annotations

import re

_OPENING = ("<think>", "<thinking>", "<thought>", "<reasoning>", "<seed:think>", "[think]", "◁think▷")
_CLOSING = ("</think>", "</thinking>", "</thought>", "</reasoning>", "</seed:think>", "[/think]", "◁/think▷")
_CHANNEL = ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")
"""The tags of gpt-oss, in the output of servers that do not parse its format."""

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
"""First words of thoughts: in the first person, or about the user. Text that begins like this is held back."""


class ThoughtFilter:
    """Passes on the answer and removes the thoughts.

    The templates of some models contain the start tag, so that only the end tag is in the text. Therefore `hold` holds
    all text back until it is known to be answer, and `suspect` holds back text that begins like a thought. `lone` is
    True after an end tag without a start tag, `leaked` if text before that tag was already passed on.
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
        """Stop holding text back, because thoughts arrive separately. Text in tags is still removed."""
        self._hold = self._suspect = False

    def feed(self, text: str) -> str:
        """Return the text that is now known to be answer."""
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
        """Return the remaining answer at the end of input."""
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
        """Discard all text before an end tag without a start tag: it was a thought."""
        self.lone = True
        self.leaked = self._any_out
        self._held.clear()

    def _is_quoted(self, start: int) -> bool:
        """Return whether the tag is quoted: then it is part of an answer about such tags."""
        return (self._pending[start - 1] if start else self._before) in _QUOTES

    def _may_be_thought(self) -> bool:
        """Return whether the held text may be a thought. It may until there are enough words to decide."""
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
    """Return where an incomplete tag begins at the end of the text, after `position`; or the text's length."""
    for start in range(max(position, len(text) - _LONGEST), len(text)):
        if text[start].lower() in _FIRST and _is_beginning(text[start:].lower()):
            return start
    return len(text)


def _is_beginning(text: str) -> bool:
    return any(tag.startswith(text) for tag in _TAGS)
