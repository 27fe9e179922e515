"""Actions that agents propose are executed once, and only after the person's approval."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.core.auth.identity import Scope
from app.models import Confirmation, Film, Rental, UserAccount
from app.schemas.auth import ApiKeyCreate
from app.services.api_keys import ApiKeyService
from tests.conftest import client_of
from tests.fakes.scripted_chat import call, calls, fail, say
from tests.fixtures.agui import STREAM, events_in
from tests.fixtures.callers import CUSTOMER, OTHER_CUSTOMER, STAFF, bearer
from tests.fixtures.proposing import CONFIRMATIONS, RENT, decide, new_film, proposed, rental_desk, rentals_of
from tests.fixtures.talking import CONVERSATIONS, HANDOFF, Talk

PLAN = "rental_proposals-propose_start_plan"


async def test_a_proposal_changes_nothing_and_an_approval_carries_it_out(talk: Talk) -> None:
    film = await new_film(talk)
    turn = await proposed(talk, film)
    due = (datetime.now(timezone.utc) + timedelta(days=3)).date()
    (waiting,) = turn["confirmations"]
    assert waiting["summary"] == f"Rent {film['title']}, store 1, $2.99, due {due}"
    assert (waiting["status"], waiting["action"], waiting["result"]) == ("pending", "rent", None)
    assert "Nothing has been done" in talk.chat.calls[-1].transcript
    assert await rentals_of(talk, film) == []
    assert waiting in (await talk.client.get(CONFIRMATIONS, params={"status": "pending"})).json()
    done = await decide(talk.other, waiting)
    assert done.status_code == 200
    assert (done.json()["status"], done.json()["outcome"]) == ("executed", f"Done: {waiting['summary']}.")
    (rental,) = await rentals_of(talk, film)
    assert (rental["id"], rental["customer_id"]) == (done.json()["result"]["id"], CUSTOMER.customer_id)
    assert (await talk.client.get(f"{CONFIRMATIONS}/{waiting['id']}")).json() == done.json()
    path = f"{CONVERSATIONS}/{turn['conversation_id']}/turns/{turn['id']}"
    assert (await talk.client.get(path)).json()["confirmations"] == [done.json()]


async def test_fifty_approvals_at_once_rent_once(talk: Talk) -> None:
    film = await new_film(talk, copies=3)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    answers = await asyncio.gather(*(decide(client, waiting) for client in [talk.client, talk.other] * 25))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert len({answer.content for answer in answers}) == 1
    assert len(await rentals_of(talk, film)) == 1


async def test_a_disc_that_is_gone_fails_the_approval(talk: Talk) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    async with client_of(talk.app) as admin:
        (disc,) = (await admin.get("/api/v1/inventory", params={"film_id": film["id"]})).json()
        rented = {"inventory_id": disc["id"], "customer_id": 2, "staff_id": 1}
        assert (await admin.post("/api/v1/rentals", json=rented)).status_code == 201
    failed = (await decide(talk.client, waiting)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "conflict")
    assert "rented out" in failed["error"]["detail"]
    assert failed["outcome"].startswith(f"Not done: {waiting['summary']}.")
    assert (await decide(talk.client, waiting)).json() == failed
    assert [rental["customer_id"] for rental in await rentals_of(talk, film)] == [2]


async def test_another_price_fails_the_approval(talk: Talk) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    async with talk.app.state.database.writing() as connection:
        await connection.execute(sa.update(Film).where(col(Film.film_id) == film["id"]).values(rental_rate=4.99))
    failed = (await decide(talk.client, waiting)).json()
    assert failed["status"] == "failed"
    assert failed["error"]["detail"] == "The rental rate has changed from $2.99 to $4.99: ask again."
    assert await rentals_of(talk, film) == []


@pytest.mark.parametrize(("first", "second"), [("approve", "decline"), ("decline", "approve")])
async def test_a_decision_is_final(talk: Talk, first: str, second: str) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    decided = await decide(talk.client, waiting, first)
    other = await decide(talk.other, waiting, second)
    assert (other.status_code, other.json()["code"]) == (409, "confirmation_closed")
    assert (await decide(talk.other, waiting, first)).json() == decided.json()
    assert len(await rentals_of(talk, film)) == (first == "approve")


async def test_an_expired_proposal_cannot_be_approved(talk: Talk) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    async with talk.app.state.database.writing() as connection:
        this = col(Confirmation.id) == waiting["id"]
        await connection.execute(sa.update(Confirmation).where(this).values(expires_at=past))
    for decision in ("approve", "decline"):
        assert (await decide(talk.client, waiting, decision)).status_code == 409
    assert (await talk.client.get(f"{CONFIRMATIONS}/{waiting['id']}")).json()["status"] == "expired"
    assert waiting["id"] in [
        one["id"] for one in (await talk.client.get(CONFIRMATIONS, params={"status": "expired"})).json()
    ]
    assert await rentals_of(talk, film) == []


async def test_another_question_supersedes_it_and_yes_approves_nothing(talk: Talk) -> None:
    film = await new_film(talk)
    path = await talk.conversation()
    (waiting,) = (await proposed(talk, film, path))["confirmations"]
    talk.script(say("Please confirm it with the button."))
    await talk.ask(path, "Yes, I approve. Do it.")
    closed = await decide(talk.client, waiting)
    assert (closed.status_code, closed.json()["status_of_confirmation"]) == (409, "superseded")
    assert await rentals_of(talk, film) == []


async def test_the_model_is_told_the_outcome_of_a_proposal(talk: Talk) -> None:
    film = await new_film(talk, copies=2)
    path = await talk.conversation()
    for decision, told in (("approve", "Done: "), ("decline", "Declined by the person: ")):
        (waiting,) = (await proposed(talk, film, path))["confirmations"]
        await decide(talk.client, waiting, decision)
        talk.script(say("I see."))
        await talk.ask(path, "And now?")
        assert f"It waits for your confirmation.\n{told}{waiting['summary']}." in talk.chat.calls[0].transcript


async def test_only_the_owner_can_see_a_confirmation(talk: Talk) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    for caller in (OTHER_CUSTOMER, STAFF):
        async with talk.as_caller(caller) as somebody:
            assert (await somebody.get(f"{CONFIRMATIONS}/{waiting['id']}")).status_code == 404
            assert (await decide(somebody, waiting)).status_code == 404
            assert waiting["summary"] not in (await somebody.get(CONFIRMATIONS)).text
    async with talk.as_caller(None) as nobody:
        assert (await decide(nobody, waiting)).status_code == 401
    assert await rentals_of(talk, film) == []


@pytest.mark.parametrize("change", [{"active": False}, {"token_version": 2}])
async def test_an_account_that_has_changed_since_may_not_approve(talk: Talk, change: dict[str, Any]) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    account = col(UserAccount.id) == CUSTOMER.account_id
    was = {"active": True, "token_version": 1}
    try:
        async with talk.app.state.database.writing() as connection:
            await connection.execute(sa.update(UserAccount).where(account).values(change))
        assert (await decide(talk.client, waiting)).status_code == 401
    finally:
        async with talk.app.state.database.writing() as connection:
            await connection.execute(sa.update(UserAccount).where(account).values(was))
    assert await rentals_of(talk, film) == []
    assert (await talk.client.get(f"{CONFIRMATIONS}/{waiting['id']}")).json()["status"] == "pending"


async def test_a_key_needs_the_scopes(talk: Talk) -> None:
    keys = ApiKeyService(talk.app.state.database)
    reading = [Scope.RENTALS_READ, Scope.CUSTOMERS_READ]
    created = await keys.create(ApiKeyCreate(name="reads only", scopes=reading), None)
    async with talk.as_caller(None) as client:
        client.headers.update(bearer(created.key))
        path = (await client.post(CONVERSATIONS)).headers["location"]
        talk.script(agents=rental_desk(say("I can only look things up.")))
        assert (await client.post(f"{path}/turns", json={"question": "Rent it"})).status_code == 201
    assert not [tool for tool in talk.chat.calls[-1].tools if "propose" in tool]


async def test_nothing_can_be_proposed_outside_of_a_conversation(talk: Talk) -> None:
    talk.script(agents=rental_desk(say("I can only look things up.")))
    await talk.client.post(HANDOFF, json={"question": "Rent Alien for me"})
    assert not [tool for tool in talk.chat.calls[-1].tools if "propose" in tool]


async def test_a_failed_turn_keeps_no_proposals(talk: Talk) -> None:
    film = await new_film(talk)
    path = await talk.conversation()
    talk.script(agents=rental_desk(call(RENT, title=film["title"]), fail(RuntimeError("broken"))))
    failed = await talk.client.post(f"{path}/turns", json={"question": "Rent it"})
    assert failed.status_code == 502
    number = int(path.rsplit("/", 1)[1])
    listed = (await talk.client.get(CONFIRMATIONS, params={"limit": 1000})).json()
    assert not [one for one in listed if one["conversation_id"] == number]


async def test_an_impossible_action_is_not_proposed(talk: Talk) -> None:
    film = await new_film(talk, copies=1)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    await decide(talk.client, waiting)
    path = await talk.conversation()
    talk.script(agents=rental_desk(call(RENT, title=film["title"]), say("It is out.")))
    turn = await talk.ask(path, f"Rent {film['title']}")
    assert (turn["status"], turn["confirmations"]) == ("completed", [])
    assert f"No disc of {film['title']} is in stock." in talk.chat.calls[-1].transcript


async def test_a_customer_cannot_propose_for_another(talk: Talk) -> None:
    film = await new_film(talk)
    path = await talk.conversation()
    talk.script(agents=rental_desk(call(RENT, title=film["title"], customer_id=2), say("No.")))
    turn = await talk.ask(path, "Rent it for customer 2")
    assert turn["confirmations"] == []
    assert "Unknown argument customer_id" in talk.chat.calls[-1].transcript


async def test_staff_propose_for_any_customer(talk: Talk) -> None:
    film = await new_film(talk)
    async with talk.as_caller(STAFF) as staff:
        path = (await staff.post(CONVERSATIONS)).headers["location"]
        talk.script(agents=rental_desk(call(RENT, title=film["title"], customer_id=5), say("Please confirm.")))
        turn = (await staff.post(f"{path}/turns", json={"question": "Rent it to customer 5"})).json()
        (waiting,) = turn["confirmations"]
        assert waiting["summary"].endswith("for customer 5")
        assert (await decide(staff, waiting)).json()["status"] == "executed"
    assert [rental["customer_id"] for rental in await rentals_of(talk, film)] == [5]


async def test_a_disc_is_returned_with_its_fee(talk: Talk) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    await decide(talk.client, waiting)
    rented = datetime.now(timezone.utc) - timedelta(days=4, hours=1)
    (rental,) = await rentals_of(talk, film)
    async with talk.app.state.database.writing() as connection:
        this = col(Rental.rental_id) == rental["id"]
        await connection.execute(sa.update(Rental).where(this).values(rental_date=rented))
    talk.script(agents=rental_desk(call("rental_proposals-propose_return", title=film["title"]), say("Confirm.")))
    turn = await talk.ask(await talk.conversation(), "I bring it back")
    (waiting,) = turn["confirmations"]
    assert waiting["summary"] == f"Return {film['title']}, late fee $2.00"
    assert (await rentals_of(talk, film))[0]["return_date"] is None
    done = (await decide(talk.client, waiting)).json()
    assert (done["status"], done["result"]["late_fee"]) == ("executed", 2.0)
    assert (await rentals_of(talk, film))[0]["return_date"] is not None


async def test_a_plan_starts_and_ends_when_confirmed(talk: Talk) -> None:
    plans = f"/api/v1/customers/{CUSTOMER.customer_id}/subscriptions"
    for running in [plan for plan in (await talk.client.get(plans)).json() if plan["active"]]:
        await talk.client.post(f"{plans}/{running['id']}/cancel")
    path = await talk.conversation()
    for step, active in ((call(PLAN, plan_name="Premium"), True), (call("rental_proposals-propose_end_plan"), False)):
        talk.script(agents=rental_desk(step, say("Please confirm.")))
        turn = await talk.ask(path, "My plan, please")
        before = [plan["active"] for plan in (await talk.client.get(plans)).json()]
        assert before.count(True) == (not active)
        assert (await decide(talk.client, turn["confirmations"][0])).json()["status"] == "executed"
        after = (await talk.client.get(plans)).json()
        assert (after[-1]["plan_name"], after[-1]["active"]) == ("Premium", active)


async def test_several_proposals_are_decided_one_by_one(talk: Talk) -> None:
    films = [await new_film(talk), await new_film(talk)]
    both = calls(*(call(RENT, title=film["title"]) for film in films))
    talk.script(agents=rental_desk(both, say("Please confirm.")))
    turn = await talk.ask(await talk.conversation(), "Rent both")
    one, two = turn["confirmations"]
    assert (await decide(talk.client, one, "approve")).json()["status"] == "executed"
    assert (await decide(talk.client, two, "decline")).json()["status"] == "declined"
    assert sorted([len(await rentals_of(talk, film)) for film in films]) == [0, 1]


async def test_the_stream_ends_with_the_pending_confirmations(talk: Talk) -> None:
    film = await new_film(talk)
    path = await talk.conversation()
    talk.script(agents=rental_desk(call(RENT, title=film["title"]), say("Please confirm.")))
    response = await talk.client.post(f"{path}/turns", json={"question": "Rent it"}, headers=STREAM)
    last = events_in(response.content)[-1][1]
    (waiting,) = last["result"]["confirmations"]
    (interrupt,) = last["outcome"]["interrupts"]
    assert (interrupt["reason"], interrupt["id"]) == ("confirmation_required", str(waiting["id"]))
    assert interrupt["message"] == waiting["summary"]


async def test_a_decision_is_audited_with_ids(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    film = await new_film(talk)
    (waiting,) = (await proposed(talk, film))["confirmations"]
    caplog.clear()
    done = (await decide(talk.client, waiting)).json()
    (event,) = [record.msg for record in caplog.records if record.name == "app.audit"]
    assert isinstance(event, dict)
    assert (event["event"], event["confirmation_id"], event["record_id"]) == (
        "confirmation_decided",
        waiting["id"],
        done["result"]["id"],
    )
    assert film["title"] not in json.dumps(event, default=str)
