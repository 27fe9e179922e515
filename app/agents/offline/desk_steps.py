"""What the agent at the rental desk does next about a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.desk import Affairs, DeskPlan, NearMe, Topic
from app.agents.offline.desk_answers import Person, said, say_customers, say_history, say_near, say_out, say_owed
from app.agents.offline.steps import STORE_SILENT, Call, Findings, Say, Seen, Step, Transfer

_FIND, _NEAR = "find_customer", "film_near_me"
_OWN = {Topic.OUT: "my_open_rentals", Topic.HISTORY: "my_rental_history", Topic.OWED: "my_balance"}
_OTHERS = {
    Topic.OUT: "customer_open_rentals",
    Topic.HISTORY: "customer_rental_history",
    Topic.OWED: "customer_balance",
}
_MOST_FILMS = 3

NOT_YOURS = "I can only tell you about your own rentals: what other customers have out or owe is for the store's staff."
WHOSE = (
    "You are at the staff's side of the rental desk, with no rentals of your own that I know. Name a customer by name, "
    "e-mail or number, for example: “What does customer 5 have out?”"
)


def desk_step(plan: DeskPlan | None, seen: Sequence[Seen], offered: frozenset[str]) -> Step:
    """The next step of the agent at the rental desk; `offered` are its tools."""
    findings = Findings(seen, offered)
    if findings.error:
        return Say(findings.error)
    if plan is None:
        return Transfer()
    if isinstance(plan, NearMe):
        return _near(plan, findings)
    if plan.customer:
        return _of_customer(plan, findings) if _FIND in offered else Say(NOT_YOURS)
    return Say(WHOSE) if _FIND in offered else _look_up(plan, _OWN, {}, Person(), findings)


def _near(plan: NearMe, findings: Findings) -> Step:
    titles = [title.text for title in plan.films.readings[0].titles[:_MOST_FILMS]]
    calls = {title: Call(_NEAR, {"title": title}) for title in titles}
    if step := findings.missing(list(calls.values())):
        return step
    results = {title: findings.of(call) for title, call in calls.items()}
    if any("films" not in result for result in results.values()):
        return Say(STORE_SILENT)
    return Say(said([say_near(result, title) for title, result in results.items()]))


def _of_customer(plan: Affairs, findings: Findings) -> Step:
    """Look the customer up first, unless a number says who it is and nothing else is asked."""
    find = Call(_FIND, {"name_email_or_id": plan.customer})
    if step := findings.missing([find]):
        return step
    found = findings.of(find)
    if "customers" not in found:
        return Say(STORE_SILENT)
    customer = _the_one(plan.customer, found["customers"])
    if customer is None or plan.topics == (Topic.CUSTOMER,):
        return Say(say_customers(found if customer is None else {"customers": [customer]}))
    chosen = {"customer_id": customer["customer_id"]}
    return _look_up(plan, _OTHERS, chosen, Person(str(customer["customer"])), findings)


def _the_one(asked: str, customers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The only customer found, else the only one whose whole name or e-mail this is."""
    if len(customers) == 1:
        return customers[0]
    whole = [
        one for one in customers if asked.casefold() in (str(one[key]).casefold() for key in ("customer", "email"))
    ]
    return whole[0] if len(whole) == 1 else None


def _look_up(
    plan: Affairs, functions: Mapping[Topic, str], chosen: Mapping[str, Any], person: Person, findings: Findings
) -> Step:
    calls = {
        topic: Call(
            functions[topic], {**chosen, **({"title": plan.title} if topic is Topic.HISTORY and plan.title else {})}
        )
        for topic in plan.topics
        if topic in functions
    }
    if step := findings.missing(list(calls.values())):
        return step
    results = {topic: findings.of(call) for topic, call in calls.items()}
    if not all(results.values()) or any("error" in result for result in results.values()):
        return Say(STORE_SILENT)
    return Say(said([_say(topic, result, person, plan.title) for topic, result in results.items()]))


def _say(topic: Topic, result: Mapping[str, Any], person: Person, title: str) -> str:
    if topic is Topic.OUT:
        return say_out(result, person, title)
    return say_history(result, person, title) if topic is Topic.HISTORY else say_owed(result, person)
