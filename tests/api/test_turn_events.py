"""A turn as a stream of AG-UI events: their order, their timing, and continuing a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.api import streams
from app.core.errors import UpstreamFailed
from app.models import Turn
from tests.api.test_conversation_turns import lose_the_process
from tests.fakes.scripted_chat import call, calls, fail, hand_over, hang, say
from tests.fixtures.agui import STREAM, Reader, events_in, kinds, outline, streaming, texts
from tests.fixtures.callers import CUSTOMER, bearer, token_of
from tests.fixtures.served import served
from tests.fixtures.talking import HANDOFF, Talk

SEARCH = "film_search-search_films"
TEAMWORK = {
    "SearchAgent": [calls(call(SEARCH, title="Alien"), text="I look it up. "), hand_over("LLMAgent")],
    "LLMAgent": [say("Alien rents for $2.99, and it is worth it.")],
}


@dataclass
class Sockets:
    """Both workers on sockets, which streams need."""

    talk: Talk
    client: httpx.AsyncClient
    other: httpx.AsyncClient


@pytest.fixture
async def sockets(talk: Talk) -> AsyncIterator[Sockets]:
    headers = bearer(token_of(CUSTOMER))
    async with (
        served(talk.app, lifespan="off") as one,
        served(talk.other_app, lifespan="off") as two,
        httpx.AsyncClient(base_url=one, headers=headers, timeout=20) as client,
        httpx.AsyncClient(base_url=two, headers=headers, timeout=20) as other,
    ):
        yield Sockets(talk, client, other)


async def streamed(talk: Talk, path: str) -> httpx.Response:
    """Ask a question; return the response, the complete event stream of the turn."""
    return await talk.client.post(f"{path}/turns", json={"question": "Alien?"}, headers=STREAM)


async def test_a_turn_is_streamed_from_start_to_end(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(agents=TEAMWORK)
    response = await streamed(talk, path)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert b"\r" not in response.content
    told = events_in(response.content)
    turn = (await talk.client.get(f"{path}/turns")).json()[0]
    assert [name for name, _ in told] == [f"{turn['id']}:{number}" for number in range(1, len(told) + 1)]
    message = ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert [event["type"] for event in outline(told)] == [
        *("RUN_STARTED", "STEP_STARTED", *message),
        *("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"),
        *("STEP_FINISHED", "STEP_STARTED", *message, "STEP_FINISHED", "RUN_FINISHED"),
    ]
    events = [event for _, event in told]
    assert [event["stepName"] for event in events if event["type"] == "STEP_STARTED"] == ["SearchAgent", "LLMAgent"]
    assert list(texts(told).values()) == ["I look it up. ", "Alien rents for $2.99, and it is worth it."]
    (result,) = (event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT")
    assert '"rental_rate": 2.99' in result
    assert len(result) <= 2049
    assert events[0] == {"type": "RUN_STARTED", "threadId": path.rsplit("/", 1)[1], "runId": str(turn["id"])}
    assert (events[-1]["outcome"], events[-1]["result"]) == ({"type": "success"}, turn)
    assert events[-1]["usage"] == [{"inputTokens": 30, "outputTokens": 15, "totalTokens": 45}]


async def test_a_stream_is_parsed_the_same_in_any_chunks(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(agents=TEAMWORK)
    body = (await streamed(talk, path)).content
    whole = events_in(body)
    for cut in range(len(body)):
        reader = Reader()
        assert [*reader.feed(body[:cut]), *reader.feed(body[cut:])] == whole


async def test_the_start_and_each_word_are_streamed_before_the_end(sockets: Sockets) -> None:
    path = await sockets.talk.conversation()
    sockets.talk.script(hang("Alien rents for"))
    started = time.perf_counter()
    async with streaming(sockets.client, "POST", f"{path}/turns", json={"question": "Alien?"}) as events:
        told = [await anext(events)]
        assert told[0][1]["type"] == "RUN_STARTED"
        assert time.perf_counter() - started < 20
        while texts(told).get(f"{told[0][0].split(':')[0]}-message-1") != "Alien rents for":
            told.append(await anext(events))
        turn_id = told[0][0].split(":")[0]
        await sockets.other.post(f"{path}/turns/{turn_id}/cancel")
        told += [event async for event in events]
    assert kinds(told)[-3:] == ["TEXT_MESSAGE_END", "STEP_FINISHED", "RUN_FINISHED"]
    assert told[-1][1]["outcome"] == {"type": "cancelled"}


async def test_a_question_back_is_an_interrupt(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(call("ask_user-ask_user", question="Which store?"))
    _, last = events_in((await streamed(talk, path)).content)[-1]
    assert last["outcome"]["type"] == "interrupt"
    (interrupt,) = last["outcome"]["interrupts"]
    assert (interrupt["reason"], interrupt["message"]) == ("input_required", "Which store?")
    assert last["result"]["status"] == "input_required"


async def test_a_failure_is_the_last_event(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(fail(UpstreamFailed("The model broke."), after="Alien "))
    response = await streamed(talk, path)
    assert response.status_code == 200
    told = events_in(response.content)
    assert kinds(told)[-3:] == ["TEXT_MESSAGE_END", "STEP_FINISHED", "RUN_ERROR"]
    assert (told[-1][1]["message"], told[-1][1]["code"]) == ("The model broke.", "upstream_failed")
    assert told[-1][1]["metadata"] == {"requestId": response.headers["x-request-id"]}


async def test_errors_that_are_known_before_the_first_event_have_their_own_status(talk: Talk) -> None:
    path = await talk.conversation()
    await talk.thinking(path)
    assert (await streamed(talk, path)).status_code == 409
    empty = await talk.client.post(f"{path}/turns", json={"question": " "}, headers=STREAM)
    gone = await talk.client.post("/api/v1/conversations/999999/turns", json={"question": "?"}, headers=STREAM)
    async with talk.as_caller(None) as nobody:
        unknown = await nobody.post(f"{path}/turns", json={"question": "?"}, headers=STREAM)
    assert [response.status_code for response in (empty, gone, unknown)] == [422, 404, 401]


async def events_after(client: httpx.AsyncClient, turn: str, after: str) -> httpx.Response:
    return await client.get(f"{turn}/events", headers={"Last-Event-ID": after})


async def test_any_worker_continues_a_stream_exactly_where_it_was_cut(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(agents=TEAMWORK)
    told = events_in((await streamed(talk, path)).content)
    turn = f"{path}/turns/{told[0][0].split(':')[0]}"
    for cut in range(1, len(told)):
        rest = await events_after(talk.other, turn, told[cut - 1][0])
        assert outline(told[:cut] + events_in(rest.content)) == outline(told)
    again = events_in((await talk.other.get(f"{turn}/events")).content)
    assert outline(again) == outline(told)
    by_query = await talk.client.get(f"{turn}/events", params={"after": told[3][0]})
    assert outline(events_in(by_query.content)) == outline(told[4:])
    finished = await events_after(talk.other, turn, told[-1][0])
    assert (finished.status_code, finished.content) == (204, b"")


async def test_another_worker_follows_a_turn_that_runs(sockets: Sockets) -> None:
    path = await sockets.talk.conversation()
    sockets.talk.script(hang("Alien rents for"))
    async with streaming(sockets.client, "POST", f"{path}/turns", json={"question": "Alien?"}) as events:
        here = [await anext(events)]
        turn_id = here[0][0].split(":")[0]
        async with streaming(sockets.other, "GET", f"{path}/turns/{turn_id}/events") as elsewhere:
            there = [await anext(elsewhere)]
            while "Alien rents for" not in texts(there).values():
                there.append(await anext(elsewhere))
            await sockets.other.post(f"{path}/turns/{turn_id}/cancel")
            there += [event async for event in elsewhere]
        here += [event async for event in events]
    assert outline(here) == outline(there)


async def test_a_turn_goes_on_when_its_reader_goes_away(sockets: Sockets) -> None:
    path = await sockets.talk.conversation()
    sockets.talk.script(hang())
    keyed = {"Idempotency-Key": "goes-on"}
    asked = {"json": {"question": "Alien?"}, "headers": keyed}
    async with streaming(sockets.client, "POST", f"{path}/turns", **asked) as events:
        first = await anext(events)
    await sockets.talk.chat.hanging.wait()
    assert sockets.talk.chat.cancelled == 0
    async with streaming(sockets.client, "POST", f"{path}/turns", **asked) as events:
        assert await anext(events) == first
        await sockets.client.post(f"{path}/turns/{first[0].split(':')[0]}/cancel")
        assert [event async for event in events][-1][1]["outcome"] == {"type": "cancelled"}


async def test_an_old_turn_streams_its_messages_and_terminal_event(talk: Talk) -> None:
    path = await talk.conversation()
    turn = await talk.told(path, "Yes.", "Alien?")
    told = events_in((await talk.client.get(f"{path}/turns/{turn['id']}/events")).content)
    ended_at = datetime.now(timezone.utc) - timedelta(minutes=6)
    async with talk.app.state.database.writing() as connection:
        await connection.execute(sa.update(Turn).where(col(Turn.id) == turn["id"]).values(ended_at=ended_at))
    later = events_in((await events_after(talk.other, f"{path}/turns/{turn['id']}", told[2][0])).content)
    assert kinds(later) == ["MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    said = [(message["role"], message["content"]) for message in later[0][1]["messages"]]
    assert said == [("user", "Alien?"), ("assistant", "Yes.")]
    assert later[-1][0] == told[-1][0]
    assert (await events_after(talk.other, f"{path}/turns/{turn['id']}", later[-1][0])).status_code == 204


async def test_a_turn_that_lost_its_process_ends_with_an_error(talk: Talk) -> None:
    path = await talk.conversation()
    await lose_the_process(talk, path)
    (lost,) = (await talk.client.get(f"{path}/turns")).json()
    (last,) = events_in((await talk.client.get(f"{path}/turns/{lost['id']}/events")).content)
    assert (last[1]["type"], last[1]["code"]) == ("RUN_ERROR", "interrupted")
    assert (await events_after(talk.client, f"{path}/turns/{lost['id']}", last[0])).status_code == 204


@pytest.mark.parametrize("name", ["x", "0:1", "1", "1:-1", "7777:1", "1:99999999999999999999999"])
async def test_the_name_of_no_event_of_the_turn_is_refused(talk: Talk, name: str) -> None:
    path = await talk.conversation()
    turn = await talk.told(path, "Yes.")
    assert (await events_after(talk.client, f"{path}/turns/{turn['id']}", name)).status_code == 422


async def test_a_waiting_stream_keeps_its_connection_alive(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_SECONDS", 0.05)
    path = await sockets.talk.conversation()
    sockets.talk.script(hang())
    reader = Reader()
    async with sockets.client.stream("POST", f"{path}/turns", json={"question": "?"}, headers=STREAM) as response:
        async for piece in response.aiter_raw():
            reader.feed(piece)
            if reader.comments > 1:
                break


async def test_a_handoff_is_streamed_and_not_stored(talk: Talk) -> None:
    talk.script(agents=TEAMWORK)
    response = await talk.client.post(HANDOFF, json={"question": "Alien?"}, headers=STREAM)
    told = events_in(response.content)
    assert kinds(told)[-1] == "RUN_FINISHED"
    assert told[-1][1]["result"]["answer"] == "Alien rents for $2.99, and it is worth it."
    assert list(texts(told).values())[-1] == told[-1][1]["result"]["answer"]
    talk.script(fail(UpstreamFailed("The model broke.")))
    response = await talk.client.post(HANDOFF, json={"question": "Alien?"}, headers=STREAM)
    assert events_in(response.content)[-1][1]["code"] == "upstream_failed"


async def test_a_handoff_in_a_conversation_is_streamed_as_its_turn(talk: Talk) -> None:
    path = await talk.conversation()
    talk.script(say("Yes."))
    body = {"question": "Alien?", "conversation_id": int(path.rsplit("/", 1)[1])}
    told = events_in((await talk.client.post(HANDOFF, json=body, headers=STREAM)).content)
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    assert told[-1][1]["result"] == turn


async def test_a_handoff_ends_with_its_stream(sockets: Sockets) -> None:
    sockets.talk.script(hang("Alien "))
    async with streaming(sockets.client, "POST", HANDOFF, json={"question": "Alien?"}) as events:
        await anext(events)
        await sockets.talk.chat.hanging.wait()
    give_up = time.monotonic() + 5
    while sockets.talk.chat.cancelled == 0 and time.monotonic() < give_up:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert sockets.talk.chat.cancelled == 1


async def test_a_shutdown_is_streamed_as_an_error(sockets: Sockets) -> None:
    path = await sockets.talk.conversation()
    sockets.talk.script(hang())
    async with streaming(sockets.client, "POST", f"{path}/turns", json={"question": "Alien?"}) as events:
        await anext(events)
        await sockets.talk.chat.hanging.wait()
        await sockets.talk.app.state.turns.stop()
        told = [event async for event in events]
    assert (told[-1][1]["type"], told[-1][1]["code"]) == ("RUN_ERROR", "unavailable")
