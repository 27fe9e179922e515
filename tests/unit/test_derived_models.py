"""Read and update models, derived from fields that are declared once."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from app.models.fields import Moment, Text
from app.models.films import RentalRate
from app.schemas.derived import read_model, update_model
from app.schemas.films import FilmCreate, FilmListed, FilmUpdate


class Fields(BaseModel):
    title: Text
    rental_rate: RentalRate = Decimal("4.99")
    seen: Moment | None = None
    tags: list[Text] | None = None


@read_model
class Read(Fields):
    """A row."""

    length: int


@update_model
class Update(Fields):
    """A change."""


ROW: dict[str, Any] = {"title": " ", "rental_rate": Decimal("0.00"), "seen": None, "tags": None, "length": 1}


def test_a_row_is_read_whatever_the_bounds_of_requests_are() -> None:
    row = Read.model_validate(ROW)
    assert (row.title, row.rental_rate) == (" ", Decimal("0.00"))
    with pytest.raises(ValidationError):
        Fields.model_validate(ROW)


def test_a_row_is_written_with_numbers_for_money_and_lists_for_null() -> None:
    times = {"seen": datetime(2026, 1, 31, tzinfo=timezone.utc)}
    assert Read.model_validate(ROW | times).model_dump(mode="json") == {
        "title": " ",
        "rental_rate": 0.0,
        "seen": "2026-01-31T00:00:00Z",
        "tags": [],
        "length": 1,
    }


@pytest.mark.parametrize("name", ROW)
def test_a_row_without_one_of_the_fields_is_an_error(name: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        Read.model_validate({key: value for key, value in ROW.items() if key != name})


def test_every_field_of_a_change_may_be_unset_and_no_default_stands_in_for_it() -> None:
    assert Update.model_validate({}).model_dump(exclude_unset=True) == {}
    schema = Update.model_json_schema()
    assert "required" not in schema
    assert not [name for name, field in schema["properties"].items() if "default" in field]


@pytest.mark.parametrize("body", [{"title": " "}, {"title": None}, {"rental_rate": 100}, {"tags": [""]}])
def test_a_change_has_the_bounds_of_the_fields(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Update.model_validate(body)


def test_derived_models_keep_their_names_and_docstrings() -> None:
    assert (Read.__name__, Read.__doc__, Read.__module__) == ("Read", "A row.", __name__)
    assert FilmListed.model_json_schema()["description"] == "A film in a list."


def test_the_derived_models_of_films_have_the_fields_that_films_have() -> None:
    assert list(FilmUpdate.model_fields) == list(FilmCreate.model_fields)
    assert list(FilmListed.model_fields)[:2] == ["id", "title"]
