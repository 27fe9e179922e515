"""Text of agents arrives in a conversation's events as the model writes it, whatever else the provider sends."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.fakes.openai_groups import HARMLESS, MORE_THOUGHTS
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, Reply
from tests.fixtures.agui import STREAM, Told, events_in, streaming, texts
from tests.fixtures.callers import CUSTOMER, bearer, token_of
from tests.fixtures.model_questions import ALIEN, FILM
from tests.fixtures.served import served
from tests.fixtures.talking import CONVERSATIONS

pytestmark = pytest.mark.servers

OWN = bearer(token_of(CUSTOMER))
ASKED = {"json": {"question": ALIEN}}
SEARCH = '{"name": "film_search-search_films", "arguments": {"title": "Alien"}}'


async def conversation(client: httpx.AsyncClient) -> str:
    return (await client.post(CONVERSATIONS, headers=OWN)).headers["location"]


async def told_of(client: httpx.AsyncClient) -> list[Told]:
    """The events of a new conversation's turn."""
    path = await conversation(client)
    response = await client.post(f"{path}/turns", headers={**OWN, **STREAM}, **ASKED)  # type: ignore[arg-type]
    return events_in(response.content)


@pytest.fixture
async def http(new_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with served(new_app, lifespan="off") as url, httpx.AsyncClient(base_url=url, headers=OWN) as http:
        yield http


@pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.REASONING_CONTENT])
async def test_words_are_told_while_the_model_writes_them(
    http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
) -> None:
    provider.mode, provider.chunk_delay = mode, 0.1
    path, arrived = await conversation(http), []
    async with streaming(http, "POST", f"{path}/turns", **ASKED) as events:
        async for _, event in events:
            if event["type"] == "TEXT_MESSAGE_CONTENT":
                arrived.append(time.monotonic())
    assert len(arrived) > 1
    assert arrived[-1] - arrived[0] > 0.05


@pytest.mark.parametrize("mode", [*HARMLESS, *MORE_THOUGHTS])
async def test_a_harmless_quirk_changes_nothing_that_is_told(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
) -> None:
    provider.mode = mode
    told = await told_of(client)
    assert told[-1][1]["type"] == "RUN_FINISHED", told[-1]
    assert told[-1][1]["result"]["answer"] == FILM.answer
    assert list(texts(told).values())[-1].strip() == FILM.answer


@pytest.mark.parametrize(
    "written",
    [SEARCH, f"```json\n{SEARCH}\n```", f"<tool_call>{SEARCH}</tool_call>", 'search_films(title="Alien")'],
    ids=["json", "fence", "tag", "python"],
)
async def test_a_tool_call_written_as_text_is_not_told_as_text(
    client: httpx.AsyncClient, provider: FakeOpenAI, written: str
) -> None:
    provider.script([Behaviour(reply=Reply(written), chunk_delay=0.001)])
    told = await told_of(client)
    assert list(texts(told).values()) == [FILM.answer]
    assert told[-1][1]["result"]["steps"][0]["arguments"]["title"] == "Alien"


async def test_a_stream_aborts_at_an_unexpected_thought_and_the_next_one_holds_it_back(
    new_client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    surprising = Behaviour(reply=Reply(f"Blue is what scatters most.</think>\n\n{FILM.answer}"), chunk_delay=0.001)
    provider.script([surprising, surprising])
    assert (await told_of(new_client))[-1][1]["code"] == "upstream_failed"
    told = await told_of(new_client)
    assert list(texts(told).values()) == [FILM.answer] == [told[-1][1]["result"]["answer"]]
