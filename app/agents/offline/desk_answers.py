"""Answers at the rental desk, in words, each from the result of one tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from app.agents.offline.text import counted, listed, money

Result = Mapping[str, Any]

_MOST_TOLD = 5


@dataclass(frozen=True)
class Person:
    """Whose affairs are told: the person who asks, or the customer named."""

    name: str = ""

    def __call__(self, verb: str, verb_of_other: str) -> str:
        """ "You have", or "Elena Dubois has"."""
        return f"{self.name} {verb_of_other}" if self.name else f"You {verb}"


def say_out(result: Result, person: Person, title: str) -> str:
    """What is out, and when it is due."""
    rentals = [rental for rental in result.get("rentals") or () if title.casefold() in rental["title"].casefold()]
    have = person("have", "has")
    if not rentals:
        return f"{have} no rental of “{title}” open." if title else f"{have} nothing out."
    told = "; ".join(_out(rental) for rental in rentals[:_MOST_TOLD])
    if title:
        return f"{have} {told}."
    total = int(result.get("total") or len(rentals))
    left = total - len(rentals[:_MOST_TOLD])
    return f"{have} {counted(total, 'disc')} out: {told}{f'; and {left} more' if left else ''}."


def _out(rental: Result) -> str:
    if not rental.get("overdue"):
        return f"{rental['title']}, due on {moment(rental['due'])}"
    days, fee = counted(int(rental["days_late"]), "day"), money(rental["late_fee"])
    lost = rental.get("lost_cost")
    replaced = f", and {money(lost)} for replacing it" if lost else ""
    return f"{rental['title']}, which was due on {moment(rental['due'])}: {days} late, {fee} in late fees{replaced}"


def say_history(result: Result, person: Person, title: str) -> str:
    """What was rented, the newest first."""
    rentals = list(result.get("rentals") or ())
    have = person("have", "has")
    if not rentals:
        return f"{have} never rented “{title}”." if title else f"{have} not rented anything yet."
    total = int(result.get("total") or len(rentals))
    shown = [_rented(rental) for rental in rentals[:_MOST_TOLD]]
    films = f"{counted(total, 'film')} with “{title}” in the title" if title else counted(total, "film")
    which = f"; the latest {len(shown)}" if total > len(shown) else ""
    return f"{have} rented {films} so far{which}: {'; '.join(shown)}."


def _rented(rental: Result) -> str:
    returned = rental.get("returned")
    back = f"returned on {day(returned)}" if returned else f"still out, due on {day(rental['due'])}"
    return f"{rental['title']} (rented on {day(rental['rented'])}, {back})"


def say_owed(result: Result, person: Person) -> str:
    """The balance, what it is made of, and what is late now."""
    balance = float(result["balance"])
    if balance > 0:
        opening = f"{person('owe', 'owes')} {money(balance)}"
    elif balance < 0:
        opening = f"{person('owe', 'owes')} nothing: {money(-balance)} more was paid than is owed"
    else:
        opening = f"{person('owe', 'owes')} nothing"
    parts = [f"{money(result['rental_fees'])} in rental fees", f"{money(result['late_fees'])} in late fees"]
    if result.get("replacement_costs"):
        parts.append(f"{money(result['replacement_costs'])} for discs not returned in time")
    late = [_late(rental) for rental in (result.get("late_now") or ())[:_MOST_TOLD]]
    now = f" Late now: {listed(late)}." if late else ""
    return f"{opening}. That is {listed(parts)}, less {money(result['payments'])} paid.{now}"


def _late(rental: Result) -> str:
    return f"{rental['title']} ({counted(int(rental['days_late']), 'day')}, {money(rental['late_fee'])})"


def say_customers(result: Result) -> str:
    """Who was found."""
    customers = list(result.get("customers") or ())
    if not customers:
        return f"There is no customer “{result.get('query', '')}”."
    told = [_customer(customer) for customer in customers[:_MOST_TOLD]]
    if len(customers) == 1:
        return f"That is {told[0]}."
    more = " There are more." if result.get("more") or len(customers) > len(told) else ""
    return f"Several customers fit: {'; '.join(told)}.{more} Which one do you mean?"


def _customer(customer: Result) -> str:
    email = f", {customer['email']}" if customer.get("email") else ""
    left = "" if customer.get("active") else ", no longer active"
    return f"{customer['customer']} (customer {customer['customer_id']}{email}, store {customer['store_id']}{left})"


def say_near(result: Result, asked: str) -> str:
    """Where a film is in stock, the person's own store first."""
    films = list(result.get("films") or ())
    if not films:
        return f"The store has no film called “{asked}”."
    return " ".join(_near(film, result.get("own_store")) for film in films)


def _near(film: Result, own: int | None) -> str:
    title = f"{film['title']} ({film['release_year']})" if film.get("release_year") else str(film["title"])
    stores = list(film.get("stores") or ())
    if not stores:
        return f"{title} is in the catalogue, but no store has a copy of it."
    mine = [_store(store) for store in stores if store["is_own"]]
    if own is not None and not mine:
        mine = [f"your store (store {own}) has no copy of it"]
    return f"{title}: {'; '.join([*mine, *(_store(store) for store in stores if not store['is_own'])])}."


def _store(store: Result) -> str:
    name = f"your store (store {store['store_id']})" if store["is_own"] else f"store {store['store_id']}"
    copies, free = int(store["copies"]), int(store["in_stock"])
    if free:
        return f"{name} has {free} of {counted(copies, 'copy', 'copies')} in stock"
    return f"{name} has none in stock{_next_due(store.get('next_due'))}"


def _next_due(due: str | None) -> str:
    if due is None:
        return ""
    late = datetime.fromisoformat(due) < datetime.now(timezone.utc)
    return f", the next was due back on {day(due)} and is overdue" if late else f", the next is due back on {day(due)}"


def moment(time: str) -> str:
    """ "3 March 2026, 10:00 UTC"."""
    return f"{day(time)}, {datetime.fromisoformat(time):%H:%M} UTC"


def day(time: str) -> str:
    """ "3 March 2026"."""
    known = datetime.fromisoformat(time)
    return f"{known.day} {known:%B %Y}"


def said(parts: Sequence[str]) -> str:
    """All of them, one after the other."""
    return " ".join(filter(None, parts))
