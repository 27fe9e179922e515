"""The offline model with the questions of this folder: minimum numbers of right answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fastapi import FastAPI

from tests.eval.runner import Answered, answer_all, read_questions, table
from tests.fixtures.settings import settings_for

HELD_OUT = (
    "held_out",
    "held_out_again",
    "held_out_people",
    "held_out_others",
    "held_out_third",
    "held_out_fourth",
    "held_out_blind",
    "held_out_fifth",
)
FILES = ("questions.yaml", *(f"{name}.yaml" for name in HELD_OUT))
ALL_RIGHT = ("general", "small_talk", "missing")


@pytest.fixture(scope="module")
async def answers(app: FastAPI) -> list[Answered]:
    """Every question, asked once."""
    questions = [known for name in FILES for known in read_questions(name)]
    return await answer_all(questions, settings_for(), app.state.database)


def share_of_right(answers: Sequence[Answered]) -> float:
    return sum(not answer.problems for answer in answers) / len(answers)


async def test_at_least_nineteen_of_twenty_answers_are_right(answers: list[Answered]) -> None:
    wrong = [(answer.question, answer.answer, answer.problems) for answer in answers if answer.problems]
    assert share_of_right(answers) >= 0.95, f"{table(answers)}\n{wrong}"


@pytest.mark.parametrize("kind", ALL_RIGHT)
async def test_questions_about_missing_films_are_always_routed_correctly(answers: list[Answered], kind: str) -> None:
    own = [answer for answer in answers if answer.kind == kind]
    assert own
    assert share_of_right(own) == 1.0, [answer for answer in own if answer.problems]


async def test_a_turn_makes_few_model_calls(answers: list[Answered]) -> None:
    assert max(answer.model_calls for answer in answers) <= 5
