"""Invented films, for a store larger than the catalogue. Their descriptions say that they are invented."""

from __future__ import annotations

from decimal import Decimal

from app.models.types import Rating
from app.seed.catalogue import CatalogueFilm
from app.seed.chance import chance_of
from app.seed.people import full_name
from app.seed.words import HEROES, PLOTS, SCENES

MOST_INVENTED = 6000
"""Every (hero, scene) pair is a title of its own; there are a few more pairs than this."""

_RATES = (Decimal("0.99"), Decimal("2.99"), Decimal("4.99"))
_ACTORS = 200
"""Invented ones, as many as Pagila has."""


def invented_films(count: int, categories: tuple[str, ...]) -> list[CatalogueFilm]:
    """The first `count` (at most MOST_INVENTED) invented films: the same ones each time, no title twice."""
    actors = [" ".join(full_name(number)) for number in range(_ACTORS)]
    return [_invent(number, categories, actors) for number in range(count)]


def _invent(number: int, categories: tuple[str, ...], actors: list[str]) -> CatalogueFilm:
    # 77 heroes and 79 scenes have no common divisor, so a pair repeats only after 77 * 79 films.
    hero, scene = HEROES[number % len(HEROES)], SCENES[number % len(SCENES)]
    chance = chance_of(f"invented film {number}")
    return CatalogueFilm(
        title=f"The {hero} of {scene}",
        year=chance.randint(1960, 2024),
        length=chance.randint(70, 180),
        rating=chance.choice(list(Rating)),
        categories=tuple(chance.sample(categories, chance.randint(1, 3))),
        actors=tuple(chance.sample(actors, chance.randint(3, 6))),
        language="English",
        rental_rate=chance.choice(_RATES),
        description=f"An invented film: a {hero.lower()} of {scene} {chance.choice(PLOTS)}.",
    )
