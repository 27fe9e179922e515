"""Questions that agents answer from the store with the offline model, one at a time and concurrently."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth.identity import Caller
from tests.conftest import client_of
from tests.fixtures.callers import CUSTOMER, OTHER_CUSTOMER, STAFF, bearer, token_of

HANDOFF = "/api/v1/ai/handoff"


async def ask(client: httpx.AsyncClient, question: str) -> dict[str, object]:
    response = await client.post(HANDOFF, json={"question": question})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def ask_as(client: httpx.AsyncClient, caller: Caller, question: str) -> dict[str, object]:
    response = await client.post(HANDOFF, json={"question": question}, headers=bearer(token_of(caller)))
    return dict(response.json())


async def test_a_film_question_is_answered_from_the_store(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "What is the rental rate for the film Alien?")
    assert answer["agent"] == "SearchAgent"
    assert answer["answer"] == "Alien (Horror, Sci-Fi) rents for $2.99."
    assert answer["steps"] == [
        {
            "agent": "SearchAgent",
            "kind": "tool",
            "name": "film_search-find_mentions",
            "arguments": {"text": "What is the rental rate for the film Alien?"},
        }
    ]


async def test_any_other_question_is_handed_over(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "Who won the FIFA World Cup in 2022?")
    assert answer["agent"] == "LLMAgent"
    assert "offline model" in str(answer["answer"])
    assert "OPENAI_API_KEY" in str(answer["answer"])


async def test_blanks_around_a_question_do_not_count(client: httpx.AsyncClient) -> None:
    answer = await ask(client, f"{' ' * 3000}What is the rental rate for the film Alien?{chr(10) * 3000}")
    assert answer["agent"] == "SearchAgent"


async def test_the_agents_act_with_the_callers_permissions(app: FastAPI) -> None:
    question = "What do I have out?"
    async with client_of(app, caller=None) as client:
        nobody = await ask(client, question)
        own = [await ask_as(client, caller, question) for caller in (CUSTOMER, OTHER_CUSTOMER)]
        told = await ask_as(client, STAFF, "What does customer 1 have out?")
        refused = await ask_as(client, OTHER_CUSTOMER, "What does customer 1 have out?")
    assert "sign in" in str(nobody["answer"])
    assert {answer["agent"] for answer in own} == {"RentalAgent"}
    assert own[0]["answer"] != own[1]["answer"]
    assert str(own[0]["answer"]).partition("out")[2] == str(told["answer"]).partition("out")[2]
    assert "only tell you about your own" in str(refused["answer"])


async def test_the_offline_model_streams_and_summarises(client: httpx.AsyncClient) -> None:
    streamed = await client.get("/api/v1/ai/ask", params={"question": "What is love?"})
    assert "offline model" in streamed.text
    summary = (await client.post("/api/v1/ai/summary", json={"film_id": 1})).json()
    assert (summary["title"], summary["rating"]) == ("Alien", "R")
    assert "1979" in summary["summary"]
    assert isinstance(summary["recommended"], bool)


async def test_info_shows_the_team_and_its_tools(client: httpx.AsyncClient) -> None:
    info = (await client.get("/api/v1/ai/info")).json()
    assert (info["provider"], info["model"]) == ("offline", "offline")
    agents = {agent["name"]: agent for agent in info["agents"]}
    assert set(agents) == {"SearchAgent", "RentalAgent", "LLMAgent"}
    assert "film_search-find_films" in agents["SearchAgent"]["tools"]
    assert agents["LLMAgent"]["tools"] == []
    assert set(agents["SearchAgent"]["hands_over_to"]) == {"RentalAgent", "LLMAgent"}
    assert {"rental_desk-my_balance", "rental_desk-find_customer"} <= set(agents["RentalAgent"]["tools"])
    kinds = {plugin["name"]: plugin["kind"] for plugin in info["plugins"]}
    assert kinds["film_search"] == kinds["rental_desk"] == "native"
    assert kinds["chat"] == "prompt"


async def test_info_shows_which_callers_have_a_tool(client: httpx.AsyncClient) -> None:
    info = (await client.get("/api/v1/ai/info")).json()
    (desk,) = (plugin["functions"] for plugin in info["plugins"] if plugin["name"] == "rental_desk")
    assert desk["my_balance"].startswith("For customers:")
    assert desk["customer_balance"].startswith("For staff:")
    assert all(told.startswith(("For customers:", "For staff:", "For customers and staff:")) for told in desk.values())


async def test_info_shows_what_agents_can_propose(client: httpx.AsyncClient) -> None:
    info = (await client.get("/api/v1/ai/info")).json()
    (tools,) = (agent["tools"] for agent in info["agents"] if agent["name"] == "RentalAgent")
    changes = [f"propose_{change}" for change in ("rent", "return", "start_plan", "end_plan")]
    assert {f"rental_proposals-{change}" for change in changes} <= set(tools)
    (told,) = (plugin["functions"] for plugin in info["plugins"] if plugin["name"] == "rental_proposals")
    assert sorted(told) == sorted(changes)
    assert all("For customers: " in text and "For staff: " in text for text in told.values())


async def some_films(client: httpx.AsyncClient, count: int) -> list[dict[str, object]]:
    """Films with unique titles."""
    films = (await client.get("/api/v1/films", params={"limit": 1000})).json()
    titles = [film["title"] for film in films]
    return [film for film in films if titles.count(film["title"]) == 1 and len(film["title"]) > 3][:count]


async def assert_all_right(client: httpx.AsyncClient, films: list[dict[str, object]]) -> None:
    """Ask for the price of every film concurrently; each answer must be about its film."""
    before = asyncio.all_tasks()
    answers = await asyncio.gather(
        *(ask(client, f"What is the rental rate for the film \"{film['title']}\"?") for film in films)
    )
    for film, answer in zip(films, answers, strict=True):
        assert str(film["title"]) in str(answer["answer"])
        assert f"${film['rental_rate']}" in str(answer["answer"])
        assert all(name in str(answer["answer"]) for name in film["categories"])  # type: ignore[attr-defined]
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"tasks left behind: {left}"


async def test_fifty_at_once_are_right_offline(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    films = await some_films(client, 50)
    assert len(films) == 50
    await assert_all_right(client, films)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
