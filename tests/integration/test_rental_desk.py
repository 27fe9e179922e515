"""The rental desk's tools on the sample store: results, permissions and the number of queries."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from semantic_kernel import Kernel
from semantic_kernel.functions import KernelPlugin
from sqlmodel import col

from app.core.auth.identity import ANONYMOUS, Caller, Role, Scope
from app.core.database.engine import Database
from app.models import Customer, Film, Inventory, Payment, Rental, Staff
from plugins.rental_desk.rental_desk_plugin import CustomerDesk, StaffDesk, desk_for
from tests.fixtures.statements import statements_of

STAFF = Caller(role=Role.STAFF, account_id=1, staff_id=1)
SCOPES = frozenset({Scope.RENTALS_READ, Scope.CUSTOMERS_READ})


class Desks:
    """The tools of each caller, and rows of the store for comparison."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of_customer(self, customer_id: int) -> CustomerDesk:
        desk = desk_for(Caller(role=Role.CUSTOMER, customer_id=customer_id), self.database.reading)
        assert isinstance(desk, CustomerDesk)
        return desk

    def of_staff(self, caller: Caller = STAFF) -> StaffDesk:
        desk = desk_for(caller, self.database.reading)
        assert isinstance(desk, StaffDesk)
        return desk

    async def rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        async with self.database.reading() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def rentals(self, customer_id: int) -> list[dict[str, Any]]:
        """Return a customer's rentals, newest first, each with its fees by Pagila's rules now."""
        found = await self.rows(
            sa.select(Rental.__table__, Film.__table__)  # type: ignore[attr-defined]
            .join_from(Rental, Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
            .join(Film, col(Film.film_id) == col(Inventory.film_id))
            .where(col(Rental.customer_id) == customer_id)
            .order_by(col(Rental.rental_date).desc(), col(Rental.rental_id).desc())
        )
        return [row | ruled(row) for row in found]

    async def busy_customers(self) -> list[int]:
        """Return the customers with the most open rentals, and one without any."""
        out = sa.func.count(sa.case((col(Rental.return_date).is_(None), 1)))
        by_customer = sa.select(col(Rental.customer_id), out.label("out")).group_by(col(Rental.customer_id))
        found = await self.rows(by_customer.order_by(out.desc(), col(Rental.customer_id)))
        return [found[0]["customer_id"], found[1]["customer_id"], found[-1]["customer_id"]]


def ruled(rental: dict[str, Any]) -> dict[str, Any]:
    """Apply Pagila's rules: due date, late fee per started day, and loss after three durations."""
    until = rental["return_date"] or datetime.now(timezone.utc)
    due = rental["rental_date"] + timedelta(days=rental["rental_duration"])
    days = max(0, math.ceil((until - due) / timedelta(days=1)))
    lost = until > rental["rental_date"] + 3 * timedelta(days=rental["rental_duration"])
    return {"due": due, "days_late": days, "lost": lost}


async def told(answer: Awaitable[str]) -> dict[str, Any]:
    return dict(json.loads(await answer))


@pytest.fixture(scope="module")
def desks(app: FastAPI) -> Desks:
    return Desks(app.state.database)


async def test_open_rentals_are_those_of_the_store(desks: Desks) -> None:
    for customer_id in await desks.busy_customers():
        mine = await told(desks.of_customer(customer_id).my_open_rentals())
        expected = [row for row in await desks.rentals(customer_id) if row["return_date"] is None]
        expected.sort(key=lambda row: (row["due"], row["rental_id"]))
        assert mine["total"] == len(expected)
        assert mine["rentals"] == [
            {
                "title": row["title"],
                "rented": row["rental_date"].isoformat(),
                "due": row["due"].isoformat(),
                "overdue": row["days_late"] > 0,
                "days_late": row["days_late"],
                "late_fee": float(row["days_late"]),
                "lost_cost": float(row["replacement_cost"]) if row["lost"] else None,
            }
            for row in expected
        ]


async def test_history_is_the_newest_first_and_bounded(desks: Desks) -> None:
    customer_id = (await desks.busy_customers())[0]
    expected = await desks.rentals(customer_id)
    mine = await told(desks.of_customer(customer_id).my_rental_history(limit=10**6))
    assert mine["total"] == len(expected)
    assert len(mine["rentals"]) == min(20, len(expected))
    assert [(r["title"], r["days_late"]) for r in mine["rentals"]] == [
        (row["title"], row["days_late"]) for row in expected[:20]
    ]
    assert len((await told(desks.of_customer(customer_id).my_rental_history(limit=-3)))["rentals"]) == 1


async def test_history_of_a_title(desks: Desks) -> None:
    customer_id = (await desks.busy_customers())[0]
    title = (await desks.rentals(customer_id))[-1]["title"]
    mine = await told(desks.of_customer(customer_id).my_rental_history(title=title.lower()))
    assert mine["total"] >= 1
    assert all(title.lower() in rental["title"].lower() for rental in mine["rentals"])
    assert (await told(desks.of_customer(customer_id).my_rental_history(title="%")))["total"] == 0


async def test_the_balance_is_by_pagilas_rules(desks: Desks) -> None:
    for customer_id in await desks.busy_customers():
        mine = await told(desks.of_customer(customer_id).my_balance())
        rentals = await desks.rentals(customer_id)
        paid = await desks.rows(sa.select(col(Payment.amount)).where(col(Payment.customer_id) == customer_id))
        fees = sum((row["rental_rate"] for row in rentals), Decimal(0))
        late = sum(row["days_late"] for row in rentals)
        costs = sum((row["replacement_cost"] for row in rentals if row["lost"]), Decimal(0))
        payments = sum((row["amount"] for row in paid), Decimal(0))
        assert (mine["rental_fees"], mine["late_fees"]) == (float(fees), float(late))
        assert (mine["replacement_costs"], mine["payments"]) == (float(costs), float(payments))
        assert mine["balance"] == float(fees + late + costs - payments)
        now_late = [row for row in rentals if row["return_date"] is None and row["days_late"]]
        assert len(mine["late_now"]) == len(now_late)


async def test_staff_see_what_the_customer_sees(desks: Desks) -> None:
    customer_id = (await desks.busy_customers())[0]
    mine, staff = desks.of_customer(customer_id), desks.of_staff()
    for own, others in (
        (await told(mine.my_open_rentals()), await told(staff.customer_open_rentals(customer_id))),
        (await told(mine.my_rental_history()), await told(staff.customer_rental_history(customer_id))),
        (await told(mine.my_balance()), await told(staff.customer_balance(customer_id))),
    ):
        assert others.pop("customer_id") == customer_id
        assert others.pop("customer")
        assert own == others


async def test_customers_are_found_by_name_email_and_id(desks: Desks) -> None:
    (row,) = await desks.rows(sa.select(Customer.__table__).where(col(Customer.customer_id) == 17))  # type: ignore[attr-defined]
    whole = f"{row['first_name']} {row['last_name']}"
    for asked in (whole, whole.upper(), row["email"], "17", " 17 "):
        found = await told(desks.of_staff().find_customer(asked))
        assert 17 in [customer["customer_id"] for customer in found["customers"]]
    assert found["customers"] == [
        {"customer_id": 17, "customer": whole, "email": row["email"], "store_id": row["store_id"], "active": True}
    ]


@pytest.mark.parametrize(
    "asked", ["%", "_", "", " ", "' OR 1=1 --", "0", "9" * 40, "²", "\x00", "\ud800", "x" * 10_000]
)
async def test_a_text_that_is_not_a_name_finds_no_customer(desks: Desks, asked: str) -> None:
    assert (await told(desks.of_staff().find_customer(asked)))["customers"] == []


async def test_the_number_of_customers_found_is_bounded(desks: Desks) -> None:
    found = await told(desks.of_staff().find_customer("example.org"))
    assert (len(found["customers"]), found["more"]) == (10, True)


@pytest.mark.parametrize("customer_id", [0, -1, 99_999, 10**30])
async def test_an_unknown_customer_is_explained(desks: Desks, customer_id: int) -> None:
    staff = desks.of_staff()
    for answer in (
        await told(staff.customer_open_rentals(customer_id)),
        await told(staff.customer_rental_history(customer_id)),
        await told(staff.customer_balance(customer_id)),
    ):
        assert answer == {"error": f"There is no customer with id {customer_id}."}


async def test_the_callers_store_comes_first(desks: Desks) -> None:
    stores = dict.fromkeys([1, 2])
    for row in await desks.rows(sa.select(col(Customer.customer_id), col(Customer.store_id))):
        stores[row["store_id"]] = row["customer_id"]
    for store_id, customer_id in stores.items():
        found = await told(desks.of_customer(customer_id or 0).film_near_me("Alien"))
        assert (found["match"], found["own_store"]) == ("exact", store_id)
        (film,) = found["films"]
        assert [(store["store_id"], store["is_own"]) for store in film["stores"]] == [
            (store_id, True),
            (3 - store_id, False),
        ]
        assert sum(store["in_stock"] for store in film["stores"]) <= sum(store["copies"] for store in film["stores"])


async def test_a_film_that_is_out_nearby_tells_when_it_is_due(desks: Desks) -> None:
    """The expected stock of each store is computed from its discs, for whichever film is found."""
    out = sa.func.count(col(Rental.rental_id)).filter(col(Rental.return_date).is_(None))
    (film,) = await desks.rows(
        sa.select(col(Film.title), col(Inventory.store_id), sa.func.min(col(Rental.customer_id)).label("customer_id"))
        .join_from(Film, Inventory, col(Inventory.film_id) == col(Film.film_id))
        .outerjoin(
            Rental, (col(Rental.inventory_id) == col(Inventory.inventory_id)) & col(Rental.return_date).is_(None)
        )
        .group_by(col(Film.film_id), col(Film.title), col(Inventory.store_id))
        .having(out == sa.func.count(sa.distinct(col(Inventory.inventory_id))))
        .order_by(col(Film.film_id))
        .limit(1)
    )
    found = await told(desks.of_staff().film_near_me(film["title"]))
    stores = {store["store_id"]: store for card in found["films"] for store in card["stores"]}
    there = stores[film["store_id"]]
    assert there["in_stock"] == 0
    assert there["next_due"].endswith("+00:00")


async def test_the_store_of_staff_is_where_they_work(desks: Desks) -> None:
    (row,) = await desks.rows(sa.select(col(Staff.store_id)).where(col(Staff.staff_id) == 1))
    assert (await told(desks.of_staff().film_near_me("Alien")))["own_store"] == row["store_id"]
    key = Caller(role=Role.STAFF, key_id=1, scopes=SCOPES)
    assert (await told(desks.of_staff(key).film_near_me("Alien")))["own_store"] is None


@pytest.mark.parametrize(
    "caller",
    [
        ANONYMOUS,
        Caller(role=Role.CUSTOMER),
        Caller(customer_id=1),
        Caller(role=Role.STAFF, scopes=frozenset()),
        Caller(role=Role.ADMIN, scopes=frozenset({Scope.RENTALS_READ})),
        Caller(role=Role.CUSTOMER, customer_id=1, scopes=frozenset({Scope.CUSTOMERS_READ})),
    ],
)
def test_callers_without_a_customer_or_staff_role_have_no_rental_desk(desks: Desks, caller: Caller) -> None:
    assert desk_for(caller, desks.database.reading) is None


def test_no_customers_tool_names_a_customer(desks: Desks) -> None:
    functions = KernelPlugin.from_object("rental_desk", desks.of_customer(1)).functions
    assert set(functions) == {"my_open_rentals", "my_rental_history", "my_balance", "film_near_me"}
    assert {parameter.name for tool in functions.values() for parameter in tool.parameters} == {"title", "limit"}


def test_staff_have_other_tools_than_customers(desks: Desks) -> None:
    functions = KernelPlugin.from_object("rental_desk", desks.of_staff()).functions
    assert set(functions) == {
        *("find_customer", "customer_open_rentals", "customer_rental_history", "customer_balance", "film_near_me")
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "most"),
    [
        ("my_open_rentals", {}, 1),
        ("my_rental_history", {}, 1),
        ("my_balance", {}, 2),
        ("film_near_me", {"title": "Alien"}, 4),
        ("film_near_me", {"title": "alein"}, 7),
        ("customer_open_rentals", {"customer_id": 5}, 2),
        ("customer_rental_history", {"customer_id": 5}, 2),
        ("customer_balance", {"customer_id": 5}, 3),
        ("customer_balance", {"customer_id": 10**6}, 1),
        ("find_customer", {"name_email_or_id": "elena"}, 1),
        ("find_customer", {"name_email_or_id": "5"}, 1),
    ],
)
async def test_queries_are_few(app: FastAPI, desks: Desks, tool: str, arguments: dict[str, Any], most: int) -> None:
    desk = desks.of_customer(5) if tool.startswith(("my_", "film_")) else desks.of_staff()
    function = KernelPlugin.from_object("rental_desk", desk).functions[tool]
    with statements_of(app) as sent:
        await function.invoke(Kernel(), **arguments)
    assert len(sent) <= most, sent
