"""Who had which disc from when to when: two hundred days of trade, played through in the order of time.

Times are whole seconds since the first day's midnight, so that the story is the same whenever it is told;
`ledger.py` moves it to the present.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from app.seed.chance import chance_of
from app.seed.discs import DiscRow, discs_out
from app.seed.films import FilmRow
from app.seed.people import is_active

DAYS = 200
HOUR = 3600
DAY = 24 * HOUR
TODAY = DAYS * DAY
"""Midnight at the start of the day of seeding: nothing happens after it."""

_OPENS, _OPEN_FOR = 10 * HOUR, 12 * HOUR
_SHORTEST = 6 * HOUR
_RESHELVING = HOUR
_LATEST = 3
"""Days after the due date by which everything that came back was back."""
_MOST_OVERDUE = 14
"""Days that the worst of today's debtors is overdue."""


class Loan(NamedTuple):
    """One rental. `end` is None while the disc is out."""

    start: int
    disc: DiscRow
    customer_id: int
    end: int | None


@dataclass(frozen=True)
class Shop:
    """What there is to rent, and how many customers there are (with ids from 1)."""

    films: Sequence[FilmRow]
    discs: Sequence[DiscRow]
    customers: int

    def due_after(self, disc: DiscRow) -> int:
        """Seconds for which a disc is rented out."""
        return self.films[disc.film_id - 1].rental_duration * DAY


def loans(shop: Shop, total: int, out: int) -> Iterator[Loan]:
    """`total` loans in the order of their start, `out` of them open. A disc's loans never overlap."""
    running = _open_loans(shop, out)
    taken_at = {loan.disc.inventory_id: loan.start for loan in running}
    last_return = [taken_at.get(disc.inventory_id, TODAY) for disc in shop.discs]
    return merge(_closed_loans(shop, total - out, last_return), running, key=_start)


def _start(loan: Loan) -> int:
    return loan.start


def _open_loans(shop: Shop, count: int) -> list[Loan]:
    """Open loans in the order of their start: a third of them overdue today, the rest not before tomorrow."""
    chance = chance_of("open")
    active = [customer_id for customer_id in range(1, shop.customers + 1) if is_active(customer_id)]
    running = []
    for number, disc in enumerate(discs_out(shop.discs, count)):
        days = shop.due_after(disc) // DAY
        days_ago = days + chance.randint(1, _MOST_OVERDUE) if number % 3 == 0 else chance.randint(1, days - 1)
        start = (DAYS - days_ago) * DAY + _OPENS + chance.randrange(_OPEN_FOR)
        running.append(Loan(start, disc, chance.choice(active), None))
    return sorted(running, key=_start)


def _closed_loans(shop: Shop, count: int, last_return: Sequence[int]) -> Iterator[Loan]:
    """Loans that ended, in the order of their start; `last_return` is per disc and may not be passed."""
    chance = chance_of("closed")
    free_from = [0] * len(shop.discs)
    # The last day stays free of them: a disc taken out then would hardly be back by midnight.
    open_seconds = (DAYS - 1) * _OPEN_FOR
    for number in range(count):
        day, second = divmod(int((number + chance.random()) * open_seconds / count), _OPEN_FOR)
        start = day * DAY + _OPENS + second
        place = int(chance.random() * len(free_from))
        while free_from[place] > start or start + _SHORTEST > last_return[place]:
            place = int(chance.random() * len(free_from))
        disc = shop.discs[place]
        latest = min(start + shop.due_after(disc) + _LATEST * DAY, last_return[place])
        end = start + _SHORTEST + int(chance.random() * (latest - start - _SHORTEST))
        free_from[place] = end + _RESHELVING
        yield Loan(start, disc, 1 + int(chance.random() * shop.customers), end)
