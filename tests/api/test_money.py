"""Payments: who may record them, who pays late fees, and which staff member is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.core.auth.identity import Caller, Scope
from app.models import Staff, Store
from app.schemas.auth import ApiKeyCreate
from app.services.api_keys import ApiKeyService
from tests.conftest import client_of
from tests.fixtures.callers import ADMIN, CUSTOMER, STAFF, bearer

CUSTOMERS, RENTALS = "/api/v1/customers", "/api/v1/rentals"
OWN, OTHER = f"{CUSTOMERS}/1", f"{CUSTOMERS}/2"
FILM = 1
"""Rents for less than a month."""


@pytest.fixture(scope="module")
async def customer(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Customer 1."""
    async with client_of(own_app, CUSTOMER) as http:
        yield http


@pytest.fixture(scope="module")
async def employee(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client for a staff account with the staff_id 1."""
    async with client_of(own_app, STAFF) as http:
        yield http


@pytest.fixture(scope="module")
async def till(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an API key that has all scopes of the store."""
    command = ApiKeyCreate(name="till", scopes=list(Scope))
    key = (await ApiKeyService(own_app.state.database).create(command, None)).key
    async with client_of(own_app, caller=None) as http:
        http.headers.update(bearer(key))
        yield http


@pytest.fixture
async def disc(own_client: httpx.AsyncClient) -> int:
    """A new disc in store 1."""
    return await new_disc(own_client)


async def new_disc(client: httpx.AsyncClient, store_id: int = 1) -> int:
    (added,) = (await client.post("/api/v1/inventory", json={"film_id": FILM, "store_id": store_id})).json()
    return int(added["id"])


async def rented(client: httpx.AsyncClient, disc: int, **more: object) -> str:
    """Rent this disc to customer 1 as admin; return the path of the rental."""
    body = {"inventory_id": disc, "customer_id": 1, "staff_id": 2, **more}
    response = await client.post(RENTALS, json=body)
    assert response.status_code == 201, response.text
    return str(response.headers["location"])


def days_ago(days: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()


async def payments_for(client: httpx.AsyncClient, rental: str) -> list[dict[str, Any]]:
    payments = (await client.get(f"{OWN}/payments", params={"limit": 1000})).json()
    return [payment for payment in payments if payment["rental_id"] == int(rental.rsplit("/", 1)[1])]


async def owed(client: httpx.AsyncClient) -> float:
    return float((await client.get(f"{OWN}/balance")).json()["balance"])


async def test_a_customer_cannot_record_payments(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, disc)
    before = await owed(own_client)
    for more in ({}, {"staff_id": 1}):
        payment = {"rental_id": int(rental.rsplit("/", 1)[1]), "amount": 4.99, **more}
        assert (await customer.post(f"{OWN}/payments", json=payment)).status_code == 403
        assert (await customer.post(f"{OTHER}/payments", json=payment)).status_code == 404
    assert await payments_for(own_client, rental) == []
    assert await owed(own_client) == before


async def test_a_customers_own_late_return_leaves_the_fee_owed(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, disc, rental_date=days_ago(30))
    before = await owed(own_client)
    response = await customer.post(f"{rental}/return")
    assert response.status_code == 200
    returned = response.json()
    assert returned["days_late"] > 20
    assert (returned["late_fee"], returned["payment_id"]) == (returned["days_late"], None)
    assert await payments_for(own_client, rental) == []
    assert await owed(own_client) == await owed(customer) == before


async def test_the_fee_that_a_customer_left_is_paid_at_the_counter(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, till: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, disc, rental_date=days_ago(30))
    fee = (await customer.post(f"{rental}/return")).json()["late_fee"]
    before = await owed(own_client)
    payment = {"rental_id": int(rental.rsplit("/", 1)[1]), "staff_id": 2, "amount": fee}
    assert (await till.post(f"{OWN}/payments", json=payment)).status_code == 201
    assert await owed(customer) == pytest.approx(before - fee)


async def test_a_late_return_at_the_counter_is_paid_at_once(
    own_client: httpx.AsyncClient, employee: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, disc, rental_date=days_ago(30))
    before = await owed(own_client)
    returned = (await employee.post(f"{rental}/return")).json()
    (payment,) = await payments_for(own_client, rental)
    assert (payment["id"], payment["amount"]) == (returned["payment_id"], returned["late_fee"])
    assert payment["staff_id"] == STAFF.staff_id
    assert await owed(own_client) == pytest.approx(before - returned["late_fee"])


async def test_a_payment_by_key_belongs_to_the_given_staff_or_that_of_the_rental(
    own_client: httpx.AsyncClient, till: httpx.AsyncClient
) -> None:
    for body, paid_to in (({"staff_id": 0}, 0), ({}, 2)):
        rental = await rented(own_client, await new_disc(own_client), rental_date=days_ago(30))
        assert (await till.post(f"{rental}/return", json=body)).status_code == 200
        (payment,) = await payments_for(own_client, rental)
        assert payment["staff_id"] == paid_to


async def test_customers_cannot_send_a_staff_id(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, await new_disc(own_client), rental_date=days_ago(30))
    wish = {"inventory_id": disc, "staff_id": 1}
    for response in (
        await customer.post(RENTALS, json={**wish, "customer_id": 1}),
        await customer.post(f"{OWN}/rentals", json=wish),
        await customer.post(f"{rental}/return", json={"staff_id": 1}),
    ):
        assert response.status_code == 403
        assert response.json()["detail"] == "Only staff may send staff_id: leave it unset."
    assert (await own_client.get(RENTALS, params={"inventory_id": disc})).json() == []
    assert (await own_client.get(rental)).json()["return_date"] is None


async def test_the_staff_of_a_customers_own_rental_is_the_manager_of_the_store(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: httpx.AsyncClient
) -> None:
    async with own_app.state.database.reading() as connection:
        rows = await connection.execute(sa.select(col(Store.store_id), col(Store.manager_staff_id)))
        managers = dict(tuple(row) for row in rows)
    assert len(set(managers.values())) == 2
    for store_id, manager in managers.items():
        disc = await new_disc(own_client, store_id)
        response = await customer.post(f"{OWN}/rentals", json={"inventory_id": disc})
        assert response.status_code == 201, response.text
        assert response.json()["staff_id"] == manager


async def test_customers_can_rent_in_a_store_whose_manager_is_gone(
    own_app: FastAPI, own_client: httpx.AsyncClient, customer: httpx.AsyncClient
) -> None:
    store = sa.update(Store).where(col(Store.store_id) == 1)
    async with own_app.state.database.writing() as connection:
        manager = await connection.scalar(sa.select(col(Store.manager_staff_id)).where(col(Store.store_id) == 1))
        await connection.execute(store.values(manager_staff_id=32_000))
    try:
        disc = await new_disc(own_client)
        response = await customer.post(RENTALS, json={"inventory_id": disc, "customer_id": 1})
    finally:
        async with own_app.state.database.writing() as connection:
            await connection.execute(store.values(manager_staff_id=manager))
    assert response.status_code == 201, response.text
    async with own_app.state.database.reading() as connection:
        this = col(Staff.staff_id) == response.json()["staff_id"]
        assert await connection.scalar(sa.select(col(Staff.store_id)).where(this)) == 1


async def test_a_customer_who_rents_an_unknown_item_gets_an_error(customer: httpx.AsyncClient) -> None:
    response = await customer.post(f"{OWN}/rentals", json={"inventory_id": 999_999})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "inventory_id"]


async def test_staff_act_as_themselves_with_or_without_a_staff_id(
    own_client: httpx.AsyncClient, employee: httpx.AsyncClient
) -> None:
    for more in ({}, {"staff_id": STAFF.staff_id}):
        wish = {"inventory_id": await new_disc(own_client), **more}
        rental = await employee.post(f"{OWN}/rentals", json=wish)
        assert (rental.status_code, rental.json()["staff_id"]) == (201, STAFF.staff_id)
        paid = await employee.post(f"{OWN}/payments", json={"rental_id": rental.json()["id"], "amount": 1, **more})
        assert (paid.status_code, paid.json()["staff_id"]) == (201, STAFF.staff_id)


async def test_staff_cannot_send_another_staff_id(
    own_client: httpx.AsyncClient, employee: httpx.AsyncClient, disc: int
) -> None:
    rental = await rented(own_client, await new_disc(own_client))
    number = int(rental.rsplit("/", 1)[1])
    for path, body in (
        (RENTALS, {"inventory_id": disc, "customer_id": 1}),
        (f"{OWN}/rentals", {"inventory_id": disc}),
        (f"{OWN}/payments", {"rental_id": number, "amount": 1}),
        (f"{rental}/return", {}),
    ):
        response = await employee.post(path, json={**body, "staff_id": 2})
        assert response.status_code == 422, path
        (error,) = response.json()["errors"]
        assert error["loc"] == ["body", "staff_id"]
        assert "acts as staff 1" in error["msg"]
    assert (await own_client.get(RENTALS, params={"inventory_id": disc})).json() == []
    assert await payments_for(own_client, rental) == []


@pytest.mark.parametrize("who", ["admin", "key"])
async def test_callers_without_a_staff_id_must_send_one(
    own_client: httpx.AsyncClient, till: httpx.AsyncClient, disc: int, who: str
) -> None:
    client = till if who == "key" else own_client
    rental = await rented(own_client, await new_disc(own_client))
    number = int(rental.rsplit("/", 1)[1])
    for path, body in (
        (RENTALS, {"inventory_id": disc, "customer_id": 1}),
        (f"{OWN}/rentals", {"inventory_id": await new_disc(own_client)}),
        (f"{OWN}/payments", {"rental_id": number, "amount": 1}),
    ):
        response = await client.post(path, json=body)
        assert response.status_code == 422, path
        assert response.json()["errors"][0]["loc"] == ["body", "staff_id"]
        assert (await client.post(path, json={**body, "staff_id": 2})).json()["staff_id"] == 2


async def test_an_admin_with_a_staff_id_acts_as_themselves(own_app: FastAPI, disc: int) -> None:
    async with client_of(own_app, Caller(ADMIN.role, account_id=1, staff_id=2)) as boss:
        rental = await boss.post(f"{OWN}/rentals", json={"inventory_id": disc})
        assert (rental.status_code, rental.json()["staff_id"]) == (201, 2)
