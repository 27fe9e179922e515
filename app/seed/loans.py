"""The loans of discs to customers: two hundred days of trade, simulated in the order of time.

Times are whole seconds since midnight of the first day, so that the loans do not depend on the date of seeding;
`ledger.py` converts them to dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from app.seed.discs import DiscRow, discs_out
from app.seed.films import FilmRow
from app.seed.people import is_active
from app.seed.rng import rng_for

DAYS = 200
HOUR = 3600
DAY = 24 * HOUR
TODAY = DAYS * DAY
"""The midnight at which the day of seeding begins: the end of all events."""

_OPENS, _OPEN_FOR = 10 * HOUR, 12 * HOUR
_SHORTEST = 6 * HOUR
_RESHELVING = HOUR
_LATEST = 3
"""Maximum days late of a returned disc."""
_MOST_OVERDUE = 14
"""Maximum days overdue of an open loan."""


class Loan(NamedTuple):
    """One rental. `end` is None while it is open."""

    start: int
    disc: DiscRow
    customer_id: int
    end: int | None


@dataclass(frozen=True)
class Shop:
    """The films and discs to rent, and the number of customers, whose ids count from 1."""

    films: Sequence[FilmRow]
    discs: Sequence[DiscRow]
    customers: int

    def due_after(self, disc: DiscRow) -> int:
        """Return the rental duration of a disc, in seconds."""
        return self.films[disc.film_id - 1].rental_duration * DAY


def loans(shop: Shop, total: int, out: int) -> Iterator[Loan]:
    """Yield `total` loans in the order of their start, `out` of them open. A disc's loans never overlap."""
    running = _open_loans(shop, out)
    taken_at = {loan.disc.inventory_id: loan.start for loan in running}
    last_return = [taken_at.get(disc.inventory_id, TODAY) for disc in shop.discs]
    return merge(_closed_loans(shop, total - out, last_return), running, key=_start)


def _start(loan: Loan) -> int:
    return loan.start


def _open_loans(shop: Shop, count: int) -> list[Loan]:
    """Return open loans in the order of their start: a third is overdue today, the others are due tomorrow or later."""
    rng = rng_for("open")
    active = [customer_id for customer_id in range(1, shop.customers + 1) if is_active(customer_id)]
    running = []
    for number, disc in enumerate(discs_out(shop.discs, count)):
        days = shop.due_after(disc) // DAY
        days_ago = days + rng.randint(1, _MOST_OVERDUE) if number % 3 == 0 else rng.randint(1, days - 1)
        start = (DAYS - days_ago) * DAY + _OPENS + rng.randrange(_OPEN_FOR)
        running.append(Loan(start, disc, rng.choice(active), None))
    return sorted(running, key=_start)


def _closed_loans(shop: Shop, count: int, last_return: Sequence[int]) -> Iterator[Loan]:
    """Yield closed loans in the order of their start. They end by the time that `last_return` has for their disc."""
    rng = rng_for("closed")
    free_from = [0] * len(shop.discs)
    # None starts on the last day: it could hardly end by midnight.
    open_seconds = (DAYS - 1) * _OPEN_FOR
    for number in range(count):
        day, second = divmod(int((number + rng.random()) * open_seconds / count), _OPEN_FOR)
        start = day * DAY + _OPENS + second
        place = int(rng.random() * len(free_from))
        while free_from[place] > start or start + _SHORTEST > last_return[place]:
            place = int(rng.random() * len(free_from))
        disc = shop.discs[place]
        latest = min(start + shop.due_after(disc) + _LATEST * DAY, last_return[place])
        end = start + _SHORTEST + int(rng.random() * (latest - start - _SHORTEST))
        free_from[place] = end + _RESHELVING
        yield Loan(start, disc, 1 + int(rng.random() * shop.customers), end)
