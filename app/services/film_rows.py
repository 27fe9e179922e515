"""What the cells of a row of films mean, in both directions; a film must be as POST /films takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from app.models.types import Rating
from app.repositories.film_files import NewFilm
from app.repositories.pagination import Row
from app.schemas.films import FilmCreate
from app.services.film_csv import COLUMNS, Faults, FilmFile, guard, join, quoted, read, split, unguard

BATCH = 500
"""Rows that are read and written at once."""

_UNRATED = "none"
"""A film without a rating, for an empty cell means the default."""
_VERBATIM = "description"
"""The only text that may be empty and keeps the blanks around it."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,10})?")
_FLAGS = {"true": True, "false": False}


class Names:
    """Ids by name: as it is spelt, else in any case. One name may be several's."""

    def __init__(self, noun: str, named: Iterable[tuple[int, str]]) -> None:
        """`named` is in the order of ids."""
        self.noun = noun
        self._exact: dict[str, list[int]] = {}
        self._folded: dict[str, list[int]] = {}
        for number, name in named:
            self._exact.setdefault(name.strip(), []).append(number)
            self._folded.setdefault(name.strip().casefold(), []).append(number)

    def find(self, name: str) -> Sequence[int]:
        """The ids with this name, lowest first."""
        return self._exact.get(name) or self._folded.get(name.casefold()) or ()


@dataclass(frozen=True)
class Directory:
    """What a row refers to by name."""

    languages: Names
    categories: Names
    actors: Names


class _Fault(Exception):
    """A cell does not say what its column holds."""

    def __init__(self, message: str, kind: str = "rule") -> None:
        super().__init__(message)
        self.kind = kind


def films_in(file: FilmFile, directory: Directory, faults: Faults) -> Iterator[list[NewFilm]]:
    """The films of each batch of rows, those at fault left out."""
    films: list[NewFilm] = []
    for count, (number, cells) in enumerate(read(file, faults), 1):
        film = _film(number, cells, directory, faults)
        if film is not None:
            films.append(film)
        if count % BATCH == 0:
            yield films
            films = []
    yield films


def cells_of(film: Row) -> list[str]:
    """A film of `FilmFileRepository.after` as the cells of its row."""
    return [_WRITERS.get(column, _plain)(film[column]) for column in COLUMNS]


def _film(number: int, cells: dict[str, str], directory: Directory, faults: Faults) -> NewFilm | None:
    values: dict[str, object] = {}
    faulty: set[str] = set()
    for column, cell in cells.items():
        field, meaning = _READERS[column]
        if (text := _content(column, cell)) is None:
            continue
        try:
            values[field] = meaning(text, directory)
        except _Fault as fault:
            faulty.add(column)
            faults.add(str(fault), number, column, kind=fault.kind)
    try:
        film = FilmCreate.model_validate(values)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            column = _COLUMN_OF[str(wrong["loc"][0])]
            if column not in faulty:
                faults.add(wrong["msg"], number, column)
        return None
    return None if faulty else _new(film)


def _content(column: str, cell: str) -> str | None:
    """What the cell says; None when it says nothing."""
    if column == _VERBATIM:
        return unguard(cell) if cell else None
    return unguard(cell.strip()).strip() or None


def _new(film: FilmCreate) -> NewFilm:
    values = dict(film)
    return NewFilm(values, values.pop("category_ids"), values.pop("actor_ids"))


def _text(text: str, _directory: Directory) -> str:
    return text


def _whole(text: str, _directory: Directory) -> int:
    if not _WHOLE.fullmatch(text):
        raise _Fault("must be a whole number")
    return int(text)


def _amount(text: str, _directory: Directory) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise _Fault("must be a number with a decimal point, such as 4.99")
    return Decimal(text)


def _flag(text: str, _directory: Directory) -> bool:
    if text.lower() not in _FLAGS:
        raise _Fault("must be true or false")
    return _FLAGS[text.lower()]


def _rating(text: str, _directory: Directory) -> str | None:
    return None if text.lower() == _UNRATED else text


def _list(text: str, _directory: Directory) -> list[str]:
    return split(text)


def _language(text: str, directory: Directory) -> int:
    return _ids([text], directory.languages)[0]


def _categories(text: str, directory: Directory) -> list[int]:
    return _ids(split(text), directory.categories)


def _actors(text: str, directory: Directory) -> list[int]:
    return _ids(split(text), directory.actors)


def _ids(wanted: list[str], names: Names) -> list[int]:
    """The lowest id with each name; for a name that is there again the next one, while there are."""
    taken: list[int] = []
    unknown: list[str] = []
    for name in wanted:
        found = names.find(name)
        if not found:
            unknown.append(name)
        elif free := [number for number in found if number not in taken]:
            taken.append(free[0])
    if unknown:
        raise _Fault(f"There is no {names.noun} named {quoted(*unknown)}.", kind="reference")
    return taken


_Meaning = Callable[[str, Directory], object]

_READERS: dict[str, tuple[str, _Meaning]] = {
    "title": ("title", _text),
    "description": ("description", _text),
    "release_year": ("release_year", _whole),
    "language": ("language_id", _language),
    "original_language": ("original_language_id", _language),
    "rental_duration": ("rental_duration", _whole),
    "rental_rate": ("rental_rate", _amount),
    "length": ("length", _whole),
    "replacement_cost": ("replacement_cost", _amount),
    "rating": ("rating", _rating),
    "special_features": ("special_features", _list),
    "streaming_available": ("streaming_available", _flag),
    "categories": ("category_ids", _categories),
    "actors": ("actor_ids", _actors),
}
"""Of each column: the field of FilmCreate, and how its cells are read."""
_COLUMN_OF = {field: column for column, (field, _) in _READERS.items()}


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _guarded(value: str | None) -> str:
    return "" if value is None else guard(value)


def _joined(value: Sequence[str] | None) -> str:
    return guard(join(value)) if value else ""


def _rated(value: Rating | None) -> str:
    return _UNRATED if value is None else value.value


_WRITERS: dict[str, Callable[..., str]] = {
    "title": _guarded,
    "description": _guarded,
    "language": _guarded,
    "original_language": _guarded,
    "rating": _rated,
    "special_features": _joined,
    "streaming_available": lambda value: str(value).lower(),
    "categories": _joined,
    "actors": _joined,
}
