"""A question with its mentioned films, actors, categories and languages, and unexplained words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from app.agents.offline.lexicon import cue, is_only, named, says, words
from app.core.name_spellings import COMMON, tokens_of
from app.core.similarity import nearest

Film = Mapping[str, Any]
_SURE, _LIKELY, _HALF = 0.9, 0.72, 0.6
_SPELT_SO = 0.84
"""Letters that a misspelt word shares with the word that is meant."""
_NAMES = re.compile(r"x(?:film|actor|category|language)\d+")
_OF_A_PERSON = re.compile(
    r"(?:\b(?:with|starring|stars?|by|actors?|actress|featuring|without|has|does|is)) $", re.IGNORECASE
)
_BREAK = re.compile(r"[.?!;,()\n]")
_QUOTED = re.compile(r"[\"“”«»„]([^\"“”«»„]{1,120})[\"“”«»„]")
_EXPLAINED = (
    *(
        "film",
        "has",
        "several",
        "count",
        "like after",
        "compare",
        "store",
        "kinds",
        "languages",
        "it",
        "them",
        "act other",
        "act rent",
        "act return",
    ),
    *("superlative", "same facts", "filler"),
)
_ABOUT_STORE = ("film", "has", *(f"fact {name}" for name in ("stock", "price", "cast", "rating", "days", "length")))
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'"})


@dataclass(frozen=True)
class FilmMention:
    """Words that stand for a film, or for several that they fit equally well."""

    said: str
    start: int
    end: int
    match: str
    score: float
    common: bool
    total: int
    films: tuple[Film, ...]


@dataclass(frozen=True)
class Utterance:
    """`masked` is the text with xfilm0, xactor0, xcategory0 and xlanguage0 in place of names.

    `unknown` are runs of words that neither the store nor any cue explains, with the films that are spelt a bit like
    them.
    """

    text: str
    masked: str
    films: tuple[FilmMention, ...] = ()
    actors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    unknown: tuple[tuple[str, tuple[Film, ...]], ...] = ()
    excluded: tuple[str, ...] = ()
    """Titles of films that are not meant: "anything with Tom Hanks except Forrest Gump"."""


def tidy(text: str) -> str:
    """Plain apostrophes; the length stays the same."""
    return text.translate(_TYPOGRAPHY)


def read_utterance(text: str, found: Mapping[str, Any]) -> Utterance:
    """Read a text, given find_mentions' result."""
    text = tidy(text)
    mentions = [_film_mention(one) for one in found.get("films") or () if one.get("films")]
    mentions = [_with_number(one, text) for one in mentions]
    sure = [one for one in mentions if one.score >= _SURE and not one.common]
    doubtful = [one for one in mentions if one.score < _SURE]
    places: list[tuple[int, int, str]] = [(one.start, one.end, "film") for one in sure]
    actors, categories, languages = (
        _others(found.get(key) or (), places, kind, text)
        for key, kind in (("actors", "actor"), ("categories", "category"), ("languages", "language"))
    )
    kept = frozenset(word for one in doubtful if one.score >= _LIKELY for word in one.said.split())
    plain = Utterance(text, respelt(masked(text, places), kept), tuple(sure), actors, categories, languages)
    accepted, unknown = _runs(plain, [] if says("about films", plain.masked) else doubtful)
    if accepted and not sure:
        places += [(one.start, one.end, "film") for one in accepted]
    elif not sure and (common := [one for one in mentions if one.common and _is_meant(one, text, unknown)]):
        unknown = ()
        accepted = common[:1]
        places += [(one.start, one.end, "film") for one in accepted]
    else:
        accepted = []
    films = tuple(sorted((*sure, *accepted), key=lambda one: one.start))
    whole = respelt(masked(text, places), kept)
    out = {int(match["n"]) for match in cue("except film").finditer(whole)}
    excluded = tuple(film["title"] for place in out if place < len(films) for film in films[place].films)
    meant = tuple(one for place, one in enumerate(films) if place not in out)
    return Utterance(text, whole, meant, actors, categories, languages, unknown, excluded)


def _film_mention(one: Mapping[str, Any]) -> FilmMention:
    keys = ("start", "end", "match", "score", "common", "total")
    return FilmMention(said=one["mention"], films=tuple(one["films"]), **{key: one[key] for key in keys})


def _names_a_person(one: Mapping[str, Any], text: str) -> bool:
    """Whether a part of an actor's name is meant as one: "black" mostly is not."""
    said = str(one["mention"])
    return (
        said[0].isupper() or " " in said or bool(_OF_A_PERSON.search(text[: one["start"]])) or len(text) - len(said) < 9
    )


def _with_number(one: FilmMention, text: str) -> FilmMention:
    """ "Toy Story 4" is not Toy Story, but a bit like it."""
    return replace(one, score=_HALF) if cue("sequel").match(text[one.end :]) else one


def _others(
    found: Iterable[Mapping[str, Any]], places: list[tuple[int, int, str]], kind: str, text: str
) -> tuple[str, ...]:
    names: list[tuple[int, str]] = []
    for one in found:
        if any(start < one["end"] and one["start"] < end for start, end, _ in places):
            continue
        if kind == "category" and is_within_title(text, one["start"]):
            continue
        if one.get("name") == "New" and not says("category New", text):
            continue
        is_another = bool(names) and re.search(r"\b(?:and|or) $", text[: one["start"]]) is not None
        if kind == "actor" and one["match"] == "partial" and not (is_another or _names_a_person(one, text)):
            continue
        whole = one.get("name") or (one["names"][0] if one["match"] == "exact" or len(one["names"]) == 1 else "")
        places.append((one["start"], one["end"], kind))
        names.append((one["start"], whole or one["mention"]))
    return tuple(name for _, name in sorted(names))


def is_within_title(text: str, at: int) -> bool:
    """Return whether the word there is written as part of a longer name: "Games" of "The Hunger Games"."""
    before = re.search(r"\w+[ -]*[^\w]([A-Z][a-z]+) $", text[:at])
    return before is not None and text[at].isupper() and before[1].lower() not in COMMON


def masked(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    """Put a word such as xfilm0 in place of each name."""
    counts: dict[str, int] = {}
    pieces, at = [], 0
    for start, end, kind in sorted(places):
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        pieces += [text[at:start], f"x{kind}{number}"]
        at = end
    return "".join((*pieces, text[at:]))


def _is_meant(mention: FilmMention, text: str, unknown: Sequence[tuple[str, tuple[Film, ...]]]) -> bool:
    """Whether words such as "up" are the film, in a question about one: "it" never is, where it may be a pronoun."""
    if says("it", mention.said) or is_only("never a title", mention.said):
        return False
    before = text[: mention.start].rstrip().rpartition(" ")[2].lower()
    is_all = all(run == mention.said and run[0].isupper() for run, _ in unknown)
    return is_all and before not in words("before no title")


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
    kinds = (f"category {name}" for name in named("category"))
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


def _runs(
    plain: Utterance, doubtful: Sequence[FilmMention]
) -> tuple[list[FilmMention], tuple[tuple[str, tuple[Film, ...]], ...]]:
    """Doubtful mentions that explain a whole run of words, and the runs that nothing explains."""
    accepted, unknown = [], []
    for run in unknown_runs(plain.masked):
        inside = [one for one in doubtful if one.said in run or run in one.said]
        whole = [one for one in inside if _content(run) <= _content(one.said) and _is_likely(one, plain.masked)]
        if whole:
            accepted += whole[:1]
        else:
            unknown.append((run, tuple(film for one in inside for film in one.films)[:3]))
    return accepted, tuple(unknown)


def _is_likely(mention: FilmMention, text: str) -> bool:
    if mention.match == "similar":
        return mention.score >= _LIKELY
    return (
        mention.score >= _LIKELY
        or mention.said != mention.said.lower()
        or any(says(name, text) for name in _ABOUT_STORE)
    )


def _content(text: str) -> set[str]:
    return {token.word for token in tokens_of(text) if token.word not in COMMON}


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
        is_name = token.text[0].isupper() or token.text.isdecimal()
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
