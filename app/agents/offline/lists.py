"""Answers to wishes: matching films, the first one, or the count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.phrasing import Film, listed, money, say
from app.agents.offline.steps import Call, Calls, Findings, Result, Say, Step

Arguments = Mapping[str, Any]
_SORT_KEYS = {
    "newest": "release_year",
    "oldest": "release_year",
    "shortest": "length_minutes",
    "longest": "length_minutes",
    "cheapest": "rental_rate",
    "most_expensive": "rental_rate",
    "costliest_to_replace": "replacement_cost",
}
_OVERVIEW = Call("store_overview")


def say_list(slots: Mapping[str, Any], results: Sequence[Result], findings: Findings) -> Step:
    """Return the answer, or a look-up of the store's categories where one that was asked for may not exist."""
    empty = not any(result.get("total") for result in results)
    names = [name for arguments in slots["arguments"] for name in arguments.get("categories", ())]
    if empty and names:
        if step := findings.missing([_OVERVIEW]):
            return Calls(step.calls)
        known = sorted(findings.of(_OVERVIEW).get("categories") or (), key=lambda one: str(one["name"]))
        held = {str(one["name"]).casefold() for one in known}
        if unknown := [name for name in dict.fromkeys(names) if name.casefold() not in held]:
            return Say(say("no category", name=listed(unknown, "or"), categories=known))
    note = f" {say('not recorded')}" if slots.get("note") else ""
    told = (_films(slots, arguments, result) for arguments, result in zip(slots["arguments"], results, strict=True))
    return Say(" ".join(told) + note)


def _films(slots: Mapping[str, Any], arguments: Arguments, result: Result) -> str:
    found, total = list(result.get("films") or ()), int(result.get("total") or 0)
    films = [film for film in found if film["title"] not in slots.get("excluded", ())]
    total -= len(found) - len(films)
    described = describe(arguments, total)
    if not films:
        return say("none", described=described, hint="")
    shown = [_brief(film, arguments) for film in films]
    sort = str(arguments.get("sort", "title"))
    if slots["count"] and not arguments.get("limit"):
        return say("count", total=total, described=described, films=shown)
    if slots["top"] and sort in _SORT_KEYS:
        level = sum(film.get(_SORT_KEYS[sort]) == films[0].get(_SORT_KEYS[sort]) for film in films)
        plain = describe({key: value for key, value in arguments.items() if key != "sort"}, level)
        return say("top", order=sort.replace("_", " "), described=plain, films=shown, level=level)
    order = f"The {sort.replace('_', ' ')}" if sort in _SORT_KEYS else f"Here {_are(shown)} {len(shown)}:"
    which = f"{order} {_are(shown)}" if sort in _SORT_KEYS else order
    return say("found", total=total, described=described, films=shown, which=which)


def _are(shown: Sequence[str]) -> str:
    return "is" if len(shown) == 1 else "are"


def _brief(film: Film, arguments: Arguments) -> str:
    """A film with what the search was about: "Alien (1979, 117 min)"."""
    about = [str(film["release_year"])] if film.get("release_year") else []
    sort = arguments.get("sort")
    if film.get("length_minutes") and (
        sort in ("shortest", "longest") or {"max_length", "min_length"} & set(arguments)
    ):
        about.append(f"{film['length_minutes']} min")
    priced = sort in ("cheapest", "most_expensive") or {"max_rental_rate", "min_rental_rate"} & set(arguments)
    if film.get("rental_rate") is not None and priced:
        about.append(money(film["rental_rate"]))
    if sort == "costliest_to_replace" and film.get("replacement_cost") is not None:
        about.append(money(film["replacement_cost"]))
    if {"ratings", "without_ratings"} & set(arguments) and film.get("rating"):
        about.append(str(film["rating"]))
    return f"{film['title']} ({', '.join(about)})" if about else str(film["title"])


def describe(arguments: Arguments, count: int) -> str:
    """ "Horror films rated R from 1980 to 1989"."""
    return " ".join(say("described", noun="film" if count == 1 else "films", **arguments).split())
