"""Answers in words, each from one plan and the results of its look-ups; an empty text means there is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.facts import card_line, dated, in_cast, tell
from app.agents.offline.match import Film, Fit, Match
from app.agents.offline.plan import Arguments, Fact, Find, Lookup, Title
from app.agents.offline.text import closeness, counted, listed, minutes, money, title_key

Stock = Mapping[int, Mapping[str, Any]]
"""Availability by film_id."""

_MOST_TOLD = 5
_CLOSE = 0.75
_LIKE_ENOUGH = 0.7
_MOST_OF_A_TITLE = 0.6
_BRIEF_FACTS = {Fact.OVERVIEW, Fact.IN_STORE, Fact.PLOT}
_CONTESTS = {
    "long": ("length_minutes", max),
    "short": ("length_minutes", min),
    "cheap": ("rental_rate", min),
    "more": ("rental_rate", max),
    "new": ("release_year", max),
    "old": ("release_year", min),
}


def say_lookup(plan: Lookup, facts: Sequence[Fact], found: Sequence[Match], stock: Stock) -> str:
    """Facts about the films that were named."""
    if plan.whole_words:
        return say_listed(found[0])
    several = len(found) > 1
    sentences = [_match(match, facts, stock, plan.person, several=several) for match in found]
    if plan.contest and (verdict := _verdict(plan.contest, found)):
        sentences.append(verdict)
    return " ".join(sentences)


def _match(match: Match, facts: Sequence[Fact], stock: Stock, person: str, *, several: bool) -> str:
    asked, films = match.title.text, match.films
    if match.fit == Fit.MISSING:
        return f"The store has no film called “{asked}”."
    if match.fit == Fit.SUGGESTED:
        return _suggestion(match, facts, stock, person)
    if len(films) == 1:
        answer = _one(films[0], facts, stock, person, brief=several)
        if match.fit == Fit.CORRECTED:
            return f"{answer} (I took “{asked}” for {films[0]['title']}.)"
        if match.fit == Fit.OTHER_YEAR:
            return f"The store has no {films[0]['title']} from {match.title.year}, but {dated(films[0])}. {answer}"
        if match.fit == Fit.PARTIAL and len(title_key(asked)) < _MOST_OF_A_TITLE * len(films[0]["title"]):
            return f"The one title with “{asked}” in it is {films[0]['title']}. {answer}"
        return answer
    return _candidates(match, facts, stock, person)


def _one(
    film: Film, facts: Sequence[Fact], stock: Stock, person: str, *, brief: bool = False, with_year: bool = False
) -> str:
    if person:
        return in_cast(person, film)
    if brief and set(facts) <= {Fact.OVERVIEW, Fact.IN_STORE}:
        return tell({**film, "description": None, "actors": None}, facts, with_year=with_year)
    return tell(film, facts, with_year=with_year, stock=stock.get(film.get("film_id") or 0))


def _candidates(match: Match, facts: Sequence[Fact], stock: Stock, person: str) -> str:
    """Several films fit: each with what was asked, and the rest by number."""
    films = match.films[:_MOST_TOLD]
    asked = match.title.text
    if match.fit == Fit.PARTIAL:
        opening = f"{match.total} titles have “{asked}” in them."
    elif match.fit == Fit.OTHER_YEAR:
        opening = f"The store has no {films[0]['title']} from {match.title.year}, but {len(match.films)} others."
    else:
        opening = f"The store has {len(match.films)} films called {films[0]['title']}."
    question = ""
    if set(facts) <= _BRIEF_FACTS and not person and match.fit == Fit.PARTIAL:
        told = f"{listed([card_line(film) for film in films])}."
        question = " Which one do you mean?"
    else:
        told = " ".join(_one(film, facts, stock, person, brief=True, with_year=True) for film in films)
    left = match.total - len(films)
    more = f" There {'is' if left == 1 else 'are'} {left} more." if left > 0 else ""
    return f"{opening} {told}{more}{question}"


def _suggestion(match: Match, facts: Sequence[Fact], stock: Stock, person: str) -> str:
    question = (
        f"I did not find “{match.title.text}”. Did you mean {listed([dated(film) for film in match.films], 'or')}?"
    )
    if len(match.films) == 1 and match.close > _CLOSE and not set(facts) <= _BRIEF_FACTS:
        return f"{question} {_one(match.films[0], facts, stock, person)}"
    return question


def _verdict(contest: str, found: Sequence[Match]) -> str:
    rule = next((rule for start, rule in _CONTESTS.items() if contest.startswith(start)), None)
    films = [match.films[0] for match in found if len(match.films) == 1]
    if rule is None or len(films) < 2:
        return ""
    key, choose = rule
    values = [film[key] for film in films if film.get(key) is not None]
    if len(values) < len(films):
        return ""
    best = [film for film in films if film[key] == choose(values)]
    if len(best) > 1:
        return "They are the same in that." if len(best) == len(films) else ""
    return f"{best[0]['title']} is the {'more expensive' if contest == 'more' else contest} one."


def say_listed(match: Match) -> str:
    """Every film with the words in its title."""
    if match.fit < Fit.CORRECTED:
        return ""
    films = [*(card_line(film) for film in match.films), *match.others]
    if len(films) == 1:
        return f"The store has {films[0]}."
    left = match.total - len(match.films)
    more = f", and {left - len(match.others)} more" if left > len(match.others) else ""
    return f"The store has {listed(films)}{more}."


def say_like(title: Title, result: Mapping[str, Any]) -> str:
    """Films like another one."""
    film = result.get("film")
    if not film or not film.get("title"):
        return ""
    close = closeness(title.text, film["title"])
    if result.get("match") == "similar" and close < _LIKE_ENOUGH:
        return ""
    films = [card_line(other) for other in result.get("films") or ()]
    if not films:
        return f"The store has nothing like {dated(film)}."
    return f"If you like {dated(film)}, try {listed(films, 'or')}."


def say_categories(result: Mapping[str, Any]) -> str:
    """The store's categories with their numbers of films."""
    found = result.get("categories") or ()
    names = [f"{category['name']} ({category['film_count']})" for category in found]
    return f"The store has {counted(len(names), 'category', 'categories')}: {listed(names)}." if names else ""


def say_found(plan: Find, results: Sequence[Mapping[str, Any]], categories: Mapping[str, Any] | None = None) -> str:
    """Films that fit criteria."""
    note = f"{plan.note} " if plan.note else ""
    unknown = _unknown_categories(plan.calls, categories)
    if unknown:
        known = say_categories(categories or {}).replace("The store", "It", 1)
        return f"The store has no category called {listed(unknown, 'or')}. {known}"
    if plan.either:
        return note + " ".join(_films(call, result, plan) for call, result in zip(plan.calls, results, strict=True))
    if len(results) == 1:
        return note + _films(plan.calls[0], results[0], plan)
    return note + _films(_joined(plan.calls), _common(results), plan)


def _unknown_categories(calls: Sequence[Arguments], categories: Mapping[str, Any] | None) -> list[str]:
    names = [str(category["name"]).casefold() for category in (categories or {}).get("categories") or ()]
    asked = list(dict.fromkeys(str(call["category"]) for call in calls if "category" in call))
    return [name for name in asked if names and not any(name.casefold() in known for known in names)]


def _joined(calls: Sequence[Arguments]) -> Arguments:
    """The criteria of all calls, to be named together."""
    merged: dict[str, Any] = {}
    for call in calls:
        for key, value in call.items():
            known = merged.get(key)
            merged[key] = f"{known} and {value}" if key in ("category", "actor") and known and known != value else value
    merged.pop("limit", None)
    return merged


def _common(results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The films that every search found."""
    shared = set.intersection(*({film["film_id"] for film in result.get("films") or ()} for result in results))
    films = [film for film in results[0].get("films") or () if film["film_id"] in shared]
    return {"total": len(films), "films": films}


def _films(call: Arguments, result: Mapping[str, Any], plan: Find) -> str:
    films, total = list(result.get("films") or ()), int(result.get("total") or 0)
    described = _described(call, total)
    if not films:
        return f"The store has no {_described(call, 0)}."
    shown = [_brief(film, call) for film in films]
    if plan.count and not call.get("limit"):
        examples = f", for example {listed(shown[:_MOST_TOLD])}" if len(call) else ""
        return f"The store has {total} {described}{examples}."
    if plan.first and call.get("sort"):
        return _top(films, shown, call)
    sort = call.get("sort")
    if total > len(films):
        which = (
            f"The {sort} {'are' if len(films) > 1 else 'is'}"
            if sort in _SORT_KEYS
            else f"Here {'are' if len(films) > 1 else 'is'} {len(films)}:"
        )
        return f"The store has {total} {described}. {which} {listed(shown)}."
    return f"The store has {total} {described}: {listed(shown)}."


def _top(films: Sequence[Film], shown: Sequence[str], call: Arguments) -> str:
    """The first of an order, with those that are level with it or come next."""
    key = _SORT_KEYS.get(str(call["sort"]), "title")
    level = [text for film, text in zip(films, shown, strict=True) if film.get(key) == films[0].get(key)]
    noun = _described({k: v for k, v in call.items() if k != "sort"}, len(level))
    if len(level) > 1:
        return f"The {call['sort']} {noun} are {listed(level)}."
    then = f" Next {'come' if len(shown) > 2 else 'comes'} {listed(shown[1:3])}." if len(shown) > 1 else ""
    return f"The {call['sort']} {noun} is {shown[0]}.{then}"


_SORT_KEYS = {
    "newest": "release_year",
    "oldest": "release_year",
    "shortest": "length_minutes",
    "longest": "length_minutes",
    "cheapest": "rental_rate",
}


def _brief(film: Film, call: Arguments) -> str:
    """A film with what the search was about: "Alien (1979, 117 min)"."""
    about = [str(film["release_year"])] if film.get("release_year") else []
    sort = call.get("sort")
    if film.get("length_minutes") and (sort in ("shortest", "longest") or "max_length" in call or "min_length" in call):
        about.append(f"{film['length_minutes']} min")
    if film.get("rental_rate") is not None and (sort == "cheapest" or "max_rental_rate" in call):
        about.append(money(film["rental_rate"]))
    return f"{film['title']} ({', '.join(about)})" if about else str(film["title"])


def _described(call: Arguments, count: int) -> str:
    """ "Horror films rated R from 1980 to 1989"."""
    noun = "film" if count == 1 else "films"
    category = str(call.get("category") or "")
    parts = [f"{category} {noun}" if category else noun]
    if call.get("actor"):
        parts.append(f"with {call['actor']}")
    if call.get("rating"):
        parts.append(f"rated {call['rating']}")
    parts += [
        _years(call.get("min_year"), call.get("max_year")),
        _lengths(call.get("min_length"), call.get("max_length")),
    ]
    if call.get("max_rental_rate") is not None:
        parts.append(f"for at most {money(call['max_rental_rate'])}")
    if call.get("in_stock") is not None:
        parts.append("in stock" if call["in_stock"] else "out of stock")
    return " ".join(filter(None, parts))


def _years(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"from {low}" if low == high else f"from {low} to {high}"
    if low is not None:
        return f"from {low} on"
    return f"up to {high}" if high is not None else ""


def _lengths(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"of {low} to {high} minutes"
    if low is not None:
        return f"of at least {minutes(low)}"
    return f"of at most {minutes(high)}" if high is not None else ""
