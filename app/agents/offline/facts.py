"""Facts about a film in words, from what the film search said and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.agents.offline.match import Film
from app.agents.offline.plan import Fact
from app.agents.offline.text import counted, listed, minutes, money, title_key

_AUDIENCES = {
    "G": "which is suitable for all ages",
    "PG": "which suits most families; parents may want to watch along with young children",
    "PG-13": "which may not be suitable for children under 13",
    "R": "which is not suitable for children: under 17 only together with an adult",
    "NC-17": "which is for adults only",
}
_MOST_ACTORS = 6


def dated(film: Film) -> str:
    """ "Alien (1979)"."""
    year = film.get("release_year")
    return f"{film['title']} ({year})" if year else str(film["title"])


def named(film: Film, facts: Sequence[Fact], *, with_year: bool) -> str:
    """What a sentence about the film begins with: with its categories when the price is asked."""
    if Fact.PRICE not in facts:
        return str(film["title"]) if Fact.YEAR in facts[:1] else dated(film)
    year = film.get("release_year")
    label = f"{film['title']} from {year}" if with_year and year else str(film["title"])
    categories = film.get("categories") or ()
    return f"{label} ({', '.join(categories)})" if categories else label


def tell(film: Film, facts: Sequence[Fact], *, with_year: bool = False, stock: Mapping[str, Any] | None = None) -> str:
    """The facts about one film in one or more sentences."""
    sayings = [says for fact in facts if (says := _predicate(film, fact, stock))]
    sentences = [f"{named(film, facts, with_year=with_year)} {listed(sayings)}."] if sayings else []
    if Fact.PLOT in facts:
        sentences.append(_plot(film, alone=not sentences))
    if Fact.OVERVIEW in facts or Fact.IN_STORE in facts:
        sentences.append(_overview(film, in_store=Fact.IN_STORE in facts, described=Fact.PLOT in facts))
    return " ".join(sentences)


def in_cast(person: str, film: Film) -> str:
    """Whether someone is in a film, as far as the store lists the cast."""
    wanted = set(title_key(person).split())
    actors = film.get("actors") or ()
    for actor in actors:
        if wanted <= set(title_key(actor).split()):
            return f"Yes, {actor} is in {dated(film)}."
    if not actors:
        return f"The store lists no cast for {dated(film)}."
    return f"The store does not list {person} in {dated(film)}; it lists {listed(actors[:_MOST_ACTORS])}."


def _predicate(film: Film, fact: Fact, stock: Mapping[str, Any] | None) -> str:
    if fact == Fact.STOCK:
        return in_stock(stock or film)
    wording = _WORDINGS.get(fact)
    if wording is None:
        return ""
    key, say, missing = wording
    value = film.get(key)
    return f"has no {missing} on record" if value is None or value in ("", []) else say(value)


def _special_features(features: Sequence[str]) -> str:
    return f"comes with {listed([feature.lower() for feature in features])}"


def _streaming(available: bool) -> str:
    return "can be streamed" if available else "cannot be streamed, only rented on disc"


def _rated_for(rating: str) -> str:
    audience = _AUDIENCES.get(rating)
    return f"is rated {rating}, {audience}" if audience else f"is rated {rating}"


_WORDINGS: dict[Fact, tuple[str, Callable[[Any], str], str]] = {
    Fact.PRICE: ("rental_rate", lambda rate: f"rents for {money(rate)}", "rental rate"),
    Fact.RATING: ("rating", lambda rating: f"is rated {rating}", "rating"),
    Fact.AUDIENCE: ("rating", _rated_for, "rating"),
    Fact.LENGTH: ("length_minutes", lambda length: f"runs {minutes(length)}", "length"),
    Fact.YEAR: ("release_year", lambda year: f"was released in {year}", "release year"),
    Fact.CAST: ("actors", lambda actors: f"stars {listed(actors)}", "cast"),
    Fact.CATEGORY: (
        "categories",
        lambda names: f"is in the {'category' if len(names) == 1 else 'categories'} {listed(names)}",
        "category",
    ),
    Fact.LANGUAGE: ("language", lambda language: f"is in {language}", "language"),
    Fact.RENTAL_DAYS: (
        "rental_duration_days",
        lambda days: f"can be kept for {counted(days, 'day')}",
        "rental duration",
    ),
    Fact.REPLACEMENT: ("replacement_cost", lambda cost: f"costs {money(cost)} to replace", "replacement cost"),
    Fact.STREAMING: ("streaming_available", _streaming, "streaming information"),
    Fact.FEATURES: ("special_features", _special_features, "special features"),
}
"""For each fact: where it is, how to say it, and what is missing without it."""


def in_stock(stock: Mapping[str, Any]) -> str:
    """ "is in stock: 2 of 3 copies are available (store 1: 2, store 2: 0)"."""
    copies, free = stock.get("copies"), stock.get("in_stock")
    if copies is None or free is None:
        return "has no stock on record"
    if not copies:
        return "is in the catalogue, but the store has no copies of it"
    stores = [f"store {store['store_id']}: {store['in_stock']}" for store in stock.get("stores") or ()]
    where = f" ({', '.join(stores)})" if stores else ""
    if free:
        be = "is" if free == 1 else "are"
        return f"is in stock: {free} of {counted(copies, 'copy', 'copies')} {be} available{where}"
    out = "its only copy is" if copies == 1 else f"all {copies} copies are"
    back = _due_back(stock.get("next_due"))
    return f"is not in stock: {out} rented out{back}"


def _due_back(moment: object) -> str:
    if not isinstance(moment, str):
        return ""
    try:
        due = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return ""
    day = f"{due.day} {due:%B %Y}"
    if due < datetime.now(due.tzinfo):
        return f"; the next one was due back on {day} and is overdue"
    return f"; the next one is due back on {day}"


def _plot(film: Film, *, alone: bool) -> str:
    description = (film.get("description") or "").strip()
    if not description:
        return f"The store has no description of {dated(film)}."
    sentence = description if description[-1] in ".!?" else f"{description}."
    return f"{dated(film)}: {sentence}" if alone else sentence


def _overview(film: Film, *, in_store: bool, described: bool) -> str:
    terms = [
        listed(film.get("categories") or ()),
        f"rated {film['rating']}" if film.get("rating") else "",
        counted(film["length_minutes"], "minute") if film.get("length_minutes") else "",
        f"rents for {money(film['rental_rate'])}" if film.get("rental_rate") is not None else "",
        _copies(film) if in_store else "",
    ]
    opening = f"Yes, the store has {dated(film)}" if in_store else dated(film)
    sentences = [f"{opening}: {', '.join(filter(None, terms))}." if any(terms) else f"{opening}."]
    if not in_store and not described and film.get("description"):
        sentences.append(_plot(film, alone=False))
    if not in_store and film.get("actors"):
        sentences.append(f"With {listed(film['actors'][:_MOST_ACTORS])}.")
    return " ".join(sentences)


def _copies(film: Film) -> str:
    copies, free = film.get("copies"), film.get("in_stock")
    if copies is None or free is None:
        return ""
    if not copies:
        return "but no copies"
    return f"{free or 'none'} of {counted(copies, 'copy', 'copies')} in stock"


def card_line(film: Film) -> str:
    """One film of several, in a few words: "Alien (1979; Horror, Sci-Fi)"."""
    about = [str(film["release_year"])] if film.get("release_year") else []
    if film.get("categories"):
        about.append(", ".join(film["categories"]))
    return f"{film['title']} ({'; '.join(about)})" if about else str(film["title"])
