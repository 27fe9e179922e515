"""Rows of the film tables: films with rental terms, and their categories, actors and languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

from app.models.films import FilmFields
from app.seed.catalogue import CatalogueFilm
from app.seed.rng import rng_for

CATEGORIES = (
    *("Action", "Animation", "Children", "Classics", "Comedy", "Documentary", "Drama", "Family"),
    *("Foreign", "Games", "Horror", "Music", "New", "Sci-Fi", "Sports", "Travel"),
)
"""Pagila's categories, in the order of their ids."""

_PAGILA_LANGUAGES = ("English", "Italian", "Japanese", "Mandarin", "French", "German")
_SPECIAL_FEATURES = ("Trailers", "Commentaries", "Deleted Scenes", "Behind the Scenes")
_STREAMING_EVERY = 3
_SURNAMES_OF_TWO_WORDS = frozenset({"bel", "bonham", "de", "garcía", "la", "le", "rhys", "van", "von"})
_AFTER_SURNAME = "Jr."


class FilmRow(FilmFields):
    """A row of `film`. Fields that are not set here have their defaults."""

    film_id: int


class ActorRow(NamedTuple):
    actor_id: int
    first_name: str
    last_name: str


def languages_of(films: Sequence[CatalogueFilm]) -> tuple[str, ...]:
    """Return the names of languages in the order of their ids: Pagila's six first."""
    return tuple(dict.fromkeys((*_PAGILA_LANGUAGES, *(film.language for film in films))))


def actors_of(films: Sequence[CatalogueFilm]) -> dict[str, int]:
    """Return actor ids by full name. Ids follow the order in which actors first appear."""
    names = dict.fromkeys(name for film in films for name in film.actors)
    return {name: actor_id for actor_id, name in enumerate(names, 1)}


def actor_rows(actors: dict[str, int]) -> Iterator[ActorRow]:
    """Yield the actors with first and last name."""
    for name, actor_id in actors.items():
        yield ActorRow(actor_id, *split_name(name))


def film_rows(films: Sequence[CatalogueFilm], languages: Sequence[str]) -> Iterator[FilmRow]:
    """Yield the films with rental terms; ids count from 1 in the given order."""
    for film_id, film in enumerate(films, 1):
        # One generator for each film: its terms do not change when another film joins the catalogue.
        rng = rng_for(f"{film.title} ({film.year})")
        yield FilmRow(
            film_id=film_id,
            title=film.title,
            description=film.description,
            release_year=film.year,
            language_id=languages.index(film.language) + 1,
            rental_duration=rng.randint(3, 7),
            rental_rate=film.rental_rate,
            length=film.length,
            replacement_cost=Decimal("0.99") + rng.randint(9, 29),
            rating=film.rating,
            special_features=_some_features(rng),
            streaming_available=film_id % _STREAMING_EVERY == 1,
        )


def film_category_rows(films: Sequence[CatalogueFilm]) -> Iterator[tuple[int, int]]:
    """Yield (film_id, category_id) pairs."""
    for film_id, film in enumerate(films, 1):
        for category in film.categories:
            yield film_id, CATEGORIES.index(category) + 1


def film_actor_rows(films: Sequence[CatalogueFilm], actors: dict[str, int]) -> Iterator[tuple[int, int]]:
    """Yield (actor_id, film_id) pairs."""
    for film_id, film in enumerate(films, 1):
        for name in film.actors:
            yield actors[name], film_id


def split_name(name: str) -> tuple[str, str]:
    """Split a full name into first and last name. A last name may begin with "de", "von" or a similar word."""
    words = name.removesuffix(f" {_AFTER_SURNAME}").split()
    starts = [place for place, word in enumerate(words) if place and word.lower() in _SURNAMES_OF_TWO_WORDS]
    start = starts[0] if starts else len(words) - 1
    suffix = [_AFTER_SURNAME] if name.endswith(_AFTER_SURNAME) else []
    return " ".join(words[:start]), " ".join(words[start:] + suffix)


def _some_features(rng: Random) -> list[str]:
    chosen = rng.sample(_SPECIAL_FEATURES, rng.randint(1, len(_SPECIAL_FEATURES)))
    return [feature for feature in _SPECIAL_FEATURES if feature in chosen]
