"""A thinking model gets its thoughts back with its tool calls, as DeepSeek demands, and nobody else sees them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes.openai_server import FakeOpenAI, Mode
from tests.fakes.openai_texts import THOUGHT
from tests.fixtures.agui import STREAM
from tests.fixtures.callers import CUSTOMER, bearer, token_of
from tests.fixtures.model_questions import ALIEN, FILM, ask_film, assert_answered
from tests.fixtures.talking import CONVERSATIONS

pytestmark = pytest.mark.servers

OWN = bearer(token_of(CUSTOMER))


def said_by_the_model(provider: FakeOpenAI) -> list[dict[str, Any]]:
    """The model's own messages in the latest request."""
    return [message for message in provider.requests[-1].body["messages"] if message["role"] == "assistant"]


async def asked(client: httpx.AsyncClient, path: str, question: str = ALIEN) -> httpx.Response:
    return await client.post(f"{path}/turns", json={"question": question}, headers=OWN)


async def conversation(client: httpx.AsyncClient) -> str:
    return (await client.post(CONVERSATIONS, headers=OWN)).headers["location"]


@pytest.mark.parametrize("field", [Mode.REASONING_CONTENT, Mode.REASONING])
async def test_a_thought_goes_back_with_its_tool_call_in_the_field_it_came_in(
    new_client: httpx.AsyncClient, provider: FakeOpenAI, field: Mode
) -> None:
    provider.mode = field
    assert_answered(FILM, await ask_film(new_client))
    (calling,) = said_by_the_model(provider)
    assert calling[field.value] == THOUGHT
    assert len(calling["tool_calls"]) == 1


async def test_a_server_that_demands_it_is_asked_once(new_client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode, provider.also = Mode.WANTS_THOUGHTS, (Mode.REASONING_CONTENT,)
    assert_answered(FILM, await ask_film(new_client))
    assert provider.calls == 2


async def test_a_server_that_demands_it_takes_the_tool_calls_of_earlier_turns(
    new_client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.mode, provider.also = Mode.WANTS_THOUGHTS, (Mode.REASONING_CONTENT,)
    path = await conversation(new_client)
    for question in (ALIEN, "And the film Dune?", "And the film Jaws?"):
        assert (await asked(new_client, path, question)).status_code == 201
    # Two calls a turn, and one refusal in all: the second turn's first request did not know yet.
    assert provider.calls == 7


async def test_a_server_that_does_not_know_it_is_not_sent_it_again(
    new_client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.mode, provider.also = Mode.REFUSES_THOUGHTS, (Mode.REASONING_CONTENT,)
    assert_answered(FILM, await ask_film(new_client))
    learnt = provider.calls
    assert_answered(FILM, await ask_film(new_client))
    assert provider.calls == learnt + 2
    assert "reasoning_content" not in said_by_the_model(provider)[0]


async def test_a_model_that_does_not_think_is_sent_no_thought(
    new_client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    path = await conversation(new_client)
    for _ in range(2):
        assert (await asked(new_client, path)).status_code == 201
    assert {key for message in said_by_the_model(provider) for key in message} <= {
        *("role", "content", "tool_calls", "name")
    }


async def test_nobody_sees_a_thought(new_client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.REASONING_CONTENT
    path = await conversation(new_client)
    told = await new_client.post(f"{path}/turns", json={"question": ALIEN}, headers={**OWN, **STREAM})
    turns = await new_client.get(f"{path}/turns", headers=OWN)
    assert FILM.answer == turns.json()[0]["answer"]
    for word in THOUGHT.split(".")[:2]:
        assert word not in told.text + turns.text
