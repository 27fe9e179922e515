"""The team as app/agents/team.py lists it: who gets which agents, what is shared, and which mistakes are reported."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace

import pytest
from semantic_kernel import Kernel
from semantic_kernel.functions import KernelFunction, kernel_function

from app.agents.kernel import build_chat_service, build_kernel
from app.agents.prompts import load_prompt_plugins
from app.agents.team import AGENTS, LLM_AGENT, RENTAL_AGENT, SEARCH_AGENT, AgentSpec
from app.agents.team_builder import Team
from app.core.auth.identity import ANONYMOUS, Caller, Role, Scope
from app.core.database.engine import Database
from app.core.errors import InvalidPrompt, NotConfigured
from tests.conftest import settings_for

CUSTOMER = Caller(role=Role.CUSTOMER, customer_id=5)
STAFF = Caller(role=Role.STAFF)
ADMIN = Caller(role=Role.ADMIN)
KEY = Caller(role=Role.STAFF, key_id=1, scopes=frozenset({Scope.RENTALS_READ, Scope.CUSTOMERS_READ}))
POOR_KEY = Caller(role=Role.STAFF, key_id=2, scopes=frozenset({Scope.RENTALS_READ}))
UNLINKED = Caller(role=Role.CUSTOMER, account_id=3)
HELP = AgentSpec(name="HelpAgent", prompt="agents/llm_agent", receives="The question is about this service.")


def team_of(specs: Sequence[AgentSpec] = AGENTS) -> Team:
    settings = settings_for()
    kernel = build_kernel(build_chat_service(settings))
    return Team(settings, kernel, load_prompt_plugins(), Database(settings).reading, specs)


def names(team: Team, caller: Caller) -> list[str]:
    return [agent.name for agent in team.of(caller)]


@pytest.mark.parametrize("caller", [CUSTOMER, STAFF, ADMIN, KEY])
def test_callers_of_the_rental_desk_get_every_agent(caller: Caller) -> None:
    assert names(team_of(), caller) == [SEARCH_AGENT, RENTAL_AGENT, LLM_AGENT]


@pytest.mark.parametrize("caller", [ANONYMOUS, UNLINKED, POOR_KEY])
def test_other_callers_get_no_rental_agent(caller: Caller) -> None:
    assert names(team_of(), caller) == [SEARCH_AGENT, LLM_AGENT]


def test_agents_are_shared_except_those_with_tools_of_the_callers_own() -> None:
    team = team_of()
    (search, rental, general), (again, other, same) = team.of(CUSTOMER), team.of(STAFF)
    assert (again, same) == (search, general)
    assert again is search
    assert same is general
    assert other is not rental
    assert set(other.kernel.plugins) == {"film_search", "rental_desk"}
    assert "rental_desk" not in search.kernel.plugins


class Whose:
    """Tools that name the caller that they were made for."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    @kernel_function(name="whose")
    async def whose(self) -> str:
        return f"customer {self.caller.customer_id}"


class Handed:
    """Tools that every caller gets as another function."""

    def __init__(self, caller: Caller) -> None:
        async def whose() -> str:
            return f"customer {caller.customer_id}"

        self.whose = kernel_function(name="whose")(whose)


def whose_of(team: Team, caller: Caller) -> KernelFunction:
    agent = next(agent for agent in team.of(caller) if agent.name == "HelpAgent")
    return agent.kernel.plugins["own"]["whose"]


@pytest.mark.parametrize("tools", [Whose, Handed])
async def test_each_callers_agents_call_tools_of_the_callers_own(tools: type[Whose | Handed]) -> None:
    team = team_of((*AGENTS, replace(HELP, caller_tools={"own": lambda caller, _: tools(caller)})))
    functions = [whose_of(team, replace(CUSTOMER, customer_id=number)) for number in (1, 2, 3)]
    answers = [await function.invoke(Kernel()) for function in functions]
    assert [str(answer) for answer in answers] == ["customer 1", "customer 2", "customer 3"]


def test_a_callers_tools_are_described_once_for_all_callers() -> None:
    team = team_of()
    described = [
        [function.metadata for function in team.of(caller)[1].kernel.plugins["rental_desk"]]
        for caller in (CUSTOMER, replace(CUSTOMER, customer_id=6), STAFF, ADMIN)
    ]
    assert all(one is other for pair in (described[:2], described[2:]) for one, other in zip(*pair, strict=True))
    assert described[0] != described[2]


def test_a_callers_tools_end_with_the_question() -> None:
    made: list[weakref.ref[Whose]] = []

    def make(caller: Caller, _: object) -> Whose:
        tools = Whose(caller)
        made.append(weakref.ref(tools))
        return tools

    team = team_of((*AGENTS, replace(HELP, caller_tools={"own": make})))
    for caller in (CUSTOMER, STAFF):
        whose_of(team, caller)
    gc.collect()
    assert [tools() for tools in made] == [None, None]


def test_callers_who_are_refused_for_other_reasons_share_no_agents() -> None:
    team = team_of()
    anonymous, unlinked = team.of(ANONYMOUS), team.of(UNLINKED)
    assert anonymous[0] is not unlinked[0]
    assert team.of(ANONYMOUS)[0] is anonymous[0]


def test_a_new_agent_is_known_to_all_others_by_its_own_entry() -> None:
    team = team_of((*AGENTS, HELP))
    assert names(team, ANONYMOUS) == [SEARCH_AGENT, LLM_AGENT, "HelpAgent"]
    assert [team.handoffs[name]["HelpAgent"] for name in (SEARCH_AGENT, RENTAL_AGENT, LLM_AGENT)] == [HELP.receives] * 3
    assert set(team.handoffs["HelpAgent"]) == {SEARCH_AGENT, RENTAL_AGENT, LLM_AGENT}


def test_the_handoffs_that_an_agent_gives_reasons_for_are_offered_first() -> None:
    handoffs = team_of((*AGENTS, HELP)).handoffs[SEARCH_AGENT]
    assert list(handoffs) == [LLM_AGENT, RENTAL_AGENT, "HelpAgent"]
    assert handoffs[LLM_AGENT].startswith("The question is not about the store's films")


def test_an_agent_for_admins_is_listed_and_refused_to_all_others() -> None:
    spec = replace(HELP, refusal=lambda caller: None if caller.role is Role.ADMIN else "Ask an administrator.")
    team = team_of((*AGENTS, spec))
    assert "HelpAgent" in names(team, ADMIN)
    assert "HelpAgent" in {agent.name for agent in team.everyone()}
    assert [caller for caller in (CUSTOMER, STAFF, KEY, ANONYMOUS) if "HelpAgent" in names(team, caller)] == []
    assert "Ask an administrator." in str(team.of(STAFF)[0].instructions)
    assert "Ask an administrator." not in str(team.of(ADMIN)[0].instructions)


@pytest.mark.parametrize(
    ("specs", "problem"),
    [
        ((*AGENTS, AGENTS[0]), "Two agents are called SearchAgent"),
        ((*AGENTS, replace(HELP, handoffs={"LlmAgent": "x"})), "HelpAgent hands over to LlmAgent"),
        ((*AGENTS, replace(HELP, tools={"a": lambda _: None}, caller_tools={"a": lambda *_: None})), "HelpAgent has a"),
        ((replace(HELP, refusal=lambda _: "No."), *AGENTS), "HelpAgent is the first agent"),
    ],
)
def test_a_team_that_cannot_work_is_reported(specs: Sequence[AgentSpec], problem: str) -> None:
    with pytest.raises(NotConfigured, match=problem):
        team_of(specs)


def test_an_entry_without_its_prompt_folder_is_reported() -> None:
    with pytest.raises(InvalidPrompt, match="agents/help_agent"):
        team_of((*AGENTS, replace(HELP, prompt="agents/help_agent")))
