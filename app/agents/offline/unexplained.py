"""The words of a text that no cue explains: what may be a title, and what is misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from app.agents.offline.lexicon import cue, named, words
from app.core.name_spellings import COMMON, tokens_of
from app.core.similarity import nearest

_SPELT_SO = 0.84
"""Letters that a misspelt word shares with the word that is meant."""
_NAMES = re.compile(r"x(?:film|actor|category|language)\d+")
_BREAK = re.compile(r"[.?!;,()\n]")
_QUOTED = re.compile(r"[\"“”«»„]([^\"“”«»„]{1,120})[\"“”«»„]")
_EXPLAINED = (
    *("film", "has", "several", "count", "like after", "compare", "store", "kinds", "languages", "it", "them"),
    *("act other", "act rent", "act return", "superlative", "same facts", "filler"),
)
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'"})


def tidy(text: str) -> str:
    """Plain apostrophes; the length stays the same."""
    return text.translate(_TYPOGRAPHY)


@lru_cache(maxsize=64)
def respelt(text: str, kept: frozenset[str] = frozenset()) -> str:
    """Correct misspelt words of questions, such as "documentry"; not names, nor the words to be kept."""
    left, pieces, at = explained(text), [], 0
    for token in tokens_of(text):
        is_plain = token.text.isalpha() and token.text.islower() and len(token.text) > 3 and token.text not in kept
        if is_plain and token.word not in COMMON and left[token.start : token.end].strip():
            best, likeness = nearest(token.text, sorted(words("spelling")))
            is_swapped = sorted(best) == sorted(token.text) and best[0] == token.text[0]
            if is_swapped or likeness >= _SPELT_SO:
                pieces += [text[at : token.start], best]
                at = token.end
    return "".join((*pieces, text[at:]))


@lru_cache(maxsize=64)
def explained(text: str) -> str:
    """Blank every cue in a text, so that only words without a meaning of their own are left."""
    kinds = (f"{kind} {name}" for kind in ("category", "language") for name in named(kind))
    for name in (
        *(f"amount {one}" for one in named("amount")),
        "rating mark",
        *kinds,
        *_sorts(),
        *named_facts(),
        *_EXPLAINED,
    ):
        text = cue(name).sub(lambda match: " " * len(match[0]), text)
    return text


def named_facts() -> tuple[str, ...]:
    """The cues for facts, in the order in which they are looked for."""
    return ("not recorded", *(f"fact {name}" for name in named("fact")))


def _sorts() -> Iterable[str]:
    return (f"sort {name}" for name in named("sort"))


@lru_cache(maxsize=64)
def unknown_runs(text: str) -> tuple[str, ...]:
    """Return the runs of words that no cue explains, each as it is written; what is quoted is one."""
    if quoted := [
        match[1].strip() for match in _QUOTED.finditer(text) if match[1].strip() and not _NAMES.search(match[1])
    ]:
        return tuple(quoted)
    left = explained(text)
    runs: list[list[tuple[int, int]]] = [[]]
    tokens = tokens_of(text)
    for before, token in zip((None, *tokens), tokens, strict=False):
        between = text[runs[-1][-1][1] : token.start] if runs[-1] else ""
        if _NAMES.fullmatch(token.text) or _BREAK.search(between):
            runs.append([])
        blank = not left[token.start : token.end].strip()
        is_common = token.word in COMMON or _is_contraction(token.text)
        if _NAMES.fullmatch(token.text) or (not runs[-1] and (blank or is_common or token.word.isdecimal())):
            continue
        if not runs[-1] and before and before.text in words("also in titles") and text[before.end : token.start] == " ":
            runs[-1].append((before.start, before.end))
        ends_title = token.text in words("also in titles") and text[token.start - 1] == " "
        is_name = token.text[0].isupper() or token.text.isdecimal() or ends_title
        if is_common or (blank and is_name) or not blank:
            runs[-1].append((token.start, token.end))
        else:
            runs.append([])
    return tuple(filter(None, (_trimmed(text, run) for run in runs)))


def _is_contraction(word: str) -> bool:
    """ "you've" and "isn't" are as common as "you" and "is"."""
    return word.endswith("n't") or ("'" in word and word.partition("'")[0].lower() in COMMON)


def _trimmed(text: str, run: list[tuple[int, int]]) -> str:
    """Without common words at the end; an article before the run belongs to it."""
    while run and text[slice(*run[-1])].lower() in COMMON:
        run.pop()
    if not run or not any(any(char.isalnum() for char in text[start:end]) for start, end in run):
        return ""
    article = re.search(r"\b(?:the|a|an) $", text[: run[0][0]], re.IGNORECASE)
    return text[article.start() if article and article[0][0].isupper() else run[0][0] : run[-1][1]]
