"""A film described from its data as JSON: for the summary prompts, which offer no tools."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence

from app.agents.offline.phrasing import Film, dated, say, sentence

_MOST_WORDS = 25
_EMPTY = dict.fromkeys(("release_year", "rating", "description", "categories", "actors", "length", "length_minutes"))


def film_in(text: str) -> Film | None:
    """Return the film given as JSON in the text, or None."""
    decoder = json.JSONDecoder()
    for candidate in (text, html.unescape(text)):
        start = candidate.find("{")
        while start >= 0:
            try:
                found, _ = decoder.raw_decode(candidate, start)
            except (ValueError, RecursionError):
                found = None
            film = found.get("film", found) if isinstance(found, dict) else None
            if isinstance(film, Mapping) and isinstance(film.get("title"), str):
                return {**_EMPTY, **film}
            start = candidate.find("{", start + 1)
    return None


def opinion(film: Film) -> str:
    """JSON with `summary` and `recommended`: a film is recommended when its rating admits a general audience."""
    recommended = film["rating"] in ("G", "PG", "PG-13")
    summary = say("summary", film=film, introduction=_introduction(film), recommended=recommended)
    return json.dumps({"recommended": recommended, "summary": summary}, ensure_ascii=False)


def one_sentence(film: Film) -> str:
    """One sentence of at most 25 words: the film's description, or what it is when that is longer."""
    description = str(film["description"] or "").strip()
    described = f"{dated(film)}: {description}"
    is_one = description and not any(mark in description[:-1] for mark in (". ", "! ", "? "))
    if is_one and len(described.split()) <= _MOST_WORDS:
        return sentence(described)
    return _introduction(film, actors=(film["actors"] or ())[:2])


def _introduction(film: Film, actors: Sequence[str] = ()) -> str:
    """ "Alien (1979) is a Horror and Sci-Fi film of 117 minutes with ..."."""
    return say("introduction", film=film, length=film["length_minutes"] or film["length"], actors=actors)
