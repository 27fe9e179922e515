"""Stored turns: states, concurrency, idempotency keys, cancellation and interruption."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.core.errors import RateLimited, UpstreamFailed
from app.models import Turn
from app.schemas.conversations import INTERRUPTED
from tests.fakes.scripted_chat import call, fail, hand_over, hang, say, say_nothing
from tests.fixtures.statements import statements_of
from tests.fixtures.talking import HANDOFF, Talk, own_store, two_workers

SEARCH = "film_search-search_films"


async def test_a_turn_is_kept_with_its_steps_and_cost(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(call(SEARCH, title="Alien"), say("Alien rents for $2.99."))
    turn = await talk.ask(path, "What does Alien cost?")
    assert (turn["status"], turn["question"], turn["answer"]) == (
        "completed",
        "What does Alien cost?",
        "Alien rents for $2.99.",
    )
    assert turn["steps"] == [{"agent": "SearchAgent", "kind": "tool", "name": SEARCH, "arguments": {"title": "Alien"}}]
    assert turn["usage"] == {"prompt_tokens": 20, "completion_tokens": 10, "model_calls": 2}
    assert turn["error"] is None
    assert turn["duration_ms"] >= 0
    assert (await talk.other.get(f"{path}/turns/{turn['id']}")).json() == turn
    assert (await talk.other.get(f"{path}/turns")).json() == [turn]


async def test_a_question_back_is_answered_in_the_next_turn(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(call("ask_user-ask_user", question="Which store?"))
    asked = await talk.ask(path, "Is Alien in stock?")
    assert (asked["status"], asked["answer"]) == ("input_required", "Which store?")
    talk.script(say("Yes, in store 1."))
    assert (await talk.ask(path, "Store 1"))["status"] == "completed"
    seen = talk.chat.calls[0].transcript
    assert "user: Is Alien in stock?\nassistant: Which store?\nuser: Store 1" in seen


async def test_the_model_knows_the_turns_before_and_the_last_tool_results(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(call(SEARCH, title="Dune"), say("Dune rents for $4.99."))
    await talk.ask(path, "What does Dune cost?")
    talk.script(call(SEARCH, title="Alien"), say("Alien rents for $2.99."))
    await talk.ask(path, "And Alien?")
    talk.script(say("1979."))
    await talk.ask(path, "From which year is it?")
    (seen,) = talk.chat.calls
    roles = [message.role.value for message in seen.messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "tool", "assistant", "user"]
    assert [message.content for message in seen.messages[1:4]] == [
        "What does Dune cost?",
        "Dune rents for $4.99.",
        "And Alien?",
    ]
    assert '"rental_rate": 2.99' in seen.transcript
    assert seen.messages[-1].content == "From which year is it?"


async def test_the_agent_that_spoke_last_is_asked_first(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(agents={"SearchAgent": [hand_over("LLMAgent")], "LLMAgent": [say("Argentina.")]})
    assert (await talk.ask(path, "Who won in 2022?"))["agent"] == "LLMAgent"
    talk.script(agents={"LLMAgent": [say("France.")]})
    turn = await talk.ask(path, "And before?")
    assert (turn["agent"], turn["steps"]) == ("LLMAgent", [])
    assert "Handoff" not in talk.chat.calls[0].transcript


async def test_a_failed_turn_is_a_problem_and_not_in_the_history(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(call(SEARCH, title="Alien"), fail(UpstreamFailed("The model broke.")))
    failed = await talk.client.post(f"{path}/turns", json={"question": "What breaks?"})
    assert (failed.status_code, failed.json()["detail"]) == (502, "The model broke.")
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    assert (turn["status"], turn["answer"]) == ("failed", None)
    assert turn["error"] == {"code": "upstream_failed", "detail": "The model broke."}
    assert (len(turn["steps"]), turn["usage"]["model_calls"]) == (1, 2)
    talk.script(say("Yes."))
    await talk.ask(path, "Still there?")
    assert "What breaks?" not in talk.chat.calls[0].transcript


async def test_an_empty_answer_is_an_error_in_a_conversation(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(say_nothing())
    assert (await talk.client.post(f"{path}/turns", json={"question": "Alien?"})).status_code == 502


async def test_a_second_concurrent_question_is_409_with_the_running_turn(talk: Talk) -> None:
    path = await talk.conversation()
    await talk.thinking(path)
    for client in (talk.client, talk.other):
        busy = await client.post(f"{path}/turns", json={"question": "And Dune?"})
        assert (busy.status_code, busy.headers["retry-after"], busy.json()["code"]) == (409, "1", "conversation_busy")
        running = await client.get(busy.json()["turn"])
        assert (running.json()["status"], running.json()["question"]) == ("running", "Alien?")
        number = int(path.rsplit("/", 1)[1])
        handed = await client.post(HANDOFF, json={"question": "And Dune?", "conversation_id": number})
        assert handed.json()["turn"] == busy.json()["turn"]


async def test_of_ten_questions_at_once_one_runs(talk: Talk) -> None:
    path = await talk.conversation()
    for chat in (talk.chat, talk.other_chat):
        chat.follow([hang() for _ in range(10)])
    clients = [talk.client, talk.other] * 5
    talk.asking += [asyncio.create_task(c.post(f"{path}/turns", json={"question": "Alien?"})) for c in clients]
    done, waiting = await asyncio.wait(talk.asking, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 9:
        done, waiting = await asyncio.wait(talk.asking, return_when=asyncio.ALL_COMPLETED, timeout=0.1)
    assert Counter(task.result().status_code for task in done) == {409: 9}
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    await talk.client.post(f"{path}/turns/{turn['id']}/cancel")
    (last,) = waiting
    assert (await last).json()["status"] == "cancelled"


async def test_twenty_sends_of_one_key_are_one_turn(talk: Talk) -> None:
    path = await talk.conversation()
    for chat in (talk.chat, talk.other_chat):
        chat.follow([say("Yes.")])
    keyed = {"Idempotency-Key": "asked-once"}
    sends = [
        client.post(f"{path}/turns", json={"question": "Alien?"}, headers=keyed)
        for client in [talk.client, talk.other] * 10
    ]
    responses = await asyncio.gather(*sends)
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert len(talk.chat.calls) + len(talk.other_chat.calls) == 1
    assert len((await talk.client.get(f"{path}/turns")).json()) == 1
    other = await talk.client.post(f"{path}/turns", json={"question": "Dune?"}, headers=keyed)
    assert other.status_code == 422
    assert other.json()["errors"][0]["loc"] == ["header", "idempotency-key"]


async def test_a_repeated_key_gets_the_failure_again(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(fail(RateLimited("The model provider is busy.", retry_after=7)))
    sent = {"json": {"question": "Alien?"}, "headers": {"Idempotency-Key": "fails"}}
    first = await talk.client.post(f"{path}/turns", **sent)  # type: ignore[arg-type]
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    again = await talk.other.post(f"{path}/turns", **sent)  # type: ignore[arg-type]
    assert (again.status_code, again.json()["detail"]) == (429, "The model provider is busy.")


async def test_a_turn_is_cancelled_with_its_model_call(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    cancelled = await talk.client.post(f"{path}/turns/{turn['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await asking).json() == cancelled.json()
    assert talk.chat.cancelled == 1
    again = await talk.client.post(f"{path}/turns/{turn['id']}/cancel")
    assert again.json() == cancelled.json()


@pytest.mark.alone
async def test_another_worker_can_cancel_it_within_a_second(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    (turn,) = (await talk.other.get(f"{path}/turns")).json()
    started = asyncio.get_running_loop().time()
    cancelled = await talk.other.post(f"{path}/turns/{turn['id']}/cancel")
    assert asyncio.get_running_loop().time() - started < 2
    assert cancelled.json()["status"] == "cancelled"
    assert (await asking).json() == cancelled.json()


async def test_a_question_can_cancel_the_one_that_runs(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path, "Alien?")
    talk.other_chat.follow([say("Dune rents for $4.99.")])
    response = await talk.other.post(f"{path}/turns", json={"question": "Dune?", "if_busy": "cancel"})
    assert response.json()["answer"] == "Dune rents for $4.99."
    assert (await asking).json()["status"] == "cancelled"
    assert "Alien?" not in talk.other_chat.calls[0].transcript


async def test_a_cancelled_handoff_is_409(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(hang())
    body = {"question": "Alien?", "conversation_id": int(path.rsplit("/", 1)[1])}
    asking = asyncio.create_task(talk.client.post(HANDOFF, json=body))
    await talk.chat.hanging.wait()
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    await talk.client.post(f"{path}/turns/{turn['id']}/cancel")
    assert ((await asking).status_code, (await asking).json()["code"]) == (409, "turn_cancelled")


async def lose_the_process(talk: Talk, path: str) -> None:
    """Change a turn to the state it has after its process was killed."""
    number = int(path.rsplit("/", 1)[1])
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    async with talk.app.state.database.writing() as connection:
        await connection.execute(
            sa.insert(Turn).values(
                conversation_id=number,
                status="running",
                question="What was I?",
                steps=[],
                calls=[],
                usage={},
                fingerprint="",
                started_at=past,
                lease_until=past,
            )
        )


async def test_a_turn_that_lost_its_process_is_interrupted_and_the_next_one_works(talk: Talk) -> None:
    path = await talk.conversation()
    before = await talk.told(path, "Yes.", "Do you have Alien?")
    await lose_the_process(talk, path)
    lost = (await talk.client.get(f"{path}/turns")).json()[1]
    assert (lost["status"], lost["error"]["code"], lost["answer"]) == ("failed", "interrupted", None)
    assert (await talk.client.post(f"{path}/turns/{lost['id']}/cancel")).json() == lost
    await talk.told(path, "In store 1.", "Where?")
    turns = (await talk.client.get(f"{path}/turns")).json()
    assert [turn["status"] for turn in turns] == ["completed", "failed", "completed"]
    assert (turns[0], turns[1]["error"]) == (before, lost["error"])
    assert "What was I?" not in talk.chat.calls[0].transcript
    assert "Do you have Alien?" in talk.chat.calls[0].transcript


async def test_a_turn_that_outlives_its_lease_ends_as_interrupted_for_all_who_wait(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    async with talk.app.state.database.writing() as connection:
        await connection.execute(sa.update(Turn).where(col(Turn.id) == turn["id"]).values(lease_until=past))
    await talk.app.state.turns.stop()
    answer = await asyncio.wait_for(asking, timeout=10)
    assert (answer.status_code, answer.json()["detail"]) == (503, INTERRUPTED["detail"])
    assert (await talk.other.get(f"{path}/turns/{turn['id']}")).json()["error"]["code"] == "interrupted"


async def test_a_turn_that_ends_while_no_connection_is_free_is_stored_later(
    server: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    limits = {"database_pool_size": 1, "database_pool_timeout": 0.1, "ai_timeout_seconds": 1}
    async with own_store(server, tmp_path_factory) as url, two_workers(url, **limits) as talk:
        path = await talk.conversation()
        asking = await talk.thinking(path)
        async with talk.app.state.database.reading():
            done, _ = await asyncio.wait({asking}, timeout=3)
        assert not done
        assert (await asking).status_code == 504
        (turn,) = (await talk.other.get(f"{path}/turns")).json()
        assert (turn["status"], turn["error"]["code"]) == ("failed", "upstream_timeout")


async def test_the_process_ends_its_turns_with_their_states(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    await talk.app.state.turns.stop()
    answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    (turn,) = (await talk.other.get(f"{path}/turns")).json()
    assert (turn["status"], turn["error"]["code"]) == ("failed", "unavailable")


async def test_a_long_conversation_costs_a_turn_no_more_statements(talk: Talk) -> None:
    path = await talk.conversation()
    counts = []
    for number in range(35):
        with statements_of(talk.app) as sent:
            await talk.told(path, f"Answer {number}.", f"Question {number}?")
        # Besides, the worker stores events and looks for turns to cancel, so many times a second.
        others = ("turn_event", "cancel_requested IS", "BEGIN IMMEDIATE")
        counts.append(sum(not any(other in one for other in others) for one in sent))
    # The first turn has no turns before it, whose proposals are looked up.
    assert set(counts[1:]) == {counts[0] + 1}
    assert counts[0] <= 8
    seen = [str(message.content) for message in talk.chat.calls[0].messages]
    assert "Question 4?" in seen
    assert "Question 3?" not in seen
