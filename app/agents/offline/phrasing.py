"""Render tool results as text with the templates of answers.txt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, Template

Film = Mapping[str, Any]
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


def moment(time: str) -> str:
    """ "3 March 2026, 10:00 UTC"."""
    return f"{day(time)}, {datetime.fromisoformat(time):%H:%M} UTC"


def back(due: str | None) -> str:
    """When the next disc is, or was, due."""
    if not due:
        return ""
    late = datetime.fromisoformat(due.replace("Z", "+00:00")) < datetime.now(timezone.utc)
    return f"; the next one {'was' if late else 'is'} due back on {day(due)}{' and is overdue' if late else ''}"


def sentence(text: str) -> str:
    """With a full stop."""
    return text if text[-1:] in (".", "!", "?") else f"{text}."


def tally(one: Mapping[str, Any]) -> str:
    """ "Comedy (57)"."""
    return f"{one['name']} ({one['films']})"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Answers are plain text, never HTML.
    environment = Environment(autoescape=False)  # noqa: S701  # nosec B701
    filters = (listed, money, counted, minutes, dated, card, day, moment, back, sentence, tally)
    environment.filters.update({function.__name__: function for function in filters})
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
