"""The service on an adopted Pagila database works as on a new database."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.core.database.migrations import upgrade
from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fixtures.schema_probes import execute, row_counts

pytestmark = pytest.mark.postgres


async def ask(client: httpx.AsyncClient, question: str) -> dict[str, str]:
    response = await client.post("/api/v1/ai/handoff", json={"question": question})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_an_adopted_pagila_database_answers_like_our_own(pagila: str) -> None:
    before = await row_counts(pagila)
    await asyncio.to_thread(upgrade, pagila)
    async with running(create_app(settings_for(pagila))) as app, client_of(app) as client:
        assert (await client.get("/health/ready")).status_code == 200
        film = (await client.get("/api/v1/films/15")).json()
        assert film["title"] == "ALIEN CENTER"
        assert len(film["categories"]) > 1
        assert film["language"] == "Italian"  # char(20), so padded in the table
        assert film["streaming_available"] is False

        answer = await ask(client, "What is the rental rate for the film Alien Center?")
        assert answer["agent"] == "SearchAgent"
        assert f"${film['rental_rate']}" in answer["answer"]
        assert all(category in answer["answer"] for category in film["categories"])

        candidates = await ask(client, "What is the rental rate for the film Alien?")
        assert candidates["agent"] == "SearchAgent"
        assert all(title in candidates["answer"] for title in ("ALIEN CENTER", "DESIRE ALIEN", "HOBBIT ALIEN"))

        assert (await ask(client, "Who won the FIFA World Cup in 2022?"))["agent"] == "LLMAgent"
        assert (await client.post("/api/v1/ai/summary", json={"film_id": 15})).json()["title"] == "ALIEN CENTER"
    after = await row_counts(pagila)
    assert {table: after[table] for table in before} == before


async def test_renting_goes_on_in_an_adopted_store(pagila: str) -> None:
    await asyncio.to_thread(upgrade, pagila)
    async with running(create_app(settings_for(pagila))) as app, client_of(app) as client:
        rental = (await client.get("/api/v1/rentals", params={"active_only": True, "limit": 1})).json()[0]
        assert rental["is_overdue"]
        disc = {"inventory_id": rental["inventory_id"], "staff_id": rental["staff_id"]}
        refused = await client.post("/api/v1/rentals", json={**disc, "customer_id": rental["customer_id"]})
        assert (refused.status_code, refused.json()["due_date"]) == (409, rental["due_date"])

        returned = await client.post(f"/api/v1/rentals/{rental['id']}/return")
        assert returned.status_code == 200, returned.text
        assert (
            returned.json()["late_fee"] == returned.json()["days_late"] > 999
        )  # more than a payment of Pagila's holds
        payments = f"/api/v1/customers/{rental['customer_id']}/payments"
        newest = (await client.get(payments, params={"sort": "-payment_date", "limit": 2})).json()
        assert sum(payment["amount"] for payment in newest) == pytest.approx(returned.json()["late_fee"])

        again = await client.post(f"/api/v1/customers/{rental['customer_id']}/rentals", json=disc)
        assert again.status_code == 201, again.text
        paid = {"rental_id": again.json()["id"], "staff_id": rental["staff_id"], "amount": 4.99}
        assert (await client.post(payments, json=paid)).status_code == 201


async def test_customers_that_pagila_marks_as_inactive_are_inactive(pagila: str) -> None:
    await asyncio.to_thread(upgrade, pagila)
    await execute(pagila, "UPDATE customer SET active = 0 WHERE customer_id = 2")  # and activebool stays true there
    async with running(create_app(settings_for(pagila))) as app, client_of(app) as client:
        assert (await client.get("/api/v1/customers/2")).json()["active"] is False
        inactive = (await client.get("/api/v1/customers", params={"active": False})).json()
        assert 2 in {customer["id"] for customer in inactive}
        out = {one["inventory_id"] for one in (await client.get("/api/v1/rentals?active_only=true")).json()}
        discs = {disc["id"] for disc in (await client.get("/api/v1/inventory")).json()}
        wanted = {"inventory_id": min(discs - out), "customer_id": 2, "staff_id": 0}
        assert (await client.post("/api/v1/rentals", json=wanted)).status_code == 409


async def test_a_film_added_to_an_adopted_store_is_found_by_its_words(pagila: str) -> None:
    await asyncio.to_thread(upgrade, pagila)
    async with running(create_app(settings_for(pagila))) as app, client_of(app) as client:
        film = {"title": "ZEPPELIN QUARTET", "description": "Four musicians over the ocean", "language_id": 1}
        added = await client.post("/api/v1/films", json=film)
        assert added.status_code == 201, added.text
        found = (await client.get("/api/v1/films/search", params={"q": "musician ocean"})).json()
        assert [one["id"] for one in found] == [added.json()["id"]]
