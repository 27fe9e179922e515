"""Conversations: owners, titles, list, search and deletion."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.core.auth.identity import Scope
from app.core.settings import Settings
from app.models import Conversation, Turn
from app.schemas.auth import ApiKeyCreate
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from app.services.conversations import purge
from tests.fakes.scripted_chat import say
from tests.fixtures.callers import ADMIN, CUSTOMER, NEWCOMER, OTHER_CUSTOMER, STAFF, bearer, email_of
from tests.fixtures.talking import CONVERSATIONS, HANDOFF, Talk


async def test_the_first_question_becomes_the_title(talk: Talk) -> None:
    path = await talk.conversation()
    assert (await talk.client.get(path)).json()["title"] is None
    await talk.told(path, "Yes.", "Do  you have\nAlien, " + "or something like it " * 5)
    await talk.told(path, "No.", "And another?")
    title = (await talk.client.get(path)).json()["title"]
    assert title == "Do you have Alien, or something like it or something like it"
    assert len(title) == 60


async def test_a_title_can_be_given_and_changed(talk: Talk) -> None:
    path = await talk.conversation(title="Friday")
    tag = (await talk.client.get(path)).headers["etag"]
    renamed = await talk.client.patch(path, json={"title": "Saturday"}, headers={"If-Match": tag})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Saturday")
    stale = await talk.client.patch(path, json={"title": "Sunday"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    blank = await talk.client.patch(path, json={"title": " "})
    assert blank.status_code == 422


async def test_the_latest_activity_comes_first(talk: Talk) -> None:
    first, second = await talk.conversation(title="one"), await talk.conversation(title="two")
    listed = (await talk.client.get(CONVERSATIONS, params={"limit": 2})).json()
    assert [one["title"] for one in listed] == ["two", "one"]
    await talk.told(first, "Yes.")
    listed = await talk.client.get(CONVERSATIONS, params={"limit": 1})
    assert listed.json()[0]["title"] == "one"
    following = await talk.client.get(listed.links["next"]["url"])
    assert following.json()[0]["id"] == int(second.rsplit("/", 1)[1])


async def test_a_conversation_is_found_by_title_and_question(talk: Talk) -> None:
    path = await talk.conversation(title="Holiday plans")
    await talk.told(path, "Yes.", "Is 100%_ZYX a film?")
    for text in ("holiday", "100%_zyx"):
        found = (await talk.client.get(CONVERSATIONS, params={"q": text})).json()
        assert [one["title"] for one in found] == ["Holiday plans"]
    assert (await talk.client.get(CONVERSATIONS, params={"q": "100__zyx"})).json() == []


async def test_only_the_owner_can_see_a_conversation(talk: Talk) -> None:
    path = await talk.conversation(title="Mine")
    turn = await talk.told(path, "Yes.")
    requests = [
        ("GET", path, None),
        ("PATCH", path, {"title": "Yours"}),
        ("DELETE", path, None),
        ("GET", f"{path}/turns", None),
        ("POST", f"{path}/turns", {"question": "What did I ask?"}),
        ("GET", f"{path}/turns/{turn['id']}", None),
        ("POST", f"{path}/turns/{turn['id']}/cancel", None),
        ("POST", HANDOFF, {"question": "What did I ask?", "conversation_id": int(path.rsplit("/", 1)[1])}),
    ]
    for caller in (OTHER_CUSTOMER, STAFF, ADMIN, NEWCOMER):
        async with talk.as_caller(caller) as somebody:
            for method, target, body in requests:
                response = await somebody.request(method, target, json=body)
                assert response.status_code == 404, (caller, method, target, response.text)
            assert "Mine" not in (await somebody.get(CONVERSATIONS)).text
    async with talk.as_caller(None) as nobody:
        for method, target, body in [*requests, ("GET", CONVERSATIONS, None), ("POST", CONVERSATIONS, {})]:
            assert (await nobody.request(method, target, json=body)).status_code == 401


async def test_a_keys_conversations_are_its_own(talk: Talk) -> None:
    keys = ApiKeyService(talk.app.state.database)
    one, two = [
        bearer((await keys.create(ApiKeyCreate(name=name, scopes=[Scope.RENTALS_READ]), None)).key)
        for name in ("one", "two")
    ]
    async with talk.as_caller(None) as client:
        created = await client.post(CONVERSATIONS, headers=one)
        path = created.headers["location"]
        assert (await client.get(path, headers=one)).status_code == 200
        assert (await client.get(path, headers=two)).status_code == 404
        assert [each["id"] for each in (await client.get(CONVERSATIONS, headers=one)).json()] == [created.json()["id"]]
        assert (await client.get(CONVERSATIONS, headers=two)).json() == []


async def test_a_conversation_is_created_once_a_key(talk: Talk) -> None:
    keyed = {"Idempotency-Key": "one-conversation"}
    first, again = [await talk.client.post(CONVERSATIONS, json={"title": "Once"}, headers=keyed) for _ in range(2)]
    assert first.content == again.content
    other = await talk.client.post(CONVERSATIONS, json={"title": "Twice"}, headers=keyed)
    assert other.status_code == 422


async def rows(talk: Talk, path: str) -> int:
    number = int(path.rsplit("/", 1)[1])
    async with talk.app.state.database.reading() as connection:
        turns = sa.select(sa.func.count()).where(col(Turn.conversation_id) == number)
        own = sa.select(sa.func.count()).where(col(Conversation.id) == number)
        return int(await connection.scalar(turns)) + int(await connection.scalar(own))


async def test_deleting_a_conversation_deletes_all_its_rows(talk: Talk) -> None:
    path = await talk.conversation()
    await talk.told(path, "Yes.")
    assert await rows(talk, path) == 2
    assert (await talk.client.delete(path)).status_code == 204
    assert await rows(talk, path) == 0
    assert (await talk.client.delete(path)).status_code == 404


async def test_deleting_ends_the_turn_that_runs(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    assert (await talk.client.delete(path)).status_code == 204
    assert (await asking).status_code == 404
    assert talk.chat.cancelled == 1
    assert await rows(talk, path) == 0


async def test_deleting_at_another_worker_ends_the_turn_too(talk: Talk) -> None:
    path = await talk.conversation()
    asking = await talk.thinking(path)
    assert (await talk.other.delete(path)).status_code == 204
    assert (await asking).status_code == 404
    assert talk.chat.cancelled == 1


async def set_age(talk: Talk, path: str, days: float) -> None:
    active_at = datetime.now(timezone.utc) - timedelta(days=days)
    this = col(Conversation.id) == int(path.rsplit("/", 1)[1])
    async with talk.app.state.database.writing() as connection:
        await connection.execute(sa.update(Conversation).where(this).values(active_at=active_at))


async def test_purging_deletes_only_old_conversations(talk: Talk) -> None:
    old, young = await talk.conversation(title="old"), await talk.conversation(title="young")
    await talk.told(old, "Yes.")
    await set_age(talk, old, 8.1)
    await set_age(talk, young, 7.9)
    assert await purge(Settings(conversation_days=9), talk.app.state.database) == 0
    assert await purge(Settings(conversation_days=8), talk.app.state.database) == 1
    assert (await talk.client.get(old)).status_code == 404
    assert (await talk.client.get(young)).status_code == 200


async def test_creating_a_conversation_deletes_some_old_ones(talk: Talk) -> None:
    old = await talk.conversation()
    await set_age(talk, old, 31)
    await talk.conversation()
    assert (await talk.client.get(old)).status_code == 404


async def test_deactivating_an_account_deletes_its_conversations(talk: Talk) -> None:
    async with talk.as_caller(NEWCOMER) as newcomer:
        path = (await newcomer.post(CONVERSATIONS)).headers["location"]
        await talk.conversation(title="somebody else's")
        accounts = AccountService(talk.app.state.database, talk.app.state.security)
        await accounts.update(email_of(NEWCOMER), {"active": False})
        assert (await newcomer.get(path)).status_code == 404
    assert (await talk.client.get(CONVERSATIONS)).json()[0]["title"] == "somebody else's"


@pytest.mark.parametrize("caller", [CUSTOMER])
async def test_a_handoff_with_a_conversation_is_a_turn_of_it(talk: Talk, caller: object) -> None:
    path = await talk.conversation()
    number = int(path.rsplit("/", 1)[1])
    talk.script(say("Alien rents for $2.99."))
    answer = (await talk.client.post(HANDOFF, json={"question": "Alien?", "conversation_id": number})).json()
    assert (answer["conversation_id"], answer["status"]) == (number, "completed")
    assert (answer["answer"], answer["agent"], answer["confirmations"]) == ("Alien rents for $2.99.", "SearchAgent", [])
    (turn,) = (await talk.client.get(f"{path}/turns")).json()
    assert (turn["id"], turn["answer"]) == (answer["turn_id"], "Alien rents for $2.99.")


async def test_a_handoff_without_one_stores_nothing(talk: Talk) -> None:
    before = (await talk.client.get(CONVERSATIONS)).json()
    talk.script(say("Yes."))
    answer = (await talk.client.post(HANDOFF, json={"question": "Alien?"})).json()
    assert set(answer) == {"agent", "answer", "status", "steps", "usage", "duration_ms"}
    assert (await talk.client.get(CONVERSATIONS)).json() == before
