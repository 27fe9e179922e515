"""Conversations on two service processes of one store: races, disconnects, cancelling, and a process that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.core.database.engine import Database
from app.models import Turn
from tests.conftest import settings_for
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, Reply, ToolCall, fake_openai
from tests.fixtures.agui import events_in, outline, streaming
from tests.fixtures.callers import ADMIN, CUSTOMER, SECRET, bearer, token_of
from tests.fixtures.proposing import CONFIRMATIONS, RENT, decide
from tests.fixtures.serving import UVICORN, Service, serving
from tests.fixtures.talking import CONVERSATIONS, own_store

pytestmark = pytest.mark.servers

ASKED = {"question": 'What is the rental rate for the film "Alien"?'}
_numbers = count(1)


@dataclass
class Processes:
    """Two service processes of one store, each with its own address, and the model provider of both."""

    url: str
    provider: FakeOpenAI
    variables: dict[str, str]
    folder: Path
    services: list[Service] = field(default_factory=list)
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @asynccontextmanager
    async def another(self) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
        """One more process of the store, with a client for the customer."""
        async with (
            serving(*UVICORN, folder=self.folder, DATABASE_URL=self.url, **self.variables) as service,
            httpx.AsyncClient(base_url=service.url, headers=bearer(token_of(CUSTOMER)), timeout=60) as client,
        ):
            yield service, client

    async def conversation(self) -> str:
        created = await self.clients[0].post(CONVERSATIONS)
        assert created.status_code == 201, created.text
        return created.headers["location"]


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.fixture(scope="module")
async def both(
    server: str | None, provider: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Processes]:
    variables = {"SECRET_KEY": SECRET, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url}
    async with own_store(server, tmp_path_factory) as url, AsyncExitStack() as stack:
        found = Processes(url, provider, {**variables, "RATE_LIMIT_AI": "off"}, tmp_path_factory.mktemp("processes"))
        for service, client in await asyncio.gather(*(stack.enter_async_context(found.another()) for _ in range(2))):
            found.services.append(service)
            found.clients.append(client)
        yield found


@pytest.fixture
def processes(both: Processes) -> Processes:
    both.provider.reset()
    return both


async def proposal(processes: Processes, copies: int) -> tuple[int, dict[str, Any]]:
    """Return the id of a new film, and the confirmation that proposes to rent it."""
    title = f"Processed {next(_numbers)}"
    admin = bearer(token_of(ADMIN))
    client = processes.clients[0]
    film = {"title": title, "language_id": 1, "rental_rate": 2.99}
    film_id = (await client.post("/api/v1/films", json=film, headers=admin)).json()["id"]
    discs = {"film_id": film_id, "store_id": 1, "copies": copies}
    assert (await client.post("/api/v1/inventory", json=discs, headers=admin)).status_code == 201
    processes.provider.script(
        [
            Reply(calls=(ToolCall("Handoff-transfer_to_RentalAgent"),)),
            Reply(calls=(ToolCall(RENT, json.dumps({"title": title})),)),
            Reply("Please confirm it."),
        ]
    )
    turn = await client.post(f"{await processes.conversation()}/turns", json={"question": f"Rent {title} for me"})
    (waiting,) = turn.json()["confirmations"]
    return film_id, dict(waiting)


async def test_fifty_approvals_at_two_processes_rent_once(processes: Processes) -> None:
    film_id, waiting = await proposal(processes, copies=3)
    answers = await asyncio.gather(*(decide(client, waiting) for client in processes.clients * 25))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["status"] == "executed"
    admin = bearer(token_of(ADMIN))
    rentals = await processes.clients[1].get("/api/v1/rentals", params={"film_id": film_id}, headers=admin)
    assert [rental["id"] for rental in rentals.json()] == [answers[0].json()["result"]["id"]]


async def test_both_decisions_at_once_are_one_decision(processes: Processes) -> None:
    film_id, waiting = await proposal(processes, copies=1)
    answers = await asyncio.gather(
        *(decide(client, waiting, way) for client in processes.clients for way in ("approve", "decline") * 5)
    )
    status = (await processes.clients[0].get(f"{CONFIRMATIONS}/{waiting['id']}")).json()["status"]
    assert Counter(answer.status_code for answer in answers) == {200: 10, 409: 10}
    assert {answer.json()["status"] for answer in answers if answer.status_code == 200} == {status}
    admin = bearer(token_of(ADMIN))
    rentals = await processes.clients[0].get("/api/v1/rentals", params={"film_id": film_id}, headers=admin)
    assert len(rentals.json()) == (status == "executed")


async def test_of_two_questions_at_two_processes_one_runs(processes: Processes) -> None:
    path = await processes.conversation()
    processes.provider.mode = Mode.HANG
    asking = [asyncio.create_task(client.post(f"{path}/turns", json=ASKED)) for client in processes.clients]
    (refused,), (running,) = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert (refused.result().status_code, refused.result().json()["code"]) == (409, "conversation_busy")
    cancelled = await processes.clients[0].post(f"{refused.result().json()['turn']}/cancel")
    assert (await running).json() == cancelled.json()
    assert cancelled.json()["status"] == "cancelled"
    await processes.provider.wait_for_disconnect()
    assert processes.provider.calls == 1


async def test_twenty_equal_keys_at_two_processes_are_one_turn(processes: Processes) -> None:
    path = await processes.conversation()
    processes.provider.script([Reply("Only once.")])
    keyed = {"Idempotency-Key": "sent-twenty-times"}
    answers = await asyncio.gather(
        *(client.post(f"{path}/turns", json=ASKED, headers=keyed) for client in processes.clients * 10)
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert processes.provider.calls == 1
    assert len((await processes.clients[1].get(f"{path}/turns")).json()) == 1


async def test_another_process_cancels_the_model_call(processes: Processes) -> None:
    path = await processes.conversation()
    processes.provider.mode = Mode.HANG
    asking = asyncio.create_task(processes.clients[0].post(f"{path}/turns", json=ASKED))
    await processes.provider.wait_for_calls(1, timeout=20)
    (turn,) = (await processes.clients[1].get(f"{path}/turns")).json()
    cancelled = await processes.clients[1].post(f"{path}/turns/{turn['id']}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert (await asking).json() == cancelled.json()
    await processes.provider.wait_for_disconnect()


async def test_a_client_that_leaves_at_any_event_continues_at_the_other_process(processes: Processes) -> None:
    """At each event it closes its connection and goes on at the other process; the turn is still running then."""
    here, there = processes.clients
    processes.provider.latency = processes.provider.chunk_delay = 0.02
    cut, whole = 1, 2
    while cut < whole:
        path = await processes.conversation()
        async with streaming(here, "POST", f"{path}/turns", json=ASKED) as events:
            told = [await anext(events) for _ in range(cut)]
        turn = f"{path}/turns/{told[0][0].split(':')[0]}"
        headers = {"Last-Event-ID": told[-1][0]}
        rest = events_in((await there.get(f"{turn}/events", headers=headers)).content)
        stored = events_in((await here.get(f"{turn}/events")).content)
        assert outline(told + rest) == outline(stored)
        assert stored[-1][1]["result"]["answer"].startswith("Alien (Horror")
        cut, whole = cut + 1, len(stored)
    assert whole > 8


async def lapse(url: str, turn_id: int) -> None:
    """Let the turn's lease end now instead of in a minute."""
    database = Database(settings_for(url))
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    async with database.writing() as connection:
        await connection.execute(sa.update(Turn).where(col(Turn.id) == turn_id).values(lease_until=past))
    await database.dispose()


async def test_a_killed_process_loses_nothing_that_was_said_before(processes: Processes) -> None:
    path = await processes.conversation()
    async with processes.another() as (victim, client):
        processes.provider.script([Reply("Alien rents for $2.99."), Behaviour(Mode.HANG_AFTER_FIRST_CHUNK)])
        before = (await client.post(f"{path}/turns", json=ASKED)).json()
        asking = asyncio.create_task(client.post(f"{path}/turns", json={"question": "And Dune?"}))
        await processes.provider.wait_for_calls(2, timeout=20)
        os.kill(victim.process.pid, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            await asking
        await processes.provider.wait_for_disconnect()
    again = processes.clients[1]
    said, running = (await again.get(f"{path}/turns")).json()
    assert (said, running["status"]) == (before, "running")
    await lapse(processes.url, running["id"])
    lost = (await again.get(f"{path}/turns/{running['id']}")).json()
    assert (lost["status"], lost["error"]["code"], lost["answer"]) == ("failed", "interrupted", None)
    told = events_in((await again.get(f"{path}/turns/{lost['id']}/events")).content)
    assert (told[-1][1]["type"], told[-1][1]["code"]) == ("RUN_ERROR", "interrupted")
    processes.provider.script([Reply("In store 1.")])
    following = await again.post(f"{path}/turns", json={"question": "Where?"})
    assert (following.status_code, following.json()["answer"]) == (201, "In store 1.")
    asked = [message["content"] for message in processes.provider.requests[-1].body["messages"][1:]]
    assert asked == [ASKED["question"], "Alien rents for $2.99.", "Where?"]
