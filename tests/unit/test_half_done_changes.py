"""Changes that stop halfway: each fails at import or here, and names what is missing.

Each test makes the half-done change on a subclass or a copy of what the application has.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from fastapi import APIRouter
from pydantic import BaseModel

import app.repositories
import app.schemas
from app.api.authorization import AUTHENTICATED, PUBLIC, GuardedRoute
from app.models import Film
from app.models.films import FilmFields
from app.repositories.film_search import CARDS, Criteria, require_conditions
from app.repositories.films import FILMS
from app.repositories.pagination import PageSelection, PaginatedSelect, SortKey, Str, statement_of
from app.repositories.rentals import RENTALS
from app.repositories.rows import columns_of, require_columns
from app.repositories.stock import STOCK_BY_STORE, StoreStockRow
from app.schemas.film_files import FilmExported
from app.schemas.film_search import FilmSearchQuery
from app.schemas.films import FilmCard, FilmCreate, FilmListed, FilmRead, FilmUpdate
from app.schemas.pagination import PageQuery, sort_by
from app.schemas.rentals import RentalQuery
from app.services.film_columns import COLUMNS
from app.services.film_columns import columns_of as csv_columns_of

FILM_COLUMNS = {"id": Film.film_id, "language": Film.title, "categories": Film.special_features}


class RentalQueryByStaff(RentalQuery):
    staff_id: int | None = None


class RentalQueryByTitle(RentalQuery):
    sort: str | None = sort_by("id", "film_title")


class ListedWithGauge(FilmListed):
    gauge: str | None


class CreateWithGauge(FilmCreate):
    gauge: str | None = None


class CreateWithCredits(FilmCreate):
    credits: dict[str, str] | None = None


class ExportedWithCredits(FilmExported):
    credits: dict[str, str] | None


class CardWithGauge(FilmCard):
    gauge: str | None


class StockWithShelf(NamedTuple):
    film_id: int
    shelf: str


@dataclass(frozen=True)
class CriteriaWithGauge(Criteria):
    gauge: str | None = None


def test_a_filter_of_a_query_needs_a_condition() -> None:
    with pytest.raises(TypeError, match=r"^RentalQueryByStaff: no list answers the filter staff_id"):
        replace(RENTALS, queries=(RentalQueryByStaff,))


def test_a_sort_key_of_a_query_needs_an_order() -> None:
    with pytest.raises(TypeError, match=r"^RentalQueryByTitle: no list is sorted by film_title"):
        replace(RENTALS, queries=(RentalQueryByTitle,))


def test_a_filter_that_a_list_has_not_is_an_error_and_not_ignored() -> None:
    with pytest.raises(TypeError, match=r"A list of RentalRead has no filters \['staff_id'\]"):
        statement_of(RENTALS, PageSelection((("id", False),), 10, filters={"staff_id": 1}))


def test_a_sort_key_needs_a_field_of_the_row() -> None:
    with pytest.raises(TypeError, match=r"^FilmListed: \['fulltext'\]"):
        replace(FILMS, sorts={**FILMS.sorts, "fulltext": SortKey(Film.title, Str)})  # type: ignore[arg-type]


def test_a_field_of_a_row_needs_a_column() -> None:
    with pytest.raises(TypeError, match=r"^ListedWithGauge: no column for gauge"):
        columns_of(ListedWithGauge, Film, **FILM_COLUMNS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^ListedWithGauge: no column for gauge is selected"):
        replace(FILMS, row=ListedWithGauge)


def test_a_column_needs_a_field_of_the_row() -> None:
    with pytest.raises(TypeError, match=r"^FilmListed has no field gauge"):
        columns_of(FilmListed, Film, **FILM_COLUMNS, gauge=Film.title)  # type: ignore[arg-type]


def test_a_field_of_a_film_needs_a_csv_column() -> None:
    with pytest.raises(TypeError, match=r"^credits: no CSV format for"):
        csv_columns_of(CreateWithCredits, ExportedWithCredits)


def test_a_csv_column_needs_a_field_of_the_export() -> None:
    with pytest.raises(TypeError, match=r"^FilmExported: no field for the CSV columns gauge"):
        csv_columns_of(CreateWithGauge, FilmExported)


def test_a_field_of_a_tools_row_needs_a_column() -> None:
    with pytest.raises(TypeError, match=r"^CardWithGauge: no column for gauge is selected"):
        require_columns(CardWithGauge, CARDS)


def test_a_value_of_a_named_tuple_needs_a_column() -> None:
    require_columns(StoreStockRow, STOCK_BY_STORE)
    with pytest.raises(TypeError, match=r"^StockWithShelf: no column for shelf is selected"):
        require_columns(StockWithShelf, STOCK_BY_STORE)


def test_a_criterion_of_a_tool_needs_a_condition() -> None:
    with pytest.raises(TypeError, match=r"^CriteriaWithGauge: no condition for gauge"):
        require_conditions(CriteriaWithGauge)


@pytest.mark.parametrize(("rules", "declared"), [([], 0), ([PUBLIC, AUTHENTICATED], 2)])
def test_a_route_needs_one_access_rule(rules: list[Any], declared: int) -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(TypeError, match=rf"^/stock: {declared} access rules; declare one"):
        router.add_api_route("/stock", lambda: None, dependencies=rules)


def members_of(package: Any) -> Iterator[Any]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield from vars(import_module(module.name)).values()


def test_every_query_is_answered_by_a_list() -> None:
    queries = {one for one in members_of(app.schemas) if isinstance(one, type) and issubclass(one, PageQuery)}
    lists = [one for one in members_of(app.repositories) if isinstance(one, PaginatedSelect)]
    answered = {query for source in lists for query in source.queries}
    assert queries - answered == {PageQuery, FilmSearchQuery}


@pytest.mark.parametrize("model", [Film, FilmCreate, FilmUpdate, FilmListed, FilmRead, FilmCard, FilmExported])
def test_every_field_of_a_film_is_where_films_are(model: type[BaseModel]) -> None:
    assert FilmFields.model_fields.keys() <= model.model_fields.keys()


def test_every_field_of_a_new_film_is_a_csv_column_in_this_order() -> None:
    assert [column.field for column in COLUMNS] == list(FilmCreate.model_fields)
