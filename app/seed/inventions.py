"""Invented films, for a store larger than the catalogue. Their descriptions say that they are invented."""

from __future__ import annotations

from decimal import Decimal

from app.models.types import Rating
from app.seed.catalogue import CatalogueFilm
from app.seed.people import full_name
from app.seed.rng import rng_for
from app.seed.words import HEROES, PLOTS, SCENES

MOST_INVENTED = 6000
"""Maximum number of invented films: each (hero, scene) pair is one title, and there are 6083 pairs."""

_RATES = (Decimal("0.99"), Decimal("2.99"), Decimal("4.99"))
_ACTORS = 200
"""Number of invented actors: as many as Pagila has."""


def invented_films(count: int, categories: tuple[str, ...]) -> list[CatalogueFilm]:
    """Return the first `count` invented films (at most MOST_INVENTED): always the same, with unique titles."""
    actors = [" ".join(full_name(number)) for number in range(_ACTORS)]
    return [_invent(number, categories, actors) for number in range(count)]


def _invent(number: int, categories: tuple[str, ...], actors: list[str]) -> CatalogueFilm:
    # 77 heroes and 79 scenes have no common divisor, so a pair repeats only after 77 * 79 films.
    hero, scene = HEROES[number % len(HEROES)], SCENES[number % len(SCENES)]
    rng = rng_for(f"invented film {number}")
    return CatalogueFilm(
        title=f"The {hero} of {scene}",
        year=rng.randint(1960, 2024),
        length=rng.randint(70, 180),
        rating=rng.choice(list(Rating)),
        categories=tuple(rng.sample(categories, rng.randint(1, 3))),
        actors=tuple(rng.sample(actors, rng.randint(3, 6))),
        language="English",
        rental_rate=rng.choice(_RATES),
        description=f"An invented film: a {hero.lower()} of {scene} {rng.choice(PLOTS)}.",
    )
