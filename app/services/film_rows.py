"""Rows of film files as films, and films as rows. A film must be valid for POST /films."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from app.repositories.film_files import NewFilm
from app.schemas.film_files import FilmExported
from app.schemas.films import FilmCreate
from app.services.film_columns import COLUMNS, HEADER, Column, Directory, Fault
from app.services.film_csv import Faults, FilmFile, read, unguard

BATCH = 500
"""Rows read and written at once."""

_BY_NAME = {column.name: column for column in COLUMNS}
_BY_FIELD = {column.field: column for column in COLUMNS}
_CELLS = tuple((column.name, column.format, column.null or "") for column in COLUMNS)


def films_in(file: FilmFile, directory: Directory, faults: Faults) -> Iterator[list[NewFilm]]:
    """Yield the films of each batch of rows, without the faulty ones."""
    films: list[NewFilm] = []
    for count, (number, cells) in enumerate(read(file, HEADER, faults), 1):
        film = _film(number, cells, directory, faults)
        if film is not None:
            films.append(film)
        if count % BATCH == 0:
            yield films
            films = []
    yield films


def cells_of(film: FilmExported) -> list[str]:
    """Return the cells of a film's row."""
    return [null if (value := getattr(film, name)) is None else write(value) for name, write, null in _CELLS]


def _film(number: int, cells: dict[str, str], directory: Directory, faults: Faults) -> NewFilm | None:
    values: dict[str, object] = {}
    faulty: set[str] = set()
    for name, cell in cells.items():
        column = _BY_NAME[name]
        if (text := _content(column, cell)) is None:
            continue
        try:
            values[column.field] = None if text.lower() == column.null else column.parse(text, directory)
        except Fault as fault:
            faulty.add(name)
            faults.add(str(fault), number, name, kind=fault.kind)
    try:
        film = FilmCreate.model_validate(values)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            name = _BY_FIELD[str(wrong["loc"][0])].name
            if name not in faulty:
                faults.add(wrong["msg"], number, name)
        return None
    return None if faulty else _new(film)


def _content(column: Column, cell: str) -> str | None:
    """Return the text of the cell; None if the field is unset."""
    if column.verbatim:
        return unguard(cell) if cell else None
    return unguard(cell.strip()).strip() or None


def _new(film: FilmCreate) -> NewFilm:
    values = dict(film)
    return NewFilm(values, values.pop("category_ids"), values.pop("actor_ids"))
