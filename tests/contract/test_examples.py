"""The examples in OpenAPI work as they are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import httpx
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.models import Confirmation, Turn
from tests.fixtures.callers import CUSTOMER, bearer, token_of
from tests.fixtures.examples import body_of, examples_in, path_parameters, with_examples

ENDS_ITS_TOKEN = {"change_password"}
"""Operations that end the caller's token: a customer calls them, because the admin is needed afterwards."""
NEEDS_A_SECRET = {"refresh_token"}
"""Operations that need a secret of the caller, which no example can contain."""


async def add_proposal(app: FastAPI, conversation_id: int) -> None:
    """Add a pending confirmation: to end a plan that does not exist."""
    now = datetime.now(timezone.utc)
    turn = Turn(
        conversation_id=conversation_id,
        status="confirmation_required",
        question="Stop my plan.",
        steps=[],
        calls=[],
        usage={},
        fingerprint="",
        started_at=now,
        lease_until=now,
    )
    async with app.state.database.writing() as connection:
        values = turn.model_dump(exclude={"id"})
        turn_id = await connection.scalar(sa.insert(Turn).returning(col(Turn.id)).values(values))
        proposal = Confirmation(
            conversation_id=conversation_id,
            turn_id=turn_id,
            status="pending",
            action="end_plan",
            arguments={"customer_id": 1, "subscription_id": 999},
            preconditions={},
            summary="End the streaming plan Basic",
            created_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        await connection.execute(sa.insert(Confirmation).values(proposal.model_dump(exclude={"id"})))


async def test_every_example_is_accepted(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    described = (await own_client.get("/openapi.json")).json()
    (rented,) = (await own_client.get("/api/v1/rentals", params={"active_only": True, "limit": 1})).json()
    conversation = (await own_client.post("/api/v1/conversations")).json()
    await add_proposal(own_app, (await own_client.post("/api/v1/conversations")).json()["id"])
    path_values = dict.fromkeys(path_parameters(described), "1") | {"rental_id": str(rented["id"])}
    path_values["conversation_id"] = str(conversation["id"])
    refused = []
    for method, path, operation in with_examples(described):
        if operation["operationId"] in NEEDS_A_SECRET:
            continue
        examples = {place: examples_in(operation, place) for place in ("query", "header")}
        if operation["operationId"] in ENDS_ITS_TOKEN:
            examples["header"] |= bearer(token_of(CUSTOMER))
        response = await own_client.request(
            method,
            path.format_map(path_values),
            params=examples["query"],
            headers=examples["header"],
            json=body_of(described, operation),
        )
        if response.status_code >= 400:
            refused.append(f"{method} {path}: {response.text}")
        if "Location" in response.headers:
            await own_client.delete(response.headers["Location"])  # for the next one to find the store as it was
    assert not refused, "\n".join(refused)
