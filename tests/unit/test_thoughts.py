"""Thoughts are removed from a text, whatever the pieces in which it arrives."""

from __future__ import annotations

import pytest

from app.agents.chat_services.thoughts import ThoughtFilter


def read(text: str, size: int, *, hold: bool = True) -> tuple[str, ThoughtFilter]:
    thoughts = ThoughtFilter(hold=hold)
    pieces = [thoughts.feed(text[start : start + size]) for start in range(0, len(text), size)]
    return "".join([*pieces, thoughts.finish()]), thoughts


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Alien.", "Alien."),
        ("", ""),
        ("<think>short</think>\n\nAlien.", "Alien."),
        ("<think></think>Alien.", "Alien."),
        ("  <THINK>a < b</THINK> Alien.", "Alien."),
        ("<think>a</think><think>b</think>Alien.", "Alien."),
        ("<thinking>a</thinking>Alien.", "Alien."),
        ("[THINK]a[/THINK]Alien.", "Alien."),
        ("◁think▷a◁/think▷Alien.", "Alien."),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Alien.", "Alien."),
        ("One moment. <think>a</think>Alien.", "One moment. Alien."),
        ("a thought</think>\nAlien.", "Alien."),
        ("a thought</think>", ""),
        ("<think>never ends", ""),
        ("2 < 3 and <b>bold</b> and [thin", "2 < 3 and <b>bold</b> and [thin"),
        ("The `<think>` tag ends with `</think>`.", "The `<think>` tag ends with `</think>`."),
        ("ends with a <", "ends with a <"),
    ],
)
def test_thoughts_are_removed_from_the_answer(text: str, answer: str, size: int) -> None:
    assert read(text, size)[0] == answer


@pytest.mark.parametrize("size", [1, 5])
def test_without_holding_text_comes_at_once(size: int) -> None:
    thoughts = ThoughtFilter(hold=False)
    assert thoughts.feed("Alien rents") == "Alien rents"
    assert thoughts.feed(" for <") == " for "
    assert thoughts.feed("b>$2.99") == "<b>$2.99"


def test_with_hold_text_is_passed_on_only_when_it_is_known_to_be_answer() -> None:
    thoughts = ThoughtFilter(hold=True)
    assert thoughts.feed("Is this a thought?") == ""
    assert thoughts.feed("</think>No.") == "No."
    assert thoughts.feed(" Really.") == " Really."
    assert (thoughts.lone, thoughts.leaked) == (True, False)


def test_a_thought_that_was_passed_on_is_reported() -> None:
    _, thoughts = read("A thought.</think>Alien.", 4, hold=False)
    assert (thoughts.lone, thoughts.leaked) == (True, True)


def test_released_text_comes_at_once() -> None:
    thoughts = ThoughtFilter(hold=True)
    assert thoughts.feed("Alien") == ""
    thoughts.release()
    assert thoughts.feed(" rents") == "Alien rents"
