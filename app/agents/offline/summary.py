"""A film described from its data as JSON: for the summary prompts, which offer no tools."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.phrasing import dated, say

_GENERAL_AUDIENCE = frozenset({"G", "PG", "PG-13"})
_MOST_WORDS = 25
_EMPTY = dict.fromkeys(("release_year", "rating", "description", "categories", "actors"))


def film_in(text: str) -> Mapping[str, Any] | None:
    """Return the film given as JSON in the text, or None."""
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
    summary = say("summary", film={**_EMPTY, **film}, introduction=_introduction(film), recommended=recommended)
    return json.dumps({"recommended": recommended, "summary": summary}, ensure_ascii=False)


def one_sentence(film: Mapping[str, Any]) -> str:
    """One sentence of at most 25 words: the film's description, or what it is when that is longer."""
    description = str(film.get("description") or "").strip()
    described = f"{dated(film)}: {description}"
    is_one = description and not any(mark in description[:-1] for mark in (". ", "! ", "? "))
    if is_one and len(described.split()) <= _MOST_WORDS:
        return described if described[-1] in ".!?" else f"{described}."
    return _introduction(film, actors=(film.get("actors") or ())[:2])


def _introduction(film: Mapping[str, Any], actors: Sequence[str] = ()) -> str:
    """ "Alien (1979) is a Horror and Sci-Fi film of 117 minutes with ..."."""
    length = film.get("length_minutes") or film.get("length")
    return say("introduction", film={**_EMPTY, **film}, length=length, actors=actors)
