"""The discs of the sample store, and the discs that are rented out today."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from app.seed.people import STORES
from app.seed.rng import rng_for

_MIN_DISCS_PER_FILM = 2
_SOLD_OUT_EVERY, _SOLD_OUT_FROM = 40, 18


class DiscRow(NamedTuple):
    inventory_id: int
    film_id: int
    store_id: int


def stock(films: int, total: int) -> list[DiscRow]:
    """Return `total` discs of `films` films: at least one of each film in each store, the rest at random."""
    rng = rng_for("stock")
    counts = [_MIN_DISCS_PER_FILM] * films
    for _ in range(total - _MIN_DISCS_PER_FILM * films):
        counts[int(rng.random() * films)] += 1
    shelf = [(film_id, number) for film_id, count in enumerate(counts, 1) for number in range(count)]
    return [
        DiscRow(disc_id, film_id, STORES[(film_id + number) % len(STORES)])
        for disc_id, (film_id, number) in enumerate(shelf, 1)
    ]


def discs_out(discs: Sequence[DiscRow], count: int) -> list[DiscRow]:
    """Return the `count` discs that are rented out: all discs of a few films, never the last disc of another film."""
    sold_out = [disc for disc in discs if _is_sold_out(disc.film_id)]
    spare = [
        disc
        for previous, disc in pairwise(discs)
        if disc.film_id == previous.film_id and not _is_sold_out(disc.film_id)
    ]
    return sold_out + rng_for("out").sample(spare, count - len(sold_out))


def _is_sold_out(film_id: int) -> bool:
    return film_id % _SOLD_OUT_EVERY == _SOLD_OUT_FROM
