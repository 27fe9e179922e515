"""The service on somebody's Pagila database: migrated, and then as good as on its own."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.core.schema import upgrade
from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fixtures.schema_probes import row_counts

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
