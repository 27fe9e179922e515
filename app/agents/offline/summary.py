"""A film described from its data as JSON: for the summary prompts, which offer no tools."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from app.agents.offline.phrasing import dated, listed

_GENERAL_AUDIENCE = frozenset({"G", "PG", "PG-13"})
_MOST_WORDS = 25
_MOST_ACTORS = 3


def film_in(text: str) -> Mapping[str, Any] | None:
    """The film given as JSON somewhere in the text; None when there is none."""
    decoder = json.JSONDecoder()
    for candidate in (text, html.unescape(text)):
        start = candidate.find("{")
        while start >= 0:
            try:
                found, _ = decoder.raw_decode(candidate, start)
            except (ValueError, RecursionError):
                found = None
            if film := _film(found):
                return film
            start = candidate.find("{", start + 1)
    return None


def _film(found: object) -> Mapping[str, Any] | None:
    if not isinstance(found, dict):
        return None
    film = found.get("film", found)
    return film if isinstance(film, dict) and isinstance(film.get("title"), str) else None


def opinion(film: Mapping[str, Any]) -> str:
    """JSON with `summary` and `recommended`: a film is recommended when its rating admits a general audience."""
    recommended = film.get("rating") in _GENERAL_AUDIENCE
    return json.dumps({"recommended": recommended, "summary": _summary(film, recommended)}, ensure_ascii=False)


def _summary(film: Mapping[str, Any], recommended: bool) -> str:
    sentences = [_introduction(film, with_cast=False)]
    if description := str(film.get("description") or "").strip():
        sentences.append(description if description[-1] in ".!?" else f"{description}.")
    if actors := film.get("actors"):
        sentences.append(f"It stars {listed([str(actor) for actor in actors[:_MOST_ACTORS]])}.")
    sentences.append(_recommendation(film.get("rating"), recommended))
    return " ".join(sentences)


def _recommendation(rating: object, recommended: bool) -> str:
    if not rating:
        return "It has no rating, so it is not recommended to a general audience."
    return f"Rated {rating}, it is {'recommended' if recommended else 'not recommended'} to a general audience."


def one_sentence(film: Mapping[str, Any]) -> str:
    """One sentence of at most 25 words: the film's description, or what it is when that is longer."""
    description = str(film.get("description") or "").strip()
    described = f"{dated(film)}: {description}"
    is_one = description and not any(mark in description[:-1] for mark in (". ", "! ", "? "))
    if is_one and len(described.split()) <= _MOST_WORDS:
        return described if described[-1] in ".!?" else f"{described}."
    return _introduction(film, with_cast=True)


def _introduction(film: Mapping[str, Any], *, with_cast: bool) -> str:
    """ "Alien (1979) is a Horror and Sci-Fi film of 117 minutes with ..."."""
    categories = listed([str(name) for name in film.get("categories") or ()])
    length = film.get("length_minutes") or film.get("length")
    article = "an" if categories[:1] in ("A", "E", "I", "O", "U") else "a"
    parts = [
        f"{dated(film)} is {article} {categories} film" if categories else f"{dated(film)} is a film",
        f"of {length} minutes" if length else "",
        f"with {listed([str(actor) for actor in film['actors'][:2]])}" if with_cast and film.get("actors") else "",
    ]
    return f"{' '.join(filter(None, parts))}."
