"""Turns at the rental desk: which callers have the agent, its prompt, and concurrent callers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import repeat

import pytest
from fastapi import FastAPI
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import ChatHistory

from app.agents.assistant import Assistant
from app.agents.kernel import build_chat_service
from app.agents.team import NO_RECORD, NO_SCOPE, SIGNED_OUT
from app.core.auth.identity import ANONYMOUS, Caller, Role, Scope
from app.core.database.engine import Database
from app.core.errors import Unavailable
from app.schemas.ai import HandoffResponse
from app.services.ai import AiService
from tests.conftest import settings_for
from tests.fakes.scripted_chat import Completion, Step, call, calls, hand_over, say
from tests.fixtures.attacks import repeat_all
from tests.fixtures.planted import many
from tests.fixtures.scripts import Scripted, script_of

CUSTOMER = Caller(role=Role.CUSTOMER, account_id=1, customer_id=5)
STAFF = Caller(role=Role.STAFF, account_id=2, staff_id=1)
KEY = Caller(role=Role.STAFF, key_id=1, scopes=frozenset({Scope.RENTALS_READ, Scope.CUSTOMERS_READ}))
POOR_KEY = Caller(role=Role.STAFF, key_id=2, scopes=frozenset({Scope.CATALOGUE_WRITE}))
NO_CUSTOMER = Caller(role=Role.CUSTOMER, account_id=3)
TRANSFER = "Handoff-transfer_to_RentalAgent"
MINE = "rental_desk-my_open_rentals"


def desk_script(*steps: Step) -> dict[str, list[Step]]:
    return {"SearchAgent": [hand_over("RentalAgent")], "RentalAgent": [*steps]}


def endless(step: Step) -> Scripted:
    """Return a script for any number of turns: a handoff to the rental desk, which repeats this step."""
    script: dict[str, Iterable[Step]] = {"SearchAgent": repeat(hand_over("RentalAgent")), "RentalAgent": repeat(step)}
    return script_of(script)


async def asked(app: FastAPI, chat: Scripted, caller: Caller, question: str = "What do I have out?") -> HandoffResponse:
    return await Assistant(settings_for(), chat, app.state.database.reading).hand_off(question, caller)


async def test_the_rental_agent_answers_from_the_callers_rows(app: FastAPI) -> None:
    chat = script_of(desk_script(calls(call(MINE), call("rental_desk-my_balance")), say("Nothing is out.")))
    answer = await asked(app, chat, CUSTOMER)
    assert (answer.agent, answer.answer) == ("RentalAgent", "Nothing is out.")
    assert [step.name for step in answer.steps] == ["RentalAgent", MINE, "rental_desk-my_balance"]
    assert '"rentals": [' in chat.calls[-1].transcript
    assert '"balance": ' in chat.calls[-1].transcript
    chat.assert_exhausted()


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (CUSTOMER, None),
        (STAFF, None),
        (Caller(role=Role.ADMIN), None),
        (KEY, None),
        (POOR_KEY, NO_SCOPE),
        (NO_CUSTOMER, NO_RECORD),
        (ANONYMOUS, SIGNED_OUT),
    ],
)
@pytest.mark.parametrize("agent", ["SearchAgent", "LLMAgent"])
async def test_agents_know_whether_the_desk_is_open(
    app: FastAPI, caller: Caller, refusal: str | None, agent: str
) -> None:
    chat = script_of(
        {"SearchAgent": [hand_over("LLMAgent")] if agent == "LLMAgent" else [say("Hi.")], "*": [say("Hi.")]}
    )
    await asked(app, chat, caller, "Hello")
    last = chat.calls[-1]
    assert last.agent == agent
    assert (TRANSFER in last.tools) == (refusal is None)
    told = [known for known in (SIGNED_OUT, NO_RECORD, NO_SCOPE) if known in last.transcript]
    assert told == ([refusal] if refusal else [])


@pytest.mark.parametrize(
    ("caller", "refusal"), [(POOR_KEY, NO_SCOPE), (NO_CUSTOMER, NO_RECORD), (ANONYMOUS, SIGNED_OUT)]
)
async def test_the_offline_model_says_why_the_desk_is_closed(app: FastAPI, caller: Caller, refusal: str) -> None:
    settings = settings_for()
    assistant = Assistant(settings, build_chat_service(settings), app.state.database.reading)
    answer = await assistant.hand_off("What do I have out?", caller)
    assert (answer.agent, answer.answer, answer.steps) == ("SearchAgent", refusal, [])
    assert answer.usage.model_calls == 1


async def test_the_prompt_does_not_contain_the_callers_identity(app: FastAPI) -> None:
    chat = script_of(desk_script(say("Hello.")))
    await asked(app, chat, Caller(role=Role.CUSTOMER, account_id=987_651, customer_id=987_652))
    assert all("98765" not in seen.transcript for seen in chat.calls)


async def test_the_rental_agent_hands_back(app: FastAPI) -> None:
    search = [hand_over("RentalAgent"), say("Alien rents for $2.99.")]
    chat = script_of({"SearchAgent": search, "RentalAgent": [hand_over("SearchAgent")]})
    answer = await asked(app, chat, STAFF)
    assert (answer.agent, answer.answer) == ("SearchAgent", "Alien rents for $2.99.")


async def asked_of(url: str, chat: Scripted) -> HandoffResponse:
    database = Database(settings_for(url))
    try:
        return await Assistant(settings_for(url), chat, database.reading).hand_off("My rentals?", CUSTOMER)
    finally:
        await database.dispose()


async def test_a_failing_tool_is_masked_from_the_model() -> None:
    chat = script_of(desk_script(call(MINE), say("I cannot look it up now.")))
    answer = await asked_of("sqlite:///:memory:", chat)  # never migrated: no such table
    assert answer.answer == "I cannot look it up now."
    assert "could not be asked" in chat.calls[-1].transcript
    assert "no such table" not in chat.calls[-1].transcript


async def test_an_unreachable_database_fails_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    chat = script_of(desk_script(call(MINE), say("You have nothing out.")))
    with pytest.raises(Unavailable, match="database cannot be reached"):
        await asked_of("postgresql+asyncpg://nobody:secret@127.0.0.1:1/none", chat)
    assert len(chat.calls) == 2
    assert "secret" not in caplog.text


@pytest.fixture(scope="module")
async def crowd(own_app: FastAPI) -> dict[int, str]:
    return await many(own_app.state.database, 50)


def check_own(crowd: dict[int, str], answers: list[HandoffResponse]) -> None:
    for title, answer in zip(crowd.values(), answers, strict=True):
        assert [known for known in crowd.values() if known in answer.answer] == [title]
        assert answer.agent == "RentalAgent"


async def test_fifty_customers_at_once_get_their_own(own_app: FastAPI, crowd: dict[int, str]) -> None:
    before = asyncio.all_tasks()
    state = own_app.state
    services = [
        AiService(state.assistant, state.database, Caller(role=Role.CUSTOMER, customer_id=customer_id))
        for customer_id in crowd
    ]
    answers = await asyncio.gather(*(service.hand_off("What do I have out?") for service in services))
    check_own(crowd, answers)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"tasks left behind: {left}"


async def test_fifty_concurrent_customers_see_only_their_own_data_with_a_model_that_repeats_everything(
    own_app: FastAPI, crowd: dict[int, str]
) -> None:
    """Every turn calls the tools several times, and its answer repeats everything its model saw."""

    def look_up(history: ChatHistory, _: PromptExecutionSettings) -> Completion:
        seen = sum(message.role == "tool" for message in history.messages)
        if seen >= 4:
            return repeat_all(history, _)
        return calls(call(MINE), call("rental_desk-my_rental_history"))

    assistant = Assistant(settings_for(), endless(look_up), own_app.state.database.reading)
    turns = (assistant.hand_off("Mine?", Caller(role=Role.CUSTOMER, customer_id=customer_id)) for customer_id in crowd)
    answers = await asyncio.gather(*turns)
    check_own(crowd, answers)
    assert all(answer.usage.model_calls == 4 for answer in answers)


async def test_customers_and_staff_at_once_keep_their_tools(own_app: FastAPI, crowd: dict[int, str]) -> None:
    def tools(_: ChatHistory, settings: PromptExecutionSettings) -> Completion:
        offered = settings.model_dump()["tools"]
        return say(" ".join(tool["function"]["name"] for tool in offered))

    assistant = Assistant(settings_for(), endless(tools), own_app.state.database.reading)
    callers = [STAFF if number % 2 else CUSTOMER for number in range(20)]
    answers = await asyncio.gather(*(assistant.hand_off("Mine?", caller) for caller in callers))
    for caller, answer in zip(callers, answers, strict=True):
        assert ("rental_desk-find_customer" in answer.answer) == caller.is_staff
        assert ("rental_desk-my_balance" in answer.answer) != caller.is_staff
