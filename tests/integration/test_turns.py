"""Turns of the agents with a scripted model: answers, errors and clean-up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import repeat

import pytest
from fastapi import FastAPI
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import kernel_function

from app.agents.assistant import Assistant
from app.core.auth.identity import ANONYMOUS
from app.core.database.engine import Database
from app.core.errors import NoAnswer, Unavailable, UpstreamFailed, UpstreamTimeout
from app.core.settings import Settings
from app.schemas.ai import HandoffResponse
from tests.conftest import settings_for
from tests.fakes.scripted_chat import (
    Completion,
    Step,
    call,
    calls,
    complete,
    fail,
    hand_over,
    hang,
    say,
    say_nothing,
)
from tests.fixtures.scripts import Scripted, script_of

SEARCH = "film_search-search_films"
Script = Iterable[Step] | Mapping[str, Iterable[Step]]


class Team:
    """The application's agents on the sample store, with scripted models."""

    def __init__(self, app: FastAPI) -> None:
        self._reading = app.state.database.reading
        self.chat = script_of([])

    def with_script(self, script: Script, settings: Settings | None = None) -> Assistant:
        self.chat = script_of(script)
        return Assistant(settings or settings_for(), self.chat, self._reading)

    async def asked(self, script: Script, question: str = "Alien?", **settings: object) -> HandoffResponse:
        return await self.with_script(script, settings_for(**settings)).hand_off(question, ANONYMOUS)  # type: ignore[arg-type]


@pytest.fixture
async def team(app: FastAPI) -> AsyncIterator[Team]:
    before = asyncio.all_tasks()
    yield Team(app)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"a turn left tasks behind: {left}"


async def test_an_answer_names_its_agent_steps_and_cost(team: Team) -> None:
    answer = await team.asked([call(SEARCH, title="Alien"), say("Alien rents for $2.99.")])
    assert (answer.agent, answer.answer, answer.status) == (
        "SearchAgent",
        "Alien rents for $2.99.",
        "completed",
    )
    assert [step.model_dump() for step in answer.steps] == [
        {"agent": "SearchAgent", "kind": "tool", "name": SEARCH, "arguments": {"title": "Alien"}}
    ]
    assert answer.usage.model_dump() == {"prompt_tokens": 20, "completion_tokens": 10, "model_calls": 2}
    team.chat.assert_exhausted()


async def test_the_model_sees_the_stores_rows(team: Team) -> None:
    await team.asked([call(SEARCH, title="alein"), say("Alien.")])
    seen = team.chat.calls[1].transcript
    assert '"rental_rate": 2.99' in seen
    assert '"categories": ["Horror", "Sci-Fi"]' in seen


async def test_a_handover_reaches_the_other_agent_with_the_question(team: Team) -> None:
    answer = await team.asked(
        {"SearchAgent": [hand_over("LLMAgent")], "LLMAgent": [say("Argentina.")]}, "Who won in 2022?"
    )
    assert (answer.agent, answer.answer) == ("LLMAgent", "Argentina.")
    assert [(step.agent, step.kind, step.name) for step in answer.steps] == [("SearchAgent", "handoff", "LLMAgent")]
    assert "Who won in 2022?" in team.chat.calls[1].transcript


@pytest.mark.parametrize("usage", [True, False])
async def test_an_agent_that_gets_the_question_back_still_knows_it(team: Team, usage: bool) -> None:
    script = {
        "SearchAgent": [call(SEARCH, title="Alien"), hand_over("LLMAgent"), say("It rents for $2.99.")],
        "LLMAgent": [hand_over("SearchAgent")],
    }
    assistant = team.with_script(script)
    team.chat.reports_usage = usage
    answer = await assistant.hand_off("What does Alien cost?", ANONYMOUS)
    assert (answer.agent, answer.answer) == ("SearchAgent", "It rents for $2.99.")
    seen = team.chat.calls[-1].transcript
    assert "What does Alien cost?" in seen
    assert '"rental_rate": 2.99' in seen


async def test_two_handoffs_in_one_completion_are_one(team: Team) -> None:
    script = {
        "SearchAgent": [calls(hand_over("LLMAgent"), hand_over("LLMAgent"))],
        "LLMAgent": [say("Hello.")],
    }
    answer = await team.asked(script)
    assert [(step.agent, step.name) for step in answer.steps] == [("SearchAgent", "LLMAgent")]


async def test_a_tool_beside_a_question_to_the_person_is_cancelled(team: Team) -> None:
    stopped = asyncio.Event()

    class Slow:
        @kernel_function(name="wait")
        async def wait(self) -> str:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
            return ""

    assistant = team.with_script([calls(call("slow-wait"), call("ask_user-ask_user", question="Which one?"))])
    for agent in assistant._team.of(ANONYMOUS):
        agent.kernel.add_plugin(Slow(), "slow")
    answer = await assistant.hand_off("Alien?", ANONYMOUS)
    assert (answer.status, answer.answer) == ("input_required", "Which one?")
    assert stopped.is_set()


async def test_an_empty_question_to_the_person_does_not_end_the_turn(team: Team) -> None:
    answer = await team.asked([call("ask_user-ask_user", question=" "), say("Alien rents for $2.99.")])
    assert (answer.status, answer.answer) == ("completed", "Alien rents for $2.99.")


async def test_a_question_to_the_person_without_end_is_an_error(team: Team) -> None:
    with pytest.raises(UpstreamFailed, match="too long"):
        await team.asked([call("ask_user-ask_user", question="x" * 3000)])


@pytest.mark.parametrize(
    ("tool", "arguments", "seen"),
    [
        ("find_films", {"actor": "Weaver", "category": None}, '"total": 7'),
        ("find_films", {"actor": "Weaver", "category": "", "rating": "null"}, '"total": 7'),
        ("find_films", {"actor": "Weaver", "limit": "5.0"}, '"total": 7'),
        ("find_films", {"actor": "Weaver", "in_stock": "maybe"}, "in_stock must be true or false."),
        ("film_availability", {"film_id": "Alien"}, "film_id must be a whole number."),
        ("film_availability", {"film_id": None}, "film_id is missing: it must be a whole number."),
        ("search_films", {"title": None}, "title is missing: it must be a text."),
        ("search_films", {"title": "Alien", "year": 1979}, "Unknown argument year"),
    ],
)
async def test_arguments_are_bound_by_the_functions_own_types(
    team: Team, tool: str, arguments: dict[str, object], seen: str
) -> None:
    await team.asked([call(f"film_search-{tool}", **arguments), say("Done.")])
    result = team.chat.calls[1].transcript
    assert seen in result
    assert "could not be asked" not in result
    assert "None" not in result.replace('"None"', "")


async def test_handoff_reasons_reach_the_model(team: Team) -> None:
    await team.asked([say("Hello.")])
    tools = {tool["function"]["name"]: tool["function"] for tool in team.chat.calls[0].settings.tools or []}
    assert "not about the store's films" in tools["Handoff-transfer_to_LLMAgent"]["description"]


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ([complete("Alien rents for $2.99.")], "Alien rents for $2.99."),
        ([calls(complete("asked about Alien"), text="It rents for $2.99.")], "It rents for $2.99."),
        ([calls(call(SEARCH, title="Alien"), text="One moment. "), say("It is $2.99.")], "It is $2.99."),
        ([call(SEARCH, title="x"), call(SEARCH, title="y"), say("Neither.")], "Neither."),
        ([calls(call(SEARCH, title="Alien"), call(SEARCH, title="Jaws")), say("Both.")], "Both."),
        ([calls(hand_over("LLMAgent"), text="Let me pass you on."), say("Hello.")], "Hello."),
        ([call("film_search-no_such_tool"), say("Sorry.")], "Sorry."),
        ([call(SEARCH, wrong="argument"), say("Sorry.")], "Sorry."),
    ],
)
async def test_an_answer_is_found_in_every_form_a_model_gives_it(team: Team, script: list[Step], answer: str) -> None:
    assert (await team.asked(script)).answer == answer
    team.chat.assert_exhausted()


async def test_a_question_back_to_the_person_ends_the_turn(team: Team) -> None:
    answer = await team.asked([call("ask_user-ask_user", question="Which of the two?")])
    assert (answer.status, answer.answer) == ("input_required", "Which of the two?")


@pytest.mark.parametrize(
    "script",
    [
        [say_nothing()],
        [say("   ")],
        [hand_over("LLMAgent"), say_nothing()],
        [call(SEARCH, title="Alien"), say_nothing()],
        [complete("  ")],
    ],
)
async def test_a_turn_without_text_fails(team: Team, script: list[Step]) -> None:
    with pytest.raises(NoAnswer):
        await team.asked(script)


@pytest.mark.parametrize(
    "script",
    [
        [fail(RuntimeError("upstream"))],
        [fail(RuntimeError("upstream"), after="Alien re")],
        [hand_over("LLMAgent"), fail(RuntimeError("upstream"))],
        [call(SEARCH, title="Alien"), fail(RuntimeError("upstream"))],
    ],
)
async def test_a_model_failure_is_reported_immediately_and_without_its_text(team: Team, script: list[Step]) -> None:
    with pytest.raises(UpstreamFailed) as failure:
        await asyncio.wait_for(team.asked(script), 60)
    assert "upstream" not in failure.value.detail


@pytest.mark.parametrize("script", [[hang()], [hang(after="Alien")], [hand_over("LLMAgent"), hang()]])
async def test_the_deadline_ends_the_turn_and_the_model_call(team: Team, script: list[Step]) -> None:
    with pytest.raises(UpstreamTimeout, match=r"within 0\.2 seconds"):
        await team.asked(script, ai_timeout_seconds=0.2)
    assert team.chat.cancelled == 1


async def test_cancelling_the_caller_cancels_the_model_call(team: Team) -> None:
    assistant = team.with_script([hang()])
    turn = asyncio.create_task(assistant.hand_off("Alien?", ANONYMOUS))
    await team.chat.hanging.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert team.chat.cancelled == 1


async def test_agents_that_hand_over_endlessly_are_stopped(team: Team) -> None:
    script = {"SearchAgent": repeat(hand_over("LLMAgent")), "LLMAgent": repeat(hand_over("SearchAgent"))}
    with pytest.raises(UpstreamFailed, match="handing the question to each other"):
        await team.asked(script, ai_max_handoffs=4)
    assert len(team.chat.calls) == 5


async def test_a_model_that_calls_tools_forever_is_stopped(team: Team) -> None:
    with pytest.raises(UpstreamFailed, match="kept calling tools"):
        await team.asked(repeat(call(SEARCH, title="Alien")), ai_max_tool_calls=3)
    assert len(team.chat.calls) == 4


async def test_a_model_that_calls_unknown_tools_forever_is_stopped(team: Team) -> None:
    with pytest.raises(UpstreamFailed):
        await team.asked(repeat(call("film_search-nonsense")), ai_max_tool_calls=3)
    assert len(team.chat.calls) <= 8


async def test_the_right_number_of_tool_calls_is_no_failure(team: Team) -> None:
    script = [*[call(SEARCH, title="Alien")] * 3, say("Found.")]
    assert (await team.asked(script, ai_max_tool_calls=3)).answer == "Found."


async def test_many_turns_at_once_do_not_mix(team: Team) -> None:
    titles = [f"film number {number}" for number in range(50)]

    def echo(history: ChatHistory, _: PromptExecutionSettings) -> Completion:
        return say(f"about {next(m.content for m in history.messages if m.role == 'user')}")

    assistant = team.with_script(repeat(echo))
    answers = await asyncio.gather(*(assistant.hand_off(title, ANONYMOUS) for title in titles))
    assert [answer.answer for answer in answers] == [f"about {title}" for title in titles]
    assert all(answer.usage.model_calls == 1 for answer in answers)


async def asked_of(url: str, chat: Scripted) -> HandoffResponse:
    settings = settings_for(url)
    database = Database(settings)
    try:
        return await Assistant(settings, chat, database.reading).hand_off("Alien?", ANONYMOUS)
    finally:
        await database.dispose()


async def test_a_failing_tool_is_masked_from_the_model(caplog: pytest.LogCaptureFixture) -> None:
    chat = script_of([call(SEARCH, title="Alien"), say("I cannot look it up now.")])
    answer = await asked_of("sqlite:///:memory:", chat)  # never migrated: no such table
    assert answer.answer == "I cannot look it up now."
    assert "could not be asked" in chat.calls[1].transcript
    assert "no such table" not in chat.calls[1].transcript
    assert any("tool_failed" in record.getMessage() for record in caplog.records)


async def test_an_unreachable_database_fails_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    chat = script_of([call(SEARCH, title="Alien"), say("The store has no such film.")])
    with pytest.raises(Unavailable, match="database cannot be reached"):
        await asked_of("postgresql+asyncpg://nobody:secret@127.0.0.1:1/none", chat)
    assert len(chat.calls) == 1
    assert "secret" not in caplog.text
