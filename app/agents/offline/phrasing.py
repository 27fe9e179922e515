"""Render tool results as text with the templates of answers.txt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, Template

Film = Mapping[str, Any]
_AUDIENCES = {
    "G": ", which is suitable for all ages",
    "PG": ", which suits most families; parents may want to watch along with young children",
    "PG-13": ", which may not be suitable for children under 13",
    "R": ", which is not suitable for children: under 17 only together with an adult",
    "NC-17": ", which is for adults only",
}
_KEYS = {
    "price": "rental_rate",
    "rating": "rating",
    "length": "length_minutes",
    "year": "release_year",
    "cast": "actors",
    "categories": "categories",
    "language": "language",
    "days": "rental_duration_days",
    "plot": "description",
    "replacement": "replacement_cost",
    "streaming": "streaming_available",
    "features": "special_features",
}
_MISSING = {"price": "rental rate", "year": "release year", "categories": "category", "days": "rental duration"}


def listed(items: Sequence[str], last: str = "and") -> str:
    """ "A", "A and B", "A, B and C"."""
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def money(amount: float | str) -> str:
    """In dollars: $2.99."""
    return f"${float(amount):.2f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """ "1 copy", "2 copies"."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def minutes(length: int) -> str:
    """ "117 minutes (1 h 57 min)", and "50 minutes" below an hour."""
    hours, rest = divmod(int(length), 60)
    return counted(length, "minute") + (f" ({hours} h{f' {rest} min' if rest else ''})" if hours else "")


def dated(film: Film) -> str:
    """ "Alien (1979)"."""
    year = film.get("release_year")
    return f"{film['title']} ({year})" if year else str(film["title"])


def card(film: Film) -> str:
    """One film of several, in a few words: "Alien (1979; Horror, Sci-Fi)"."""
    about = [str(film["release_year"])] if film.get("release_year") else []
    about += [", ".join(film["categories"])] if film.get("categories") else []
    return f"{film['title']} ({'; '.join(about)})" if about else str(film["title"])


def day(time: str) -> str:
    """ "3 March 2026"."""
    known = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return f"{known.day} {known:%B %Y}"


def _moment(time: str) -> str:
    return f"{day(time)}, {datetime.fromisoformat(time):%H:%M} UTC"


def _back(due: str | None) -> str:
    """When the next disc is, or was, due."""
    if not due:
        return ""
    late = datetime.fromisoformat(due.replace("Z", "+00:00")) < datetime.now(timezone.utc)
    return f"; the next one {'was' if late else 'is'} due back on {day(due)}{' and is overdue' if late else ''}"


def _stock(stock: Mapping[str, Any]) -> str:
    """ "is in stock: 2 of 3 copies are available (store 1: 2, store 2: 0)"."""
    copies, free = stock.get("copies"), stock.get("in_stock")
    if not copies:
        return "is in the catalogue, but the store has no copies of it"
    stores = [f"store {store['store_id']}: {store['in_stock']}" for store in stock.get("stores") or ()]
    where = f" ({', '.join(stores)})" if stores else ""
    if free:
        be = "is" if free == 1 else "are"
        return f"is in stock: {free} of {counted(copies, 'copy', 'copies')} {be} available{where}"
    out = "its only copy is" if copies == 1 else f"all {copies} copies are"
    return f"is not in stock: {out} rented out{_back(stock.get('next_due'))}"


def _sentence(text: str) -> str:
    return text if text[-1:] in (".", "!", "?") else f"{text}."


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Answers are plain text, never HTML.
    environment = Environment(autoescape=False)  # noqa: S701  # nosec B701
    environment.filters.update(
        {
            "listed": listed,
            "money": money,
            "counted": counted,
            "minutes": minutes,
            "dated": dated,
            "card": card,
            "day": day,
            "moment": _moment,
            "back": _back,
            "stock": _stock,
            "sentence": _sentence,
            "audience": lambda rating: _AUDIENCES.get(rating, ""),
            "count": lambda one: f"{one['name']} ({one['films']})",
        }
    )
    return environment


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    text = resources.files(__package__).joinpath("answers.txt").read_text(encoding="utf-8")
    named = (line.partition(": ") for line in text.splitlines() if not line.startswith("#"))
    return {name: source.replace(".|", ".\n").replace("!|", "!\n").replace("”|", "”\n") for name, _, source in named}


@lru_cache(maxsize=128)
def _template(name: str) -> Template:
    return _environment().from_string(_sources()[name])


def say(answer: str, /, **values: Any) -> str:
    """Render the named answer with these values."""
    return _template(answer).render(values).strip()


def tell(film: Film, facts: Sequence[str], **more: Any) -> str:
    """Return the facts about one film, in one or more sentences. `more`: stock, brief, with_year, asked_for_young."""
    predicates = [_predicate(film, fact, more) for fact in facts if fact not in ("plot", "overview", "has")]
    sentences = [f"{_label(film, facts, **more)} {listed(predicates)}."] if predicates else []
    if "plot" in facts:
        opening = "" if sentences else f"{dated(film)}: "
        plot = say("plot", film=film) if film.get("description") else ""
        sentences.append(f"{opening}{plot}" if plot else say("no plot", film=film))
    if not sentences:
        sentences.append(say("has" if "has" in facts else "overview", film=film, **more))
    return " ".join(sentences)


def _predicate(film: Film, fact: str, more: Mapping[str, Any]) -> str:
    key = _KEYS.get(fact)
    if key is not None and film.get(key) in (None, "", []):
        return say("unrecorded", missing=_MISSING.get(fact, fact))
    return say(f"fact {fact}", film=film, **{"stock": film, "asked_for_young": False, **more})


def _label(film: Film, facts: Sequence[str], *, with_year: bool = False, **_: Any) -> str:
    """What a sentence about the film begins with: with its categories when the price is asked."""
    if "price" not in facts:
        return str(film["title"]) if facts[0] == "year" else dated(film)
    year = film.get("release_year")
    label = f"{film['title']} from {year}" if with_year and year else str(film["title"])
    return f"{label} ({', '.join(film['categories'])})" if film.get("categories") else label
