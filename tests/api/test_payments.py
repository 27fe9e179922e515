"""Payments and what customers owe, as a client of the API sees them."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.models import Film, Inventory, Rental
from tests.fixtures.statements import statements_of

CUSTOMERS = "/api/v1/customers"
NOBODY = 2147483647
ALIEN, RATE, DAYS, COST = 1, Decimal("2.99"), 4, Decimal("22.99")
"""Alien's film id, rental rate, rental duration in days, and replacement cost."""
NOW = datetime.now(timezone.utc)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture(scope="module", autouse=True)
async def _known_costs(own_app: FastAPI) -> None:
    async with own_app.state.database.writing() as connection:
        costs = {"rental_rate": RATE, "rental_duration": DAYS, "replacement_cost": COST}
        await connection.execute(sa.update(Film).where(col(Film.film_id) == ALIEN).values(costs))


@pytest.fixture
async def customer(own_client: httpx.AsyncClient) -> str:
    """The path of a new customer."""
    body = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6}
    return (await own_client.post(CUSTOMERS, json=body)).headers["location"]


async def rented(app: FastAPI, customer: str, start: datetime, end: datetime | None = None) -> int:
    """Rent a new disc of Alien to the customer; return the rental's id."""
    async with app.state.database.writing() as connection:
        disc = sa.insert(Inventory).values(film_id=ALIEN, store_id=1).returning(col(Inventory.inventory_id))
        loan = {"rental_date": start, "return_date": end, "staff_id": 1, "customer_id": int(customer.split("/")[-1])}
        rental = sa.insert(Rental).values(inventory_id=await connection.scalar(disc), **loan)
        return int(await connection.scalar(rental.returning(col(Rental.rental_id))))


async def pay(client: httpx.AsyncClient, customer: str, rental_id: int, amount: float, **more: Any) -> httpx.Response:
    body = {"rental_id": rental_id, "staff_id": 1, "amount": amount}
    return await client.post(f"{customer}/payments", json=body, **more)


async def owed(client: httpx.AsyncClient, customer: str) -> dict[str, Decimal]:
    """Return the amounts of the balance as decimals."""
    response = await client.get(f"{customer}/balance")
    assert response.status_code == 200, response.text
    balance = response.json()
    assert balance.pop("customer_id") == int(customer.split("/")[-1])
    balance.pop("as_of")
    return {name: Decimal(str(amount)) for name, amount in balance.items()}


async def test_a_payment_is_received_now_and_listed(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    rental_id = await rented(own_app, customer, NOW - DAY)
    before = datetime.now(timezone.utc)
    response = await own_client.post(
        f"{customer}/payments", json={"rental_id": rental_id, "staff_id": 0, "amount": 2.99}
    )
    assert response.status_code == 201
    assert "location" not in response.headers
    payment = response.json()
    at = datetime.fromisoformat(payment["payment_date"].replace("Z", "+00:00"))
    assert before <= at <= datetime.now(timezone.utc)
    assert payment == {
        "id": payment["id"],
        "customer_id": int(customer.split("/")[-1]),
        "staff_id": 0,
        "rental_id": rental_id,
        "amount": 2.99,
        "payment_date": payment["payment_date"],
        "film_title": "Alien",
    }
    assert (await own_client.get(f"{customer}/payments")).json() == [payment]


@pytest.mark.parametrize("amount", [0.01, 0.29, 8.2, 999.99, 5])
async def test_amounts_are_kept_to_the_cent(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str, amount: float
) -> None:
    rental_id = await rented(own_app, customer, NOW - DAY)
    for _ in range(3):
        assert (await pay(own_client, customer, rental_id, amount)).json()["amount"] == amount
    total = Decimal(str(amount)) * 3
    assert (await owed(own_client, customer))["payments"] == total
    assert (await owed(own_client, customer))["balance"] == RATE - total


async def test_a_payment_for_the_rental_of_another_customer_is_refused(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    theirs = (await own_client.get(f"{CUSTOMERS}/1/rentals", params={"limit": 1})).json()[0]
    for rental_id in (theirs["id"], NOBODY):
        response = await pay(own_client, customer, rental_id, 1)
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["loc"], error["type"]) == (["body", "rental_id"], "reference")
    assert (await own_client.get(f"{customer}/payments")).json() == []


async def test_a_payment_with_an_unknown_staff_id_is_refused(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    rental_id = await rented(own_app, customer, NOW - DAY)
    body = {"rental_id": rental_id, "staff_id": NOBODY, "amount": 1}
    response = await own_client.post(f"{customer}/payments", json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", "staff_id"], "reference")


async def test_a_payment_sent_twice_with_one_key_is_one(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    rental_id = await rented(own_app, customer, NOW - DAY)
    key = {"Idempotency-Key": f"pay-{rental_id}"}
    first, again = [await pay(own_client, customer, rental_id, 2.99, headers=key) for _ in range(2)]
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert (await pay(own_client, customer, rental_id, 3.99, headers=key)).status_code == 422
    assert (await own_client.get(f"{customer}/payments")).json() == [first.json()]


async def test_of_many_payments_with_one_key_one_is_made(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    rental_id = await rented(own_app, customer, NOW - DAY)
    key = {"Idempotency-Key": f"at-once-{rental_id}"}
    responses = await asyncio.gather(*(pay(own_client, customer, rental_id, 2.99, headers=key) for _ in range(20)))
    assert Counter(response.status_code for response in responses) == {201: 20}
    assert len({response.content for response in responses}) == 1
    assert len((await own_client.get(f"{customer}/payments")).json()) == 1


async def test_a_refused_payment_leaves_its_key_free(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    key = {"Idempotency-Key": f"free-{customer}"}
    assert (await pay(own_client, customer, NOBODY, 2.99, headers=key)).status_code == 422
    rental_id = await rented(own_app, customer, NOW - DAY)
    assert (await pay(own_client, customer, rental_id, 2.99, headers=key)).status_code == 201


@pytest.mark.parametrize("sort", ["id", "-id", "payment_date", "-payment_date,id"])
async def test_walking_a_customers_payments_meets_each_once_and_in_order(client: httpx.AsyncClient, sort: str) -> None:
    path = f"{CUSTOMERS}/7/payments"
    every = (await client.get(path, params={"sort": sort, "limit": 1000})).json()
    walked: list[dict[str, Any]] = []
    response = await client.get(path, params={"sort": sort, "limit": 4})
    walked += response.json()
    while "next" in response.links:
        response = await client.get(response.links["next"]["url"])
        walked += response.json()
    assert walked == every
    assert len({payment["id"] for payment in walked}) > 8
    assert {payment["customer_id"] for payment in walked} == {7}
    name = sort.split(",")[0].lstrip("-")
    values = [payment[name] for payment in walked]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (["2026-01-01T00:00:00Z", 1], 200),
        (["0001-01-01T00:00:00+14:00", 1], 422),
        (["9999-12-31T23:59:59-14:00", 1], 422),
        (["2026-01-01T00:00:00", 1], 422),
        (["now", 1], 422),
        ([None, 1], 422),
        (["2026-01-01T00:00:00Z", 2**40], 422),
    ],
)
async def test_a_forged_cursor_does_no_harm(client: httpx.AsyncClient, values: list[Any], status: int) -> None:
    token = json.dumps(["after", "payment_date,id", values])
    cursor = urlsafe_b64encode(token.encode()).decode().rstrip("=")
    response = await client.get(f"{CUSTOMERS}/7/payments", params={"sort": "payment_date", "cursor": cursor})
    assert response.status_code == status


async def test_a_customer_without_rentals_owes_nothing(own_client: httpx.AsyncClient, customer: str) -> None:
    assert set((await owed(own_client, customer)).values()) == {Decimal(0)}


DUE, LOST = NOW - 30 * DAY, NOW - 30 * DAY + 2 * DAYS * DAY
"""When a rental was due, and when it began to count as lost."""


@pytest.mark.parametrize(
    ("end", "days_late", "is_lost"),
    [
        (DUE - DAY, 0, False),
        (DUE, 0, False),
        (DUE + MOMENT, 1, False),
        (DUE + DAY, 1, False),
        (DUE + DAY + MOMENT, 2, False),
        (LOST, 8, False),
        (LOST + MOMENT, 9, True),
    ],
)
async def test_what_a_rental_costs_depends_on_when_it_ended(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str, end: datetime, days_late: int, is_lost: bool
) -> None:
    await rented(own_app, customer, DUE - DAYS * DAY, end)
    cost = COST if is_lost else Decimal(0)
    assert await owed(own_client, customer) == {
        "rental_fees": RATE,
        "late_fees": Decimal(days_late),
        "replacement_costs": cost,
        "payments": Decimal(0),
        "balance": RATE + days_late + cost,
    }


@pytest.mark.parametrize(
    ("days_out", "days_late", "is_lost"),
    [(1, 0, False), (3.9, 0, False), (4.1, 1, False), (11.9, 8, False), (12.1, 9, True)],
)
async def test_a_disc_that_is_out_costs_more_by_the_day(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str, days_out: float, days_late: int, is_lost: bool
) -> None:
    await rented(own_app, customer, NOW - days_out * DAY)
    balance = await owed(own_client, customer)
    assert balance["late_fees"] == days_late
    assert balance["replacement_costs"] == (COST if is_lost else 0)


async def test_payments_settle_the_balance_and_more(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    rental_id = await rented(own_app, customer, NOW - 6 * DAY, NOW)
    assert (await owed(own_client, customer))["balance"] == Decimal("4.99")
    await pay(own_client, customer, rental_id, 4.99)
    assert (await owed(own_client, customer))["balance"] == 0
    await pay(own_client, customer, rental_id, 0.01)
    assert (await owed(own_client, customer))["balance"] == Decimal("-0.01")


async def test_a_balance_adds_up_thousands_of_rentals_to_the_cent(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: str
) -> None:
    async with own_app.state.database.writing() as connection:
        disc = sa.insert(Inventory).values(film_id=ALIEN, store_id=1).returning(col(Inventory.inventory_id))
        loan = {
            "inventory_id": await connection.scalar(disc),
            "customer_id": int(customer.split("/")[-1]),
            "staff_id": 1,
        }
        times = (NOW - timedelta(minutes=number) for number in range(1, 3001))
        await connection.execute(
            sa.insert(Rental), [{"rental_date": time, "return_date": time + 30 * MOMENT, **loan} for time in times]
        )
    assert (await owed(own_client, customer))["rental_fees"] == 3000 * Decimal("2.99")


async def test_the_balances_of_the_sample_store_add_up(client: httpx.AsyncClient) -> None:
    films: dict[int, dict[str, Any]] = {}
    for number in (3, 5, 11):
        path = f"{CUSTOMERS}/{number}"
        balance = (await client.get(f"{path}/balance")).json()
        now = datetime.fromisoformat(balance["as_of"].replace("Z", "+00:00"))
        rate = late = cost = Decimal(0)
        for rental in (await client.get(f"{path}/rentals", params={"limit": 1000})).json():
            if rental["film_id"] not in films:
                films[rental["film_id"]] = (await client.get(f"/api/v1/films/{rental['film_id']}")).json()
            film = films[rental["film_id"]]
            start = datetime.fromisoformat(rental["rental_date"].replace("Z", "+00:00"))
            end = datetime.fromisoformat((rental["return_date"] or balance["as_of"]).replace("Z", "+00:00"))
            assert end <= now
            rate += Decimal(str(film["rental_rate"]))
            late += max(0, -((start + film["rental_duration"] * DAY - end) // DAY))
            if end > start + 3 * film["rental_duration"] * DAY:
                cost += Decimal(str(film["replacement_cost"]))
        paid = sum(
            Decimal(str(payment["amount"]))
            for payment in (await client.get(f"{path}/payments", params={"limit": 1000})).json()
        )
        amounts = {"rental_fees": rate, "late_fees": late, "replacement_costs": cost, "payments": paid}
        assert await owed(client, path) == {**amounts, "balance": rate + late + cost - paid}
        assert rate > 0


@pytest.mark.parametrize("path", ["balance", "payments?limit=10"])
async def test_reading_payments_or_balance_takes_one_query(
    own_app: FastAPI, own_client: httpx.AsyncClient, path: str
) -> None:
    with statements_of(own_app) as statements:
        assert (await own_client.get(f"{CUSTOMERS}/1/{path}")).status_code == 200
    assert len(statements) == 1


async def test_payments_and_balance_of_an_unknown_customer_are_404(
    own_client: httpx.AsyncClient, customer: str
) -> None:
    unknown = f"{CUSTOMERS}/{NOBODY}"
    for response in (
        await own_client.get(f"{unknown}/payments"),
        await own_client.get(f"{unknown}/balance"),
        await pay(own_client, unknown, NOBODY, 1),
    ):
        assert response.status_code == 404
        assert response.json()["detail"] == f"Customer {NOBODY} does not exist."
    response = await own_client.get(f"{customer}/payments")
    assert (response.status_code, response.json()) == (200, [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"amount": amount}, "amount") for amount in (0, -1, 0.001, 1.005, 1000, 1e300, "2.99", True, None)),
        *(({"rental_id": number}, "rental_id") for number in (0, -1, 2**31, 2**63, "1", 1.5, True, None)),
        *(({"staff_id": number}, "staff_id") for number in (-1, 2**31, "1", None)),
        ({"payment_date": "2022-01-01T00:00:00Z"}, "payment_date"),
        ({"customer_id": 5}, "customer_id"),
    ],
)
async def test_an_invalid_body_is_422_and_names_the_field(
    own_client: httpx.AsyncClient, customer: str, change: dict[str, object], field: str
) -> None:
    body = {"rental_id": 1, "staff_id": 1, "amount": 1, **change}
    response = await own_client.post(f"{customer}/payments", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", field]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
async def test_an_invalid_idempotency_key_is_422(own_client: httpx.AsyncClient, customer: str, key: str) -> None:
    response = await pay(own_client, customer, 1, 1, headers={"Idempotency-Key": key.encode()})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][0] == "header"
