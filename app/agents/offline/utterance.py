"""A question with its mentioned films, actors, categories and languages, and unexplained words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.agents.offline.lexicon import cue, is_only, says, words
from app.agents.offline.unexplained import explained, respelt, tidy, unknown_runs
from app.core.name_spellings import COMMON, tokens_of

Film = Mapping[str, Any]
_SURE, _LIKELY, _HALF = 0.9, 0.72, 0.6
_OF_A_PERSON = re.compile(
    r"(?:\b(?:with|starring|stars?|by|actors?|actress|featuring|without|has|does|is)) $", re.IGNORECASE
)
_ABOUT_STORE = ("film", "has", *(f"fact {name}" for name in ("stock", "price", "cast", "rating", "days", "length")))


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


def read_utterance(text: str, found: Mapping[str, Any]) -> Utterance:
    """Read a text, given find_mentions' result."""
    text = tidy(text)
    mentions = [_film_mention(one) for one in found.get("films") or () if one.get("films")]
    mentions = [_with_number(one, text) for one in mentions]
    if says("about films", text):
        mentions = [one for one in mentions if one.match != "similar"]
    sure = [one for one in mentions if one.score >= _SURE and not one.common]
    doubtful = [one for one in mentions if one.score < _SURE]
    places: list[tuple[int, int, str]] = [(one.start, one.end, "film") for one in sure]
    actors, categories, languages = (
        _others(found.get(key) or (), places, kind, text)
        for key, kind in (("actors", "actor"), ("categories", "category"), ("languages", "language"))
    )
    kept = frozenset(word for one in doubtful if one.score >= _LIKELY for word in one.said.split())
    plain = Utterance(text, respelt(masked(text, places), kept), tuple(sure), actors, categories, languages)
    accepted, unknown = _runs(plain, doubtful)
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
    word = re.match(r"\w+", text[at:])
    if word and word[0] in words("also in titles") and not re.match(r"\w+ (?:films?|movies?)", text[at:]):
        first = re.search(r"\w+ $", text[:at])
        if first and first[0].strip() not in COMMON and explained(text)[first.start() : at].strip():
            return True
    before = re.search(r"\w+[ -]*[^\w]([A-Z][a-z]+) $", text[:at])
    return (
        before is not None and text[at].isupper() and not (before[1].lower() in COMMON or is_only("filler", before[1]))
    )


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
    before = text[: mention.start].rstrip().rpartition(" ")[2].lower()
    is_subject = " " in mention.said and before in ("is", "does", "was")
    if says("it", mention.said) or (is_only("never a title", mention.said) and not is_subject):
        return False
    if is_subject:
        return True
    is_all = all(run == mention.said and run[0].isupper() for run, _ in unknown)
    return is_all and before not in words("before no title")


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
