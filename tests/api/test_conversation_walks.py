"""Random orders of asking, cancelling, failing, deciding and deleting: every request to the provider stays valid.

The fake server refuses invalid lists of messages, as OpenAI does; here they are also checked for what others want.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.agents.history import CHARACTERS_PER_TOKEN
from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, RecordedRequest, Reply, ToolCall, fake_openai
from tests.fakes.openai_validation import invalid_messages
from tests.fixtures.callers import ADMIN, CUSTOMER
from tests.fixtures.proposing import CONFIRMATIONS, RENT, decide
from tests.fixtures.talking import CONVERSATIONS, own_store

pytestmark = pytest.mark.servers

TOKENS = 400
"""The history's budget: three or four turns."""
STEPS = 25
RETURN = "rental_proposals-propose_return"
QUESTIONS = (
    'What is the rental rate for the film "Alien"?',
    'And is the film "Dune" longer than "Alien"?',
    "Who won the FIFA World Cup in 2022?",
    "Who won the FIFA World Cup in 2022?" + " Tell me more of it." * 12,
)
TO_DESK = Reply(calls=(ToolCall("Handoff-transfer_to_RentalAgent"),))
SEARCH = Reply(calls=(ToolCall("film_search-search_films", '{"title": "Alien"}'),))


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture(scope="module")
async def app(
    server: str | None, provider: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    model = {"ai_provider": "openai", "openai_api_key": "sk-test", "openai_base_url": provider.base_url}
    async with (
        own_store(server, tmp_path_factory) as url,
        running(create_app(settings_for(url, ai_history_tokens=TOKENS, **model))) as application,
    ):
        yield application


@dataclass
class Walk:
    """A customer who does one thing after the other, with what has come of it."""

    client: httpx.AsyncClient
    provider: FakeOpenAI
    draw: random.Random
    mode: Mode
    path: str = ""
    executed: int = 0
    done: list[str] = field(default_factory=list)

    async def step(self) -> None:
        """Do something; then check every request that the provider has got."""
        if not self.path:
            self.path = (await self.client.post(CONVERSATIONS)).headers["location"]
        act = self.draw.choices(ACTS, [weight for _, weight in WEIGHTS])[0]
        self.done.append(act.__name__)
        self.provider.mode, self.provider.requests = self.mode, []
        await act(self)
        self.provider.script([])
        for request in self.provider.requests:
            assert_valid(request)

    async def ask(self, *script: Reply | Behaviour, **body: object) -> httpx.Response:
        self.provider.script([each if isinstance(each, Behaviour) else Behaviour(reply=each) for each in script])
        question = self.draw.choice(QUESTIONS)
        return await self.client.post(f"{self.path}/turns", json={"question": question, **body})

    async def pending(self) -> list[dict[str, Any]]:
        found = await self.client.get(CONFIRMATIONS, params={"status": "pending"})
        return [one for one in found.json() if self.path.endswith(f"/{one['conversation_id']}")]


async def asks(walk: Walk) -> None:
    assert (await walk.ask()).json()["status"] == "completed"


async def asks_for_two_films(walk: Walk) -> None:
    both = Reply("I look them up. ", calls=(*SEARCH.calls, ToolCall("film_search-search_films", '{"title": "Dune"}')))
    assert (await walk.ask(both)).json()["status"] == "completed"


async def is_asked_back(walk: Walk) -> None:
    asking = Reply(calls=(ToolCall("ask_user-ask_user", '{"question": "Which store?"}'), *SEARCH.calls))
    # Only the first agent asks back: a conversation that went on with another one gets the answer of its tools.
    assert (await walk.ask(asking)).status_code == 201


async def is_proposed_a_change(walk: Walk) -> None:
    change = Reply(calls=(ToolCall(walk.draw.choice((RENT, RETURN)), json.dumps({"title": "Alien"})),))
    turn = (await walk.ask(TO_DESK, change, Reply("Please confirm."))).json()
    assert turn["status"] in ("confirmation_required", "completed")
    assert len(turn["confirmations"]) == (turn["status"] == "confirmation_required")


async def decides(walk: Walk) -> None:
    for waiting in await walk.pending():
        way = walk.draw.choice(("approve", "decline"))
        decided = (await decide(walk.client, waiting, way)).json()
        assert decided["status"] == ("executed" if way == "approve" else "declined")
        walk.executed += way == "approve"


async def fails(walk: Walk) -> None:
    broken = walk.draw.choice((Mode.BAD_REQUEST, Mode.CUT_OFF, Mode.DROPPED, Mode.EMPTY, Mode.MALFORMED))
    assert (await walk.ask(Behaviour(broken))).status_code == 502


async def fails_after_a_tool(walk: Walk) -> None:
    assert (await walk.ask(SEARCH, Behaviour(Mode.CUT_OFF))).status_code == 502


async def cancels(walk: Walk) -> None:
    await _cancel(walk, [Behaviour(Mode.HANG)])


async def cancels_after_a_tool(walk: Walk) -> None:
    await _cancel(walk, [SEARCH, Behaviour(Mode.HANG_AFTER_FIRST_CHUNK)])


async def cancels_after_a_proposal(walk: Walk) -> None:
    rent = Reply(calls=(ToolCall(RENT, '{"title": "Alien"}'),))
    await _cancel(walk, [TO_DESK, rent, Behaviour(Mode.HANG)])
    assert await walk.pending() == []


async def _cancel(walk: Walk, script: list[Reply | Behaviour]) -> None:
    """Cancel once the model hangs: by the turn's route, or by another question."""
    calls = walk.provider.calls
    asking = asyncio.create_task(walk.ask(*script))
    await walk.provider.wait_for_calls(calls + len(script), timeout=20)
    if walk.draw.random() < 0.5:
        assert (await walk.ask(Reply("Instead."), if_busy="cancel")).json()["answer"] == "Instead."
    else:
        (turn,) = (await walk.client.get(f"{walk.path}/turns", params={"sort": "-id", "limit": 1})).json()
        assert (await walk.client.post(f"{walk.path}/turns/{turn['id']}/cancel")).json()["status"] == "cancelled"
    assert (await asking).json()["status"] == "cancelled"


async def deletes(walk: Walk) -> None:
    assert (await walk.client.delete(walk.path)).status_code == 204
    walk.path = ""


WEIGHTS = (
    (asks, 4),
    (asks_for_two_films, 3),
    (is_asked_back, 2),
    (is_proposed_a_change, 4),
    (decides, 4),
    (fails, 2),
    (fails_after_a_tool, 2),
    (cancels, 1),
    (cancels_after_a_tool, 1),
    (cancels_after_a_proposal, 1),
    (deletes, 1),
)
ACTS = [act for act, _ in WEIGHTS]


def assert_valid(request: RecordedRequest) -> None:
    """Each call has its result, user and model alternate, and what was said before is within its budget."""
    first, *messages = request.body["messages"]
    assert invalid_messages(request.body) is None
    assert first["role"] == "system"
    texts = [message for message in messages if message["role"] != "tool" and not message.get("tool_calls")]
    roles = [message["role"] for message in texts]
    assert all(role != following for role, following in pairwise(roles)), roles
    assert (roles[0], messages[-1]["role"] in ("user", "tool")) == ("user", True)
    last = max(number for number, message in enumerate(messages) if message["role"] == "user")
    assert size_of(messages[: last + 1]) <= TOKENS * CHARACTERS_PER_TOKEN
    sent = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    assert len(set(sent)) == len(sent)


def size_of(messages: list[dict[str, Any]]) -> int:
    calls = [call["function"] for message in messages for call in message.get("tool_calls") or ()]
    return sum(len(message["content"] or "") for message in messages) + sum(len(call["name"]) for call in calls)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happened_before_the_next_request_is_valid(
    app: FastAPI, provider: FakeOpenAI, seed: int
) -> None:
    provider.reset()
    provider.seed = seed
    async with client_of(app, CUSTOMER) as client, client_of(app, ADMIN) as admin:
        before = await changes_of(admin)
        walk = Walk(client, provider, random.Random(seed), Mode.HARMLESS_QUIRKS if seed % 2 else Mode.NORMAL)
        try:
            for _ in range(STEPS):
                await walk.step()
        except BaseException as error:
            raise AssertionError(f"after {walk.done}") from error
        assert await changes_of(admin) - before == walk.executed


async def changes_of(admin: httpx.AsyncClient) -> int:
    """The number of times that the customer has rented or returned something."""
    rentals = (await admin.get(f"/api/v1/customers/{CUSTOMER.customer_id}/rentals", params={"limit": 1000})).json()
    return len(rentals) + sum(rental["return_date"] is not None for rental in rentals)
