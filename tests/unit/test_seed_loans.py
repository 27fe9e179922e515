"""The loans of the sample store, without a database."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import pairwise

import pytest

from app.seed.catalogue import read_catalogue
from app.seed.discs import discs_out, stock
from app.seed.films import film_rows, languages_of
from app.seed.ledger import Ledger
from app.seed.loans import DAY, DAYS, HOUR, TODAY, Loan, Shop, loans

CATALOGUE = read_catalogue()
FILMS = list(film_rows(CATALOGUE, languages_of(CATALOGUE)))
SHOP = Shop(FILMS, stock(len(FILMS), 940), customers=599)
LOANS = list(loans(SHOP, 16_000, 180))


def test_stock_puts_every_film_in_both_stores() -> None:
    discs = stock(50, 230)

    assert [disc.inventory_id for disc in discs] == list(range(1, 231))
    assert {(disc.film_id, disc.store_id) for disc in discs} == {
        (film, store) for film in range(1, 51) for store in (1, 2)
    }


def test_a_few_films_are_out_of_stock_and_all_others_are_in_stock() -> None:
    out = {disc.inventory_id for disc in discs_out(SHOP.discs, 180)}
    in_stock = {disc.film_id for disc in SHOP.discs if disc.inventory_id not in out}

    assert len(out) == 180
    assert 3 <= len(FILMS) - len(in_stock) <= 10
    assert FILMS[0].title == "Alien"
    assert FILMS[0].film_id in in_stock


def test_loans_are_as_many_as_asked_for_in_the_order_of_time() -> None:
    starts = [loan.start for loan in LOANS]

    assert len(LOANS) == 16_000
    assert sum(loan.end is None for loan in LOANS) == 180
    assert starts == sorted(starts)


def test_the_story_is_the_same_each_time() -> None:
    assert list(loans(SHOP, 16_000, 180)) == LOANS


def test_a_disc_is_with_one_customer_at_a_time() -> None:
    by_disc = defaultdict(list)
    for loan in LOANS:
        by_disc[loan.disc.inventory_id].append(loan)

    for history in by_disc.values():
        for earlier, later in pairwise(history):
            assert earlier.end is not None
            assert earlier.end < later.start


def test_nothing_happens_after_the_midnight_before_today() -> None:
    assert all(0 <= loan.start < (loan.end or TODAY) <= TODAY for loan in LOANS)


def test_a_third_of_the_open_loans_is_overdue_and_no_other_will_be_today() -> None:
    due = [loan.start + SHOP.due_after(loan.disc) for loan in LOANS if loan.end is None]

    assert sum(time < TODAY for time in due) == 60
    assert sum(time > TODAY + DAY for time in due) == 120


def test_some_discs_came_back_late_and_most_in_time() -> None:
    late = [loan for loan in LOANS if loan.end and loan.end - loan.start > SHOP.due_after(loan.disc)]

    assert 0.1 < len(late) / len(LOANS) < 0.5


def test_customers_who_left_have_no_disc() -> None:
    holders = {loan.customer_id for loan in LOANS if loan.end is None}

    assert not any(customer_id % 39 == 0 for customer_id in holders)


def test_times_end_at_midnight_before_today() -> None:
    ledger = Ledger(SHOP, date(2026, 3, 29))
    last = Loan(TODAY - 10 * HOUR, SHOP.discs[0], 7, TODAY - HOUR)

    (rental,) = ledger.rental_rows([(5, last)])

    assert rental.rental_date == datetime(2026, 3, 28, 14, tzinfo=timezone.utc)
    assert rental.return_date == datetime(2026, 3, 28, 23, tzinfo=timezone.utc)
    assert (rental.rental_id, rental.inventory_id, rental.customer_id) == (5, 1, 7)


@pytest.mark.parametrize(
    ("late", "fee"),
    [(-DAY, 0), (0, 0), (1, 1), (DAY, 1), (DAY + 1, 2), (3 * DAY, 3)],
)
def test_each_started_day_of_delay_costs_one(late: int, fee: int) -> None:
    disc = SHOP.discs[0]
    loan = Loan(0, disc, 7, SHOP.due_after(disc) + late)

    (payment,) = Ledger(SHOP, date(2026, 3, 29)).payment_rows([(1, loan)])

    assert payment.amount == FILMS[0].rental_rate + Decimal(fee)


def test_an_open_loan_has_paid_the_rate() -> None:
    loan = Loan((DAYS - 100) * DAY, SHOP.discs[0], 7, None)

    (payment,) = Ledger(SHOP, date(2026, 3, 29)).payment_rows([(1, loan)])

    assert payment.amount == FILMS[0].rental_rate
