"""The offline model with agents and tools that it has no intents for."""

from __future__ import annotations

from typing import Any

import pytest

from app.agents.chat_services.settings import Refusal
from app.agents.offline.tool_match import agent_for, refusal_for, say_result, tool_for


def tool(name: str, description: str, *required: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


HOURS = "The question is about when the store is open: its opening hours."
PARKING = "The question is about where to leave a car."
TRANSFERS = [
    tool("Handoff-transfer_to_LLMAgent", "The question is not about opening a film."),
    tool("Handoff-transfer_to_HoursAgent", HOURS),
    tool("Handoff-transfer_to_ParkingAgent", PARKING),
    tool("Handoff-complete_task", "Complete the task of opening hours."),
]


@pytest.mark.parametrize(
    ("question", "agent"),
    [
        ("When do you open on Monday?", "HoursAgent"),
        ("What are your opening hours?", "HoursAgent"),
        ("Where can I leave my car? Is there parking?", "ParkingAgent"),
        ("Who won the World Cup?", ""),
        ("What is the question about?", ""),
        ("", ""),
    ],
)
def test_a_question_goes_to_the_agent_that_shares_its_words(question: str, agent: str) -> None:
    assert agent_for(question, TRANSFERS) == agent


def test_a_refused_agents_questions_get_its_answer() -> None:
    refusals = [Refusal("HoursAgent", HOURS, "Only for staff."), Refusal("RentalAgent", HOURS, "Sign in.")]
    assert refusal_for("When do you open?", refusals) == "Only for staff."
    assert refusal_for("Who won the World Cup?", refusals) == ""


def test_the_tool_that_shares_the_questions_words_is_called() -> None:
    tools = [tool("store-address", "Tell where it is."), tool("store-hours", "Tell when it is open."), *TRANSFERS]
    assert tool_for("When do you open?", tools) == "store-hours"
    assert tool_for("Tell me anything", tools) == "store-address"
    assert tool_for("When do you open?", [tool("store-hours", "When it is open.", "day"), *TRANSFERS]) == ""


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"monday_to_friday": "9 to 5", "sunday": "closed"}, "monday to friday: 9 to 5; sunday: closed."),
        ({"days": ["Monday", "Friday"], "hours": {"from": 9, "to": 17}}, "days: Monday, Friday; hours: from 9, to 17."),
        ({"error": "No hours are known."}, "No hours are known."),
        ({}, "There is nothing."),
    ],
)
def test_a_result_is_told_as_it_is(result: dict[str, Any], told: str) -> None:
    assert say_result(result) == told
