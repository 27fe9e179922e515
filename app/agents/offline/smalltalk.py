"""Questions that are certainly not for the film search."""

from __future__ import annotations

import re

from app.agents.offline.grammar import matching, pattern, patterns
from app.agents.offline.text import words

_SMALL_TALK = patterns("small talk")
_GREETING = pattern("greeting")
_ABOUT_THE_MODEL = pattern("about the model")
_ARITHMETIC = pattern("arithmetic")
_PROGRAM_TEXT = patterns("program text")
_ABOUT_THE_WORLD = patterns("about the world")
_ELSEWHERE = pattern("elsewhere")
_LATIN = re.compile(r"[a-z0-9]")
_PUNCTUATION = " ?.!"


def is_empty(text: str) -> bool:
    """Nothing in it that a title could be spelt with."""
    return not _LATIN.search("".join(words(text)))


def is_small_talk(text: str) -> bool:
    """A greeting, thanks, arithmetic or program text: told before any form about films is tried."""
    if any(program.search(text) for program in _PROGRAM_TEXT):
        return True
    return matching((*_SMALL_TALK, _ABOUT_THE_MODEL, _ARITHMETIC), text.rstrip(_PUNCTUATION)) is not None


def is_greeting(text: str) -> bool:
    """Only a greeting."""
    said = text.strip()
    return _GREETING.match(said) is not None and matching(_SMALL_TALK, said) is not None


def is_general(text: str) -> bool:
    """The form of a question about the world, after no form about films fitted."""
    return matching(_ABOUT_THE_WORLD, text.rstrip(_PUNCTUATION)) is not None or _ELSEWHERE.search(text) is not None
