"""Harmless quirks of providers and models change no answer.

Each mode of the fake server is one behaviour seen in the world; see tests/fakes/openai_modes.py for what each sends.
"""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from fastapi import FastAPI

from tests.api.test_agents import assert_all_right, some_films
from tests.fakes.openai_groups import (
    HARMLESS,
    MORE_THOUGHTS,
    RECOVERED,
    TWO_CALLS,
)
from tests.fakes.openai_server import FakeOpenAI, Mode, Reply, ToolCall
from tests.fixtures.model_questions import (
    DEADLINE,
    FILM,
    HANDOFF,
    OTHER,
    QUESTIONS,
    SUMMARY,
    TEXT,
    Question,
    ask_film,
    assert_answered,
)
from tests.fixtures.odd_texts import ODD_TEXTS

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("mode", [*HARMLESS, *MORE_THOUGHTS])
async def test_a_harmless_quirk_changes_no_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    assert_answered(question, await question.ask(client))


@pytest.mark.alone
@pytest.mark.parametrize("question", QUESTIONS)
async def test_nothing_is_waited_for_after_the_end_of_a_stream(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: Question
) -> None:
    provider.mode = Mode.OPEN_AFTER_DONE
    started = time.monotonic()
    assert_answered(question, await question.ask(client))
    assert time.monotonic() - started < DEADLINE / 4


@pytest.mark.parametrize("seed", range(12))
async def test_mixed_harmless_quirks_change_no_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, seed: int
) -> None:
    provider.mode, provider.seed = Mode.HARMLESS_QUIRKS, seed
    for question in (FILM, OTHER, SUMMARY):
        assert_answered(question, await question.ask(client))


async def test_fifty_turns_with_mixed_quirks_at_once_are_right(
    app: FastAPI, client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.mode, provider.seed = Mode.HARMLESS_QUIRKS, 4
    await assert_all_right(client, await some_films(client, 50))
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "invoke" in repr(task.get_coro())]


@pytest.mark.parametrize("mode", RECOVERED)
@pytest.mark.parametrize("question", [pytest.param(FILM, id="film"), pytest.param(OTHER, id="other")])
async def test_the_answer_is_that_after_a_corrected_tool_call(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    response = await question.ask(client)
    assert response.status_code == 200, response.text
    assert response.json()["answer"] == question.answer


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("Handoff-transfer_to_LLMAgent", '{"reason": "x"}'),
        ToolCall("Handoff-transfer_to_LLMAgent", '{"reason'),
        ToolCall("Handoff-transfer_to_Nobody"),
    ],
)
async def test_a_refused_handoff_leaves_the_active_agent_active(
    client: httpx.AsyncClient, provider: FakeOpenAI, call: ToolCall
) -> None:
    provider.script([Reply(calls=(call,)), Reply("I answer it myself.")])
    answer = (await ask_film(client)).json()
    assert (answer["agent"], answer["answer"], answer["steps"]) == ("SearchAgent", "I answer it myself.", [])


@pytest.mark.parametrize("mode", TWO_CALLS)
async def test_two_similar_tool_calls_are_both_made(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
) -> None:
    provider.mode = mode
    answer = (await ask_film(client)).json()
    assert answer["answer"] == FILM.answer
    assert [step["arguments"]["title"] for step in answer["steps"]] == ["Alien", "Academy Dinosaur"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("mode", [Mode.TWO_CHOICES, Mode.ROLE_TOOL])
async def test_a_second_choice_or_another_role_is_harmless(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    assert_answered(question, await question.ask(client))


@pytest.mark.parametrize("question", [FILM, TEXT], ids=["film", "ask"])
async def test_half_a_surrogate_is_replaced(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: Question
) -> None:
    provider.mode = Mode.HALF_SURROGATE
    response = await question.ask(client)
    assert response.status_code == 200
    assert question.answer_in(response) == f"{question.answer}\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("question", [FILM, OTHER, TEXT], ids=["film", "other", "ask"])
async def test_a_refusal_is_an_answer_in_words(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: Question
) -> None:
    provider.mode = Mode.REFUSAL
    response = await question.ask(client)
    assert response.status_code == 200
    assert question.answer_in(response) == "I'm sorry, but I can't help with that."


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_a_question_keeps_its_role_and_its_text(
    client: httpx.AsyncClient, provider: FakeOpenAI, text: str
) -> None:
    await client.get("/api/v1/ai/ask", params={"question": text})
    await client.post(HANDOFF, json={"question": text})
    for request in provider.requests[:2]:
        messages = [(message["role"], message["content"]) for message in request.body["messages"]]
        assert [role for role, _ in messages] == ["system", "user"]
        assert messages[1] == ("user", text)
