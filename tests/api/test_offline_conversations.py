"""Conversations with the offline model: follow-ups, and actions that it proposes and a person confirms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import client_of
from tests.fixtures.callers import CUSTOMER, STAFF
from tests.fixtures.talking import CONVERSATIONS, HANDOFF

CONFIRMATIONS = "/api/v1/confirmations"
RENTALS = "/api/v1/rentals"


class Chat:
    """A caller's conversation."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self.client = client
        self.path = path

    async def ask(self, question: str) -> dict[str, Any]:
        """Ask a question; return the turn."""
        answered = await self.client.post(f"{self.path}/turns", json={"question": question})
        assert answered.status_code == 201, answered.text
        return dict(answered.json())

    async def proposed(self, question: str) -> dict[str, Any]:
        """Ask for a change; return what is to be confirmed."""
        turn = await self.ask(question)
        assert turn["status"] == "confirmation_required", turn
        (waiting,) = turn["confirmations"]
        assert (waiting["status"], turn["agent"]) == ("pending", "RentalAgent")
        assert waiting["summary"] in turn["answer"]
        assert "A message does not approve" in turn["answer"]
        return dict(waiting)

    async def approve(self, waiting: dict[str, Any]) -> None:
        """Approve it through the API."""
        decided = await self.client.post(f"{CONFIRMATIONS}/{waiting['id']}/decision", json={"decision": "approve"})
        assert decided.json()["status"] == "executed", decided.text

    async def out(self) -> list[str]:
        """The titles that the customer has out, by the API."""
        open_rentals = await self.client.get(RENTALS, params={"active_only": True})
        return [rental["film_title"] for rental in open_rentals.json()]


async def chat_of(client: httpx.AsyncClient) -> Chat:
    return Chat(client, (await client.post(CONVERSATIONS)).headers["location"])


@pytest.fixture
async def chat(own_app: FastAPI) -> AsyncIterator[Chat]:
    """A new conversation of a customer."""
    async with client_of(own_app, CUSTOMER) as client:
        yield await chat_of(client)


async def test_from_a_question_over_follow_ups_to_a_rental_and_back(chat: Chat) -> None:
    assert "$2.99" in (await chat.ask("How much is Aliens?"))["answer"]
    stock = (await chat.ask("is it in stock?"))["answer"]
    assert stock.startswith("Aliens (1986) is in stock")
    waiting = await chat.proposed("great, rent it for me")
    assert waiting["summary"].startswith("Rent Aliens, store ")
    assert "Aliens" not in await chat.out()
    await chat.approve(waiting)
    told = await chat.ask("what do I have out?")
    assert told["agent"] == "RentalAgent"
    assert "Aliens, due on" in told["answer"]
    returning = await chat.proposed("I want to return Aliens")
    assert returning["summary"] == "Return Aliens, no late fee"
    await chat.approve(returning)
    assert "Aliens" not in (await chat.ask("And what do I have out now?"))["answer"]
    assert "Aliens" not in await chat.out()


@pytest.mark.parametrize("said", ["yes", "Go ahead!", "ok, do it please", "I approve", "confirm"])
async def test_a_message_approves_nothing_and_the_proposal_waits_again(chat: Chat, said: str) -> None:
    first = await chat.proposed("Rent Heat for me")
    second = await chat.proposed(said)
    assert (second["summary"], second["id"] > first["id"]) == (first["summary"], True)
    assert "Heat" not in await chat.out()
    listed = await chat.client.get(CONFIRMATIONS, params={"status": "pending"})
    own = [one["id"] for one in listed.json() if one["conversation_id"] == first["conversation_id"]]
    assert own == [second["id"]]


@pytest.mark.parametrize("said", ["no", "never mind, thanks", "cancel that"])
async def test_a_no_ends_a_proposal(chat: Chat, said: str) -> None:
    await chat.proposed("I'd like to rent Heat")
    turn = await chat.ask(said)
    assert (turn["status"], turn["confirmations"]) == ("completed", [])
    assert turn["answer"].startswith("Nothing has been done")
    assert "Heat" not in await chat.out()


async def test_thanks_for_a_proposal_is_small_talk(chat: Chat) -> None:
    await chat.proposed("Rent Heat for me")
    assert (await chat.ask("thanks"))["answer"].startswith("You are welcome")


async def test_yes_after_the_approval_proposes_nothing_again(chat: Chat) -> None:
    await chat.approve(await chat.proposed("please rent me Psycho"))
    turn = await chat.ask("yes")
    assert (turn["status"], turn["answer"][:18]) == ("completed", "Done: Rent Psycho,")
    await chat.approve(await chat.proposed("return Psycho"))


@pytest.mark.parametrize(
    ("before", "question", "title"),
    [
        ("Do you have Jaws?", "I'll take it", "Jaws"),
        ("how much are Jaws and Vertigo", "rent the second one", "Vertigo"),
        ("how much are Jaws and Vertigo", "can you rent me the first one please", "Jaws"),
        ("hello", "rent me vertgo", "Vertigo"),
        ("what is Fargo about", "ok, rent that for me", "Fargo"),
    ],
)
async def test_the_film_that_is_meant_is_proposed(chat: Chat, before: str, question: str, title: str) -> None:
    await chat.ask(before)
    assert (await chat.proposed(question))["summary"].startswith(f"Rent {title}, store ")


async def test_several_films_are_proposed_each(chat: Chat) -> None:
    turn = await chat.ask("I'd like to rent Jaws and Vertigo")
    told = sorted(one["summary"].partition(",")[0] for one in turn["confirmations"])
    assert told == ["Rent Jaws", "Rent Vertigo"]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Rent Zardoz for me", "The store has no film called “Zardoz”."),
        ("rent it for me", "Which film do you mean?"),
        ("please reserve Jaws", "I cannot reserve"),
        ("sign me up", "Which plan do you want?"),
        ("return Vertigo", "Which disc is meant"),
        ("cancel my streaming plan", "There is no streaming plan to end."),
    ],
)
async def test_what_cannot_be_proposed_is_said(chat: Chat, question: str, told: str) -> None:
    turn = await chat.ask(question)
    assert (turn["status"], turn["confirmations"]) == ("completed", [])
    assert turn["answer"].startswith(told)


@pytest.mark.parametrize(
    "question",
    ["Can I rent Heat?", "how much is it to rent Heat", "give me the price of Heat", "when must I return Heat?"],
)
async def test_a_question_about_renting_proposes_nothing(chat: Chat, question: str) -> None:
    turn = await chat.ask(question)
    assert (turn["status"], turn["confirmations"]) == ("completed", [])
    assert "Heat" in turn["answer"]


async def test_a_streaming_plan_starts_and_ends(chat: Chat) -> None:
    starting = await chat.proposed("Start the Premium plan")
    assert starting["summary"].startswith("Start the streaming plan Premium on ")
    await chat.approve(starting)
    ending = await chat.proposed("please cancel my streaming plan")
    assert ending["summary"].startswith("End the streaming plan Premium on ")
    await chat.approve(ending)


async def test_staff_propose_for_a_customer_that_they_name(own_app: FastAPI) -> None:
    async with client_of(own_app, STAFF) as client:
        chat = await chat_of(client)
        assert (await chat.ask("rent Fargo for me"))["answer"].startswith("Which customer is it for?")
        waiting = await chat.proposed("Rent Fargo to customer 5")
        assert waiting["summary"].endswith(", for customer 5")
        await chat.approve(waiting)
        back = await chat.proposed("take back Fargo from customer 5")
        assert back["summary"].startswith("Return Fargo, no late fee")
        await chat.approve(back)


@pytest.mark.parametrize("question", ["Rent Alien for me", "I want to return Alien", "start the Premium plan"])
@pytest.mark.parametrize("caller", [CUSTOMER, None])
async def test_outside_of_a_conversation_it_says_what_to_do(own_app: FastAPI, caller: Any, question: str) -> None:
    async with client_of(own_app, caller) as client:
        answered = (await client.post(HANDOFF, json={"question": question})).json()
    assert answered["answer"].startswith("I cannot rent")
    assert "in a conversation" in answered["answer"]
    assert ("Sign in" in answered["answer"]) == (caller is None)
    assert not [step for step in answered["steps"] if "propose" in step["name"]]
