"""Every list query uses an index, with each filter and sort order."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from app.core.database.engine import Database
from app.models.types import Rating
from app.repositories.actors import ACTORS, FILMS_OF_ACTOR
from app.repositories.categories import CATEGORIES
from app.repositories.customers import CUSTOMERS
from app.repositories.film_text_search import matching, search_terms
from app.repositories.films import FILMS
from app.repositories.inventory import INVENTORY
from app.repositories.pagination import (
    Amount,
    Condition,
    Int,
    PageSelection,
    PaginatedSelect,
    Position,
    SortKey,
    Str,
    Time,
    statement_of,
)
from app.repositories.payments import PAYMENTS
from app.repositories.rentals import RENTALS
from app.repositories.sql import Pattern
from app.repositories.subscriptions import SUBSCRIPTIONS
from tests.conftest import sample_database, settings_for

pytestmark = pytest.mark.postgres

LISTS: dict[str, PaginatedSelect[Any]] = {
    "films": FILMS,
    "films of an actor": FILMS_OF_ACTOR,
    "films found": matching("postgresql"),
    "categories": CATEGORIES,
    "actors": ACTORS,
    "inventory": INVENTORY,
    "customers": CUSTOMERS,
    "rentals": RENTALS,
    "payments": PAYMENTS,
    "subscriptions": SUBSCRIPTIONS,
}
ALWAYS: dict[str, dict[str, Any]] = {
    "films of an actor": {"actor_id": 1},
    "films found": search_terms("space", "postgresql"),
    "payments": {"customer_id": 1},
    "subscriptions": {"customer_id": 1},
}
"""Filters that requests for these lists always have."""
VALUES: dict[str, Any] = {"rating": Rating.PG}
NO_INDEX = {"language", "category"}
"""Tables of at most one page, which are scanned for parts of names."""


class Explain(sa.Executable, sa.ClauseElement):
    """EXPLAIN of a statement with its parameters."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(Explain, "postgresql")
def _explain(element: Explain, compiler: SQLCompiler, **kw: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **kw)}"


@pytest.fixture(scope="module")
async def connection(postgres: str) -> AsyncIterator[AsyncConnection]:
    """A connection with a high planner cost for scans, because the store is too small for indexes to pay off."""
    database = Database(settings_for(await sample_database(postgres, "query_plans")))
    async with database.reading() as connection:
        await connection.execute(sa.text("ANALYZE"))
        await connection.execute(sa.text("SET enable_seqscan = off"))
        yield connection
    await database.dispose()


def takes_text(condition: Condition, name: str) -> bool:
    """Return whether the condition's parameter is part of a text."""
    parameters = (part for part in visitors.iterate(condition) if isinstance(part, sa.BindParameter))
    return any(isinstance(part.type, Pattern) for part in parameters if part.key == name)


def cases() -> Iterator[Any]:
    """Yield each filter and each sort order alone, with the first page and a page after a position."""
    for name, source in LISTS.items():
        always = ALWAYS.get(name, {})
        for filter_name in sorted(set(source.filters) - set(always)):
            value = VALUES.get(filter_name, "weaver" if takes_text(source.filters[filter_name], filter_name) else 1)
            yield pytest.param(name, "id", {**always, filter_name: value}, id=f"{name} {filter_name}")
        for flag in source.flags:
            for value in (True, False):
                yield pytest.param(name, "id", {**always, flag: value}, id=f"{name} {flag}={value}")
        for key in source.sorts:
            for sort in (key, f"-{key}"):
                yield pytest.param(name, sort, always, id=f"{name} by {sort}")


def value_of(key: SortKey) -> object:
    """Return a value of this type."""
    if key.type is date:
        return date(2026, 1, 1)
    kinds = {Int: 5, Str: "m", Amount: Decimal("2.99"), Time: datetime(2026, 6, 1, tzinfo=timezone.utc)}
    return kinds.get(key.type, 0.5)


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """Return the tables that a plan scans sequentially."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scanned(part)


async def plan_of(connection: AsyncConnection, source: PaginatedSelect[Any], wanted: PageSelection) -> dict[str, Any]:
    statement, values = statement_of(source, wanted)
    found = await connection.scalar(Explain(statement), values)
    return dict((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


@pytest.mark.parametrize(("name", "sort", "filters"), list(cases()))
async def test_no_list_reads_a_whole_table(
    connection: AsyncConnection, name: str, sort: str, filters: dict[str, Any]
) -> None:
    source = LISTS[name]
    key, descends = sort.lstrip("-"), sort.startswith("-")
    order = ((key, descends),) if key == "id" else ((key, descends), ("id", False))
    position = Position("after", tuple(value_of(source.sorts[part]) for part, _ in order))
    for place in (None, position):
        plan = await plan_of(connection, source, PageSelection(order, 100, position=place, filters=filters))
        assert set(scanned(plan)) - NO_INDEX == set(), json.dumps(plan)


@pytest.mark.parametrize(
    ("name", "filters", "index"),
    [
        ("actors", {"name": "ney wea"}, "idx_actor_name_trgm"),
        ("customers", {"search": "na dub"}, "idx_customer_search_trgm"),
        ("films found", search_terms("space", "postgresql"), "film_fulltext_idx"),
    ],
)
async def test_each_index_is_used_by_its_queries(
    connection: AsyncConnection, name: str, filters: dict[str, Any], index: str
) -> None:
    query = LISTS[name].select.where(*(LISTS[name].filters[one] for one in filters if one in LISTS[name].filters))
    found = await connection.scalar(Explain(query), filters)
    assert index in (found if isinstance(found, str) else json.dumps(found))


async def test_a_table_without_an_index_would_be_noticed(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("CREATE TEMP TABLE bare AS SELECT * FROM rental"))
    found = await connection.scalar(sa.text("EXPLAIN (FORMAT JSON) SELECT * FROM bare"))
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    assert list(scanned(plan)) == ["bare"]
