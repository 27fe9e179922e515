"""asyncpg's values are used without conversion, which would cost a Python call for each value."""

from __future__ import annotations

from sqlalchemy import make_url

from app.models.types import TEXT_LIST
from app.repositories.films import FILMS


def test_only_the_rating_of_a_listed_film_is_converted_by_python() -> None:
    dialect = make_url("postgresql+asyncpg://").get_dialect()()
    columns = FILMS.select.selected_columns
    processors = {column.key: column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns}
    assert [name for name, processor in processors.items() if processor] == ["rating"]
    assert any(column.type is TEXT_LIST for column in columns)
