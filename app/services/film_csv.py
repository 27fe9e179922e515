"""Films as CSV (RFC 4180, UTF-8, a header row): the text of it. What the cells mean is app/services/film_rows.py's.

Two marks make every text survive the way out and back in:

- A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a control character as a formula, and some look for
  these behind blanks and characters that cannot be seen. Such a text is written with an apostrophe before it, which is
  taken off again when it is read. So that none is lost, texts get it as well that begin with apostrophes before such a
  character, or have nothing but apostrophes; an empty text, as opposed to none, is a lone apostrophe. "'Tis" stays as
  it is. Reading does not require the apostrophe.
- The items of a list are separated by `|`. Within an item a backslash comes before `|` and before a backslash; before
  anything else a backslash is itself.

Spreadsheets save with semicolons or tabs where commas are decimal points: the header tells which. They add empty
columns and rows, which are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from app.core.errors import InvalidInput

COLUMNS = (
    *("title", "description", "release_year", "language", "original_language", "rental_duration", "rental_rate"),
    *("length", "replacement_cost", "rating", "special_features", "streaming_available", "categories", "actors"),
)
REQUIRED = ("title", "language")

_LISTED = 100
"""Faults that are told one by one."""
_LONGEST_LINE = 1024 * 1024
"""Bytes. The longest film that can be has a tenth of it."""
BOM = "\ufeff"
"""By which spreadsheets know that what follows is UTF-8."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"
_SHOWN = 100
"""Characters of the file that a message repeats."""

_FORMULA = "=+\\-@\\t\\r\\n＝＋－＠"
_UNSEEN = (
    "\\s\\x00-\\x1f\\x7f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u202a-\\u202e"
    "\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb"
)
_BEGINNING = rf"(?:[{_UNSEEN}]*[{_FORMULA}]|\Z)"
_GUARDS = re.compile(f"'*{_BEGINNING}")
_GUARDED = re.compile(f"'+{_BEGINNING}")
_SEPARATORS = re.compile(r"\\[\\|]|\|")
_ESCAPED = re.compile(r"\\([\\|])")

_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
"""What bytes become that are none: see `_lines`."""
_LOST = "\ufffd"
_SAVE_AS = 'Save the file as "CSV UTF-8".'

Record = tuple[int, dict[str, str]]
"""The number of a row as a spreadsheet shows it, and its cells by column."""


def _windows_1252() -> dict[int, int]:
    """Bytes by the characters that Windows' Western European encoding makes of them."""
    return {ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(256)}


_BYTES = _windows_1252()


@dataclass(frozen=True)
class FilmFile:
    """A file to read. `check_encoding` refuses texts that look as if they had been read in a wrong encoding."""

    content: BinaryIO
    check_encoding: bool = True


class InvalidFilmFile(InvalidInput):
    """A file of films that was refused as a whole; the first hundred faults are listed."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults.summary)
        self.extensions = {"errors": faults.listed}


class Faults:
    """What is wrong with a file: all of it counted, the first of it listed."""

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[dict[str, object]] = []

    def add(self, message: str, *place: int | str, kind: str = "rule") -> None:
        """`place` is a row's number and, where it is about one cell, a column; nothing when it is about the file."""
        self.count += 1
        if len(self.listed) < _LISTED:
            self.listed.append({"loc": ["body", "file", *place], "msg": message, "type": kind})

    def check(self) -> None:
        """Raises InvalidFilmFile if there are any."""
        if self.count:
            raise InvalidFilmFile(self)

    @property
    def summary(self) -> str:
        """How many there are."""
        if self.count > _LISTED:
            return f"No film was added: the file has {self.count} errors; the first {_LISTED} are listed."
        return f"No film was added: the file has {self.count} error{'s' if self.count > 1 else ''}."


class _Unreadable(Exception):
    """The rest of the file cannot be divided into rows."""


def read(file: FilmFile, faults: Faults) -> Iterator[Record]:
    """The rows below the header that have a cell for each column; blank rows count, but are none.

    What is wrong goes to `faults`: such rows are left out, and nothing is read after what cannot be divided into rows.
    """
    number = 0
    try:
        lines = _lines(file.content)
        first = next(lines, "")
        rows = csv.reader(chain([first], lines), delimiter=_delimiter_of(first), strict=True)
        columns = _header(next(rows, []), faults)
        number = 1
        if columns is None:
            return
        for number, cells in enumerate(rows, 2):
            if len(cells) < len(columns) or any(map(str.strip, cells[len(columns) :])):
                if any(cells):
                    faults.add(f"has {len(cells)} cells, but the header has {len(columns)}", number)
            elif any(map(str.strip, cells)):
                record = dict(zip(columns, cells, strict=False))
                if _is_readable(number, record, file.check_encoding, faults):
                    yield number, record
    except (_Unreadable, csv.Error) as error:
        faults.add(f"cannot be read: {error}", number + 1)


def write(rows: Iterable[Iterable[str]]) -> str:
    """The rows as lines."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _GUARDS.match(text) else text


def unguard(cell: str) -> str:
    """The text that `guard` made the cell from."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell


def join(items: Iterable[str]) -> str:
    """A list as one text."""
    return "|".join(item.replace("\\", "\\\\").replace("|", "\\|") for item in items)


def split(text: str) -> list[str]:
    """The items that `join` made the text from, without blanks around them."""
    if "\\" not in text:
        return [item.strip() for item in text.split("|")]
    items, start = [], 0
    for found in _SEPARATORS.finditer(text):
        if found.group() == "|":
            items.append(text[start : found.start()])
            start = found.end()
    items.append(text[start:])
    return [_ESCAPED.sub(r"\1", item).strip() for item in items]


def quoted(*texts: str) -> str:
    """What the file says, in a message: not all of it."""
    return ", ".join(f'"{shown(text)}"' for text in texts)


def shown(text: str) -> str:
    """As much of a text as a message repeats, with what could not be read marked."""
    return _NOT_UTF_8.sub(_LOST, f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Decoded line by line: a temporary file of Python 3.10 cannot be wrapped as text.

    Bytes that are not UTF-8 become lone surrogates, so that the cell can be told that has them.
    """
    line = file.readline(_LONGEST_LINE)
    if line.startswith(_UTF_16):
        raise _Unreadable(f"it is UTF-16. {_SAVE_AS}")
    line = line.removeprefix(BOM.encode())
    while line:
        if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
            raise _Unreadable(f"a line has more than {_LONGEST_LINE} bytes")
        if b"\x00" in line:
            raise _Unreadable("it has NUL characters")
        yield line.decode(errors="surrogateescape")
        line = file.readline(_LONGEST_LINE)


def _delimiter_of(header: str) -> str:
    """What separates most names that are columns: a comma unless something else does."""

    def columns(delimiter: str) -> int:
        return sum(name.strip(' "\r\n').lower() in COLUMNS for name in header.split(delimiter))

    return max(_DELIMITERS, key=columns)


def _is_readable(number: int, cells: dict[str, str], check_encoding: bool, faults: Faults) -> bool:
    """Whether every cell of the row is a text; those that are not go to `faults`."""
    before = faults.count
    for column, cell in cells.items():
        if cell.isascii():
            continue
        if _NOT_UTF_8.search(cell):
            faults.add(f"is not UTF-8: {quoted(cell)}. {_SAVE_AS}", number, column)
        elif check_encoding and _LOST in cell:
            faults.add(f"contains a replacement character: {quoted(cell)}.", number, column)
        elif check_encoding and (meant := _meant_by(cell)):
            wrong = f"{quoted(cell)} is probably {quoted(meant)} in the wrong encoding. {_SAVE_AS}"
            faults.add(f"{wrong} If it is correct, import it with check_encoding=false.", number, column)
    return faults.count == before


def _meant_by(text: str) -> str | None:
    """The text that this is if it is UTF-8 that was read as Windows-1252, and None if it cannot be."""
    try:
        return bytes([_BYTES[ord(character)] for character in text]).decode()
    except (KeyError, UnicodeDecodeError):
        return None


def _header(cells: list[str], faults: Faults) -> list[str] | None:
    """The names of the columns, in the file's order; None when it cannot be read by them."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        faults.add(f"the file has no header: the first row must name the columns, such as {quoted(*REQUIRED)}")
        return None
    for name in dict.fromkeys(names):
        if not name:
            faults.add(f"column {names.index(name) + 1} has no name", 1, name)
        elif name not in COLUMNS:
            faults.add(f"is not a film column; the columns are {', '.join(COLUMNS)}", 1, shown(name))
        elif names.count(name) > 1:
            faults.add("must appear only once", 1, name)
    for name in REQUIRED:
        if name not in names:
            faults.add("this column is required", 1, name)
    return None if faults.count else names
