"""Look-ups and answers of the offline model at the rental desk, and its refusals."""

from __future__ import annotations

from typing import Any

import pytest

from app.agents.offline.desk import desk_plan_for
from app.agents.offline.desk_steps import desk_step
from app.agents.offline.phrasing import say
from app.agents.offline.steps import Call, Calls, Result, Say, Step, Transfer

MINE = frozenset({"my_open_rentals", "my_rental_history", "my_balance", "film_near_me"})
ANYONES = frozenset(
    {"find_customer", "customer_open_rentals", "customer_rental_history", "customer_balance", "film_near_me"}
)
ELENA = {"customer_id": 5, "customer": "Elena Dubois", "email": "elena@example.org", "store_id": 1, "active": True}
LATE = {
    "title": "Alien",
    "rented": "2026-03-01T10:00:00+00:00",
    "due": "2026-03-04T10:00:00+00:00",
    "overdue": True,
    "days_late": 2,
    "late_fee": 2.0,
    "lost_cost": None,
}
SUMS = {"rental_fees": 9.97, "late_fees": 2.0, "replacement_costs": 0.0, "payments": 9.97, "balance": 2.0}


def asked(question: str, offered: frozenset[str], *results: dict[str, Any]) -> Step:
    """Return the step after these results."""
    plan, seen = desk_plan_for(question), list[tuple[Call, Result]]()
    for result in results:
        step = desk_step(plan, question, seen, offered)
        assert isinstance(step, Calls)
        seen += [(call, result) for call in step.calls]
    return desk_step(plan, question, seen, offered)


def test_a_customer_is_told_their_open_rentals() -> None:
    assert asked("What do I have out?", MINE) == Calls((Call("my_open_rentals"),))
    told = asked("What do I have out?", MINE, {"total": 1, "rentals": [LATE]})
    due = "which was due on 4 March 2026, 10:00 UTC: 2 days late, $2.00 in late fees"
    assert told == Say(f"You have 1 disc out: Alien, {due}.")
    assert asked("My rentals?", MINE, {"total": 0, "rentals": []}) == Say("You have nothing out.")


def test_a_customer_is_told_their_rental_history() -> None:
    rental = {**LATE, "returned": "2026-03-06T09:00:00+00:00"}
    told = asked("What have I rented?", MINE, {"total": 7, "rentals": [rental]})
    film = "Alien (rented on 1 March 2026, returned on 6 March 2026)"
    assert told == Say(f"You have rented 7 films so far; the latest 1: {film}.")
    assert asked("Have I rented Jaws?", MINE) == Calls((Call("my_rental_history", {"title": "Jaws"}),))
    assert asked("Have I rented Jaws?", MINE, {"total": 0, "rentals": []}) == Say("You have never rented “Jaws”.")


@pytest.mark.parametrize(
    ("balance", "opening"),
    [(2.0, "You owe $2.00."), (0.0, "You owe nothing."), (-1.5, "You owe nothing: $1.50 more was paid than is owed.")],
)
def test_a_customer_is_told_their_balance(balance: float, opening: str) -> None:
    told = asked("Do I owe anything?", MINE, {**SUMS, "balance": balance, "late_now": [LATE]})
    assert isinstance(told, Say)
    assert told.text.startswith(opening)
    assert "$9.97 in rental fees and $2.00 in late fees, less $9.97 paid" in told.text
    assert told.text.endswith("Late now: Alien (2 days, $2.00).")


def test_staff_are_told_of_the_customer_they_name() -> None:
    found = {"customers": [ELENA], "more": False}
    question = "What does Elena Dubois owe?"
    assert asked(question, ANYONES) == Calls((Call("find_customer", {"name_email_or_id": "Elena Dubois"}),))
    assert asked(question, ANYONES, found) == Calls((Call("customer_balance", {"customer_id": 5}),))
    told = asked(question, ANYONES, found, {**SUMS, "late_now": []})
    assert isinstance(told, Say)
    assert told.text.startswith("Elena Dubois owes $2.00.")


def test_staff_choose_among_namesakes() -> None:
    other = {**ELENA, "customer_id": 6, "customer": "Elena Duboisson"}
    both = {"customers": [other, {**ELENA, "customer": "Elena Dubost"}], "more": False}
    told = asked("What does Elena Dubo owe?", ANYONES, both)
    assert isinstance(told, Say)
    assert "Several customers fit" in told.text
    assert "customer 5" in told.text
    exact = {"customers": [other, ELENA], "more": False}
    assert asked("What does elena dubois owe?", ANYONES, exact) == Calls(
        (Call("customer_balance", {"customer_id": 5}),)
    )
    nobody = asked("What does Elena Dubois owe?", ANYONES, {"query": "Elena Dubois", "customers": [], "more": False})
    assert nobody == Say("There is no customer “Elena Dubois”.")


def test_no_caller_is_told_the_data_of_others() -> None:
    assert asked("What does customer 5 have out?", MINE) == Say(say("not yours"))
    assert asked("What do I have out?", ANYONES) == Say(say("whose"))


def test_an_unavailable_store_is_reported_at_the_rental_desk() -> None:
    failed = {"error": "The store could not be asked just now."}
    assert asked("What do I have out?", MINE, failed) == Say(say("silent"))
    assert asked("Is Alien in stock near me?", MINE, failed) == Say(say("silent"))


def test_the_answer_names_the_callers_store_and_others_with_the_film() -> None:
    assert asked("Is Alien in stock near me?", MINE) == Calls((Call("film_near_me", {"title": "Alien"}),))
    stores = [
        {"store_id": 2, "is_own": True, "copies": 1, "in_stock": 0, "next_due": "2026-03-04T10:00:00+00:00"},
        {"store_id": 1, "is_own": False, "copies": 3, "in_stock": 2, "next_due": None},
    ]
    result = {"own_store": 2, "films": [{"title": "Alien", "release_year": 1979, "stores": stores}]}
    told = asked("Is Alien in stock near me?", MINE, result)
    assert isinstance(told, Say)
    assert told.text.startswith(
        "Alien (1979): your store (store 2) has none in stock; the next one was due back on 4 March"
    )
    assert told.text.endswith("store 1 has 2 of 3 copies in stock.")
    assert asked("Is Alien in stock near me?", MINE, {"films": []}) == Say("The store has no film called “Alien”.")


def test_the_rental_desk_hands_over_other_questions() -> None:
    assert desk_step(None, "How much is Alien?", [], MINE) == Transfer()
