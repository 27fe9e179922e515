"""Films as CSV (RFC 4180, UTF-8, a header row): the file's text. Its columns are in app/services/film_columns.py.

Two conventions let every text survive export and import:

- A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a control character as a formula, and some look for
  these behind blanks and invisible characters. Such a text is written with an apostrophe before it, which is removed
  when it is read. So that no apostrophe is lost, one is also added to texts that begin with apostrophes before such a
  character or consist only of apostrophes; an empty text, unlike null, is a lone apostrophe. "'Tis" stays as it is.
  Reading does not require the apostrophe.
- The items of a list are separated by `|`. Within an item a backslash comes before `|` and before a backslash; before
  anything else a backslash is itself.

Spreadsheets use semicolons or tabs where commas are decimal points: the header shows which. They add empty columns
and rows, which are skipped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from app.core.errors import InvalidInput

_LISTED = 100
"""Faults listed one by one."""
_LONGEST_LINE = 1024 * 1024
"""Maximum bytes of a line: ten times the longest possible film."""
BOM = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"
_SHOWN = 100
"""Characters of the file that an error message quotes."""

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
"""Bytes that are not UTF-8, as `_lines` decodes them."""
_LOST = "\ufffd"
_SAVE_AS = 'Save the file as "CSV UTF-8".'

Record = tuple[int, dict[str, str]]
"""The number of a row as spreadsheets show it, and its cells by column."""


def _windows_1252() -> dict[int, int]:
    """Map characters of Windows' Western European encoding to their bytes."""
    return {ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(256)}


_BYTES = _windows_1252()


@dataclass(frozen=True)
class Columns:
    """The names that a header may have, and those that it must have."""

    names: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True)
class FilmFile:
    """A file to read. `check_encoding` refuses texts that were probably decoded with the wrong encoding."""

    content: BinaryIO
    check_encoding: bool = True


class InvalidFilmFile(InvalidInput):
    """A refused file of films; the first hundred faults are listed."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults.summary)
        self.extensions = {"errors": faults.listed}


class Faults:
    """The faults of a file: all are counted, the first hundred listed."""

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[dict[str, object]] = []

    def add(self, message: str, *place: int | str, kind: str = "rule") -> None:
        """Add a fault. `place` is a row's number and, for one cell, a column; nothing for the file as a whole."""
        self.count += 1
        if len(self.listed) < _LISTED:
            self.listed.append({"loc": ["body", "file", *place], "msg": message, "type": kind})

    def check(self) -> None:
        """Raise InvalidFilmFile if there are faults."""
        if self.count:
            raise InvalidFilmFile(self)

    @property
    def summary(self) -> str:
        """The number of faults, in a sentence."""
        if self.count > _LISTED:
            return f"No film was added: the file has {self.count} errors; the first {_LISTED} are listed."
        return f"No film was added: the file has {self.count} error{'s' if self.count > 1 else ''}."


class _Unreadable(Exception):
    """The rest of the file cannot be divided into rows."""


def read(file: FilmFile, columns: Columns, faults: Faults) -> Iterator[Record]:
    """Yield the rows below the header that have a cell for each of its columns; blank rows are only counted.

    Faulty rows are left out and added to `faults`; reading stops where the file cannot be divided into rows.
    """
    number = 0
    try:
        lines = _lines(file.content)
        first = next(lines, "")
        rows = csv.reader(chain([first], lines), delimiter=_delimiter_of(first, columns.names), strict=True)
        header = _header(next(rows, []), columns, faults)
        number = 1
        if header is None:
            return
        for number, cells in enumerate(rows, 2):
            if len(cells) < len(header) or any(map(str.strip, cells[len(header) :])):
                if any(cells):
                    faults.add(f"has {len(cells)} cells, but the header has {len(header)}", number)
            elif any(map(str.strip, cells)):
                record = dict(zip(header, cells, strict=False))
                if _is_readable(number, record, file.check_encoding, faults):
                    yield number, record
    except (_Unreadable, csv.Error) as error:
        faults.add(f"cannot be read: {error}", number + 1)


def write(rows: Iterable[Iterable[str]]) -> str:
    """Return the rows as lines."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def guard(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if _GUARDS.match(text) else text


def unguard(cell: str) -> str:
    """Return the text of a cell that `guard` wrote."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell


def join(items: Iterable[str]) -> str:
    """Return a list as one text."""
    return "|".join(item.replace("\\", "\\\\").replace("|", "\\|") for item in items)


def split(text: str) -> list[str]:
    """Return the items of a text that `join` wrote, without surrounding blanks."""
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
    """Quote texts of the file in a message, shortened."""
    return ", ".join(f'"{shown(text)}"' for text in texts)


def shown(text: str) -> str:
    """Shorten a text of the file for a message, and mark bytes that are not UTF-8."""
    return _NOT_UTF_8.sub(_LOST, f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Decode line by line: a temporary file of Python 3.10 cannot be wrapped as text.

    Bytes that are not UTF-8 become lone surrogates, so that the fault can name their cell.
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


def _delimiter_of(header: str, names: Sequence[str]) -> str:
    """Return the delimiter that separates the most names of columns; a comma if none does."""

    def columns(delimiter: str) -> int:
        return sum(name.strip(' "\r\n').lower() in names for name in header.split(delimiter))

    return max(_DELIMITERS, key=columns)


def _is_readable(number: int, cells: dict[str, str], check_encoding: bool, faults: Faults) -> bool:
    """Return whether every cell of the row is readable text; add those that are not to `faults`."""
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
    """Return the text that was UTF-8 and was read as Windows-1252; None if this cannot have happened."""
    try:
        return bytes([_BYTES[ord(character)] for character in text]).decode()
    except (KeyError, UnicodeDecodeError):
        return None


def _header(cells: list[str], columns: Columns, faults: Faults) -> list[str] | None:
    """Return the names of the columns, in the file's order; None if the header is faulty."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        faults.add(f"the file has no header: the first row must name the columns, such as {quoted(*columns.required)}")
        return None
    for name in dict.fromkeys(names):
        if not name:
            faults.add(f"column {names.index(name) + 1} has no name", 1, name)
        elif name not in columns.names:
            faults.add(f"is not a film column; the columns are {', '.join(columns.names)}", 1, shown(name))
        elif names.count(name) > 1:
            faults.add("must appear only once", 1, name)
    for name in columns.required:
        if name not in names:
            faults.add("this column is required", 1, name)
    return None if faults.count else names
