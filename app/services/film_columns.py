"""The columns of film files: one table of name, parse and format, derived from the fields of FilmCreate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, get_args

from pydantic.fields import FieldInfo

from app.models.fields import LongText
from app.schemas.derived import without_bounds
from app.schemas.film_files import FilmExported
from app.schemas.films import FilmCreate
from app.services.film_csv import Columns, guard, join, quoted, split

_NULL = "none"
"""The cell for null in a column whose empty cell means a default other than null."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,10})?")
_FLAGS = {"true": True, "false": False}


class Names:
    """Ids by name, exact or else ignoring case. Several records may have the same name."""

    def __init__(self, noun: str, named: Iterable[tuple[int, str]]) -> None:
        """`named` is in the order of ids."""
        self.noun = noun
        self._exact: dict[str, list[int]] = {}
        self._folded: dict[str, list[int]] = {}
        for number, name in named:
            self._exact.setdefault(name.strip(), []).append(number)
            self._folded.setdefault(name.strip().casefold(), []).append(number)

    def find(self, name: str) -> Sequence[int]:
        """Return the ids with this name, lowest first."""
        return self._exact.get(name) or self._folded.get(name.casefold()) or ()


@dataclass(frozen=True)
class Directory:
    """The records that rows refer to by name."""

    languages: Names
    categories: Names
    actors: Names


class Fault(Exception):
    """A cell whose value its column does not accept."""

    def __init__(self, message: str, kind: str = "rule") -> None:
        super().__init__(message)
        self.kind = kind


Parse = Callable[[str, Directory], object]
Format = Callable[[Any], str]


@dataclass(frozen=True)
class Column:
    """A column of the file, for a field of FilmCreate; `name` is its name in the header and in FilmExported."""

    name: str
    field: str
    parse: Parse
    """From the text of a cell to a value that FilmCreate accepts; raises Fault."""
    format: Format
    """From a value of FilmExported other than null to the text of a cell."""
    verbatim: bool = False
    """Whether blanks around a text belong to it, and a text may be empty."""
    null: str | None = None
    """The cell for null, where an empty one means the field's default."""


def _text(text: str, _directory: Directory) -> str:
    return text


def _whole(text: str, _directory: Directory) -> int:
    if not _WHOLE.fullmatch(text):
        raise Fault("must be a whole number")
    return int(text)


def _amount(text: str, _directory: Directory) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise Fault("must be a number with a decimal point, such as 4.99")
    return Decimal(text)


def _flag(text: str, _directory: Directory) -> bool:
    if text.lower() not in _FLAGS:
        raise Fault("must be true or false")
    return _FLAGS[text.lower()]


def _list(text: str, _directory: Directory) -> list[str]:
    return split(text)


def _language(text: str, directory: Directory) -> int:
    return _ids([text], directory.languages)[0]


def _categories(text: str, directory: Directory) -> list[int]:
    return _ids(split(text), directory.categories)


def _actors(text: str, directory: Directory) -> list[int]:
    return _ids(split(text), directory.actors)


def _ids(wanted: list[str], names: Names) -> list[int]:
    """Return the lowest id with each name; for a repeated name the next id, as long as there are more."""
    taken: list[int] = []
    unknown: list[str] = []
    for name in wanted:
        found = names.find(name)
        if not found:
            unknown.append(name)
        elif free := [number for number in found if number not in taken]:
            taken.append(free[0])
    if unknown:
        raise Fault(f"There is no {names.noun} named {quoted(*unknown)}.", kind="reference")
    return taken


def _joined(items: Sequence[str]) -> str:
    return guard(join(items)) if items else ""


def _lower(value: bool) -> str:
    return str(value).lower()


def _enum_value(value: Enum) -> str:
    return str(value.value)


_BY_TYPE: dict[Any, tuple[Parse, Format]] = {
    str: (_text, guard),
    bool: (_flag, _lower),
    int: (_whole, str),
    Decimal: (_amount, str),
    date: (_text, date.isoformat),
    list[str]: (_list, _joined),
}
_ENUM: tuple[Parse, Format] = (_text, _enum_value)
_REFERENCES: dict[str, tuple[str, Parse, Format]] = {
    "language_id": ("language", _language, guard),
    "original_language_id": ("original_language", _language, guard),
    "category_ids": ("categories", _categories, _joined),
    "actor_ids": ("actors", _actors, _joined),
}
"""Fields whose ids the file has as names: the column, and how to parse and format it."""


def columns_of(create: type[FilmCreate], exported: type[FilmExported]) -> tuple[Column, ...]:
    """Return a column for each field of a new film.

    Raises TypeError, and that at import, for a field whose type has no format here, or that is not exported.
    """
    columns = tuple(_column(name, field) for name, field in create.model_fields.items())
    if missing := [column.name for column in columns if column.name not in exported.model_fields]:
        raise TypeError(f"{exported.__name__}: no field for the CSV columns {', '.join(missing)}.")
    return columns


def _column(name: str, field: FieldInfo) -> Column:
    if name in _REFERENCES:
        column, parse, write = _REFERENCES[name]
        return Column(column, name, parse, write)
    plain = without_bounds(field.annotation)
    nullable = NoneType in get_args(plain)
    kinds = [part for part in get_args(plain) if part is not NoneType] if nullable else [plain]
    known = _ENUM if isinstance(kinds[0], type) and issubclass(kinds[0], Enum) else _BY_TYPE.get(kinds[0])
    if len(kinds) > 1 or known is None:
        raise TypeError(f"{name}: no CSV format for {plain}; add one to the table by type or by field.")
    null = _NULL if nullable and field.default is not None else None
    return Column(name, name, *known, verbatim=_is_long_text(field), null=null)


def _is_long_text(field: FieldInfo) -> bool:
    return LongText in get_args(field.annotation) or all(part in field.metadata for part in get_args(LongText)[1:])


COLUMNS = columns_of(FilmCreate, FilmExported)
HEADER = Columns(
    tuple(column.name for column in COLUMNS),
    tuple(column.name for column in COLUMNS if FilmCreate.model_fields[column.field].is_required()),
)
