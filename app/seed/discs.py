"""The discs of the sample store, and which of them are out today."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from app.seed.chance import chance_of
from app.seed.people import STORES

_LEAST_COPIES = 2
_SOLD_OUT_EVERY, _SOLD_OUT_FROM = 40, 18


class DiscRow(NamedTuple):
    inventory_id: int
    film_id: int
    store_id: int


def stock(films: int, total: int) -> list[DiscRow]:
    """`total` discs over `films` films: at least one of each film in each store, the rest by chance."""
    chance = chance_of("stock")
    copies = [_LEAST_COPIES] * films
    for _ in range(total - _LEAST_COPIES * films):
        copies[int(chance.random() * films)] += 1
    shelf = [(film_id, copy) for film_id, number in enumerate(copies, 1) for copy in range(number)]
    return [
        DiscRow(disc_id, film_id, STORES[(film_id + copy) % len(STORES)])
        for disc_id, (film_id, copy) in enumerate(shelf, 1)
    ]


def discs_out(discs: Sequence[DiscRow], count: int) -> list[DiscRow]:
    """The `count` discs that are out now: every disc of a few films, and never the last one of any other."""
    gone = [disc for disc in discs if _is_sold_out(disc.film_id)]
    spare = [
        disc for before, disc in pairwise(discs) if disc.film_id == before.film_id and not _is_sold_out(disc.film_id)
    ]
    return gone + chance_of("out").sample(spare, count - len(gone))


def _is_sold_out(film_id: int) -> bool:
    return film_id % _SOLD_OUT_EVERY == _SOLD_OUT_FROM
