"""Steps of the rental desk agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.desk import CUSTOMER, HISTORY, OUT, OWED, DeskPlan, desk_plan_for
from app.agents.offline.phrasing import say
from app.agents.offline.steps import Call, Findings, Result, Say, Step, Transfer

FIND_CUSTOMER = "find_customer"
_OWN = {OUT: "my_open_rentals", HISTORY: "my_rental_history", OWED: "my_balance"}
_OTHERS = {OUT: "customer_open_rentals", HISTORY: "customer_rental_history", OWED: "customer_balance"}
_MOST_TOLD = 5


def desk_step(
    plan: DeskPlan | None, question: str, seen: Sequence[tuple[Call, Result]], offered: frozenset[str]
) -> Step:
    """Return the next step of the agent at the rental desk; `offered` are its tools."""
    plan = plan or desk_plan_for(question)
    if plan is None:
        return Transfer()
    findings = Findings(seen)
    if plan.near_me:
        call = Call("film_near_me", {"title": plan.title})
        result = findings.of(call)
        return findings.missing([call]) or Say(
            say("near", asked=plan.title, **result) if "films" in result else say("silent")
        )
    if plan.customer:
        return _of_customer(plan, findings) if FIND_CUSTOMER in offered else Say(say("not yours"))
    return Say(say("whose")) if FIND_CUSTOMER in offered else _look_up(plan, _OWN, {}, "", findings)


def _of_customer(plan: DeskPlan, findings: Findings) -> Step:
    customer = the_customer(plan.customer, findings, many=plan.topics == (CUSTOMER,))
    if not isinstance(customer, Mapping):
        return customer
    return _look_up(plan, _OTHERS, {"customer_id": customer["customer_id"]}, str(customer["customer"]), findings)


def the_customer(asked: str, findings: Findings, *, many: bool = False) -> Mapping[str, Any] | Step:
    """Return the customer of this name, e-mail or number, or a step: to look for one, or to tell who they are."""
    if not asked:
        return Say(say("whose action"))
    find = Call(FIND_CUSTOMER, {"name_email_or_id": asked})
    if step := findings.missing([find]):
        return step
    found = findings.of(find)
    if "customers" not in found:
        return Say(say("silent"))
    customer = _the_one(asked, found["customers"])
    if customer is None or many:
        return Say(say("customers", **(found if customer is None else {"customers": [customer]})))
    return customer


def _the_one(asked: str, customers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The only customer found, else the only one whose whole name or e-mail this is."""
    whole = [
        one for one in customers if asked.casefold() in (str(one[key]).casefold() for key in ("customer", "email"))
    ]
    choice = customers if len(customers) == 1 else whole
    return choice[0] if len(choice) == 1 else None


def _look_up(
    plan: DeskPlan, functions: Mapping[str, str], chosen: Mapping[str, Any], name: str, findings: Findings
) -> Step:
    calls = {
        topic: Call(functions[topic], {**chosen, **({"title": plan.title} if topic == HISTORY and plan.title else {})})
        for topic in plan.topics
        if topic in functions
    }
    if step := findings.missing(list(calls.values())):
        return step
    if findings.failed(list(calls.values())):
        return Say(say("silent"))
    return Say(" ".join(_told(topic, findings.of(call), name, plan.title) for topic, call in calls.items()))


def _told(topic: str, result: Result, name: str, title: str) -> str:
    who = {"who": name or "You", "have": "has" if name else "have", "owe": "owes" if name else "owe"}
    if topic == OWED:
        return say("owed", **who, **result)
    rentals = [
        rental
        for rental in result.get("rentals") or ()
        if topic != OUT or title.casefold() in str(rental["title"]).casefold()
    ]
    total = len(rentals) if topic == OUT and title else int(result.get("total") or len(rentals))
    shown = rentals[:_MOST_TOLD]
    return say(topic, **who, rentals=shown, title=title, total=total, more=total - len(shown))
