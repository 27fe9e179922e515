"""Rows of rentals and payments, made from loans: with dates relative to today, and amounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from app.models.late_fees import days_late_after, late_fee_for
from app.seed.loans import DAYS, Loan, Shop
from app.seed.people import STAFF_IDS


class RentalRow(NamedTuple):
    rental_id: int
    rental_date: datetime
    inventory_id: int
    customer_id: int
    return_date: datetime | None
    staff_id: int


class PaymentRow(NamedTuple):
    payment_id: int
    payment_date: datetime
    customer_id: int
    staff_id: int
    rental_id: int
    amount: Decimal


class Ledger:
    """Converts loans to rows. All times are before the midnight (UTC) at which `today` begins."""

    def __init__(self, shop: Shop, today: date) -> None:
        self._shop = shop
        self._first_day = datetime(today.year, today.month, today.day, tzinfo=timezone.utc) - timedelta(DAYS)

    def rental_rows(self, loans: Iterable[tuple[int, Loan]]) -> Iterator[RentalRow]:
        """Yield a rental for each numbered loan; the number is the rental's id."""
        for rental_id, loan in loans:
            yield RentalRow(
                rental_id=rental_id,
                rental_date=self._time(loan.start),
                inventory_id=loan.disc.inventory_id,
                customer_id=loan.customer_id,
                return_date=None if loan.end is None else self._time(loan.end),
                staff_id=_server(rental_id, loan),
            )

    def payment_rows(self, loans: Iterable[tuple[int, Loan]]) -> Iterator[PaymentRow]:
        """Yield a payment for each numbered loan. As in Pagila, it has the rental's date and includes the late fee."""
        for rental_id, loan in loans:
            yield PaymentRow(
                payment_id=rental_id,
                payment_date=self._time(loan.start),
                customer_id=loan.customer_id,
                staff_id=_server(rental_id, loan),
                rental_id=rental_id,
                amount=self._amount(loan),
            )

    def _time(self, seconds: int) -> datetime:
        return self._first_day + timedelta(seconds=seconds)

    def _amount(self, loan: Loan) -> Decimal:
        """Return the film's rental rate plus the late fee."""
        film = self._shop.films[loan.disc.film_id - 1]
        if loan.end is None:
            return film.rental_rate
        kept = timedelta(seconds=loan.end - loan.start)
        return film.rental_rate + late_fee_for(days_late_after(kept, film.rental_duration))


def _server(rental_id: int, loan: Loan) -> int:
    """Return the staff id of an employee of the disc's store."""
    staff = STAFF_IDS[loan.disc.store_id]
    return staff[rental_id % len(staff)]
