"""Films as CSV (RFC 4180, UTF-8, a header row): the text of it. What the cells mean is app/services/film_rows.py's.

Two marks make every text survive the way out and back in:

- A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a control character as a formula. Such a text is
  written with an apostrophe before it, which is taken off again when it is read. So that none is lost, texts get it
  as well that begin with apostrophes before such a character, or have nothing but apostrophes; an empty text, as
  opposed to none, is a lone apostrophe. "'Tis" stays as it is. Reading does not require the apostrophe.
- The items of a list are separated by `|`. Within an item a backslash comes before `|` and before a backslash; before
  anything else a backslash is itself.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
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
_BOM = b"\xef\xbb\xbf"
_SHOWN = 100
"""Characters of the file that a message repeats."""

_FORMULA = "=+\\-@\\t\\r\\n＝＋－＠"
_GUARDS = re.compile(rf"'*(?:[{_FORMULA}]|\Z)")
_GUARDED = re.compile(rf"'+(?:[{_FORMULA}]|\Z)")
_SEPARATORS = re.compile(r"\\[\\|]|\|")
_ESCAPED = re.compile(r"\\([\\|])")

Record = tuple[int, dict[str, str]]
"""The number of a row as a spreadsheet shows it, and its cells by column."""


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
            return f"No film was added: the file has {self.count} errors, of which the first {_LISTED} are listed."
        return f"No film was added: the file has {self.count} error{'s' if self.count > 1 else ''}."


class _Unreadable(Exception):
    """The rest of the file cannot be divided into rows."""


def read(file: BinaryIO, faults: Faults) -> Iterator[Record]:
    """The rows below the header that have a cell for each column; blank lines count, but are no rows.

    What is wrong goes to `faults`: rows with more or fewer cells are left out, and nothing is read after what
    cannot be divided into rows.
    """
    rows = csv.reader(_lines(file), strict=True)
    number = 0
    try:
        columns = _header(next(rows, []), faults)
        number = 1
        if columns is None:
            return
        for number, cells in enumerate(rows, 2):
            if len(cells) == len(columns):
                yield number, dict(zip(columns, cells, strict=True))
            elif cells:
                faults.add(f"has {len(cells)} cells where the header has {len(columns)}", number)
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
    return ", ".join(f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"' for text in texts)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Decoded line by line: a temporary file of Python 3.10 cannot be wrapped as text."""
    line = file.readline(_LONGEST_LINE).removeprefix(_BOM)
    while line:
        if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
            raise _Unreadable(f"a line has more than {_LONGEST_LINE} bytes")
        if b"\x00" in line:
            raise _Unreadable("it has NUL characters")
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise _Unreadable("it is not UTF-8") from error
        line = file.readline(_LONGEST_LINE)


def _header(cells: list[str], faults: Faults) -> list[str] | None:
    """The names of the columns, in the file's order; None when it cannot be read by them."""
    names = [cell.strip().lower() for cell in cells]
    if not any(names):
        faults.add(f"the file has no header: its first row names the columns, such as {quoted(*REQUIRED)}")
        return None
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            faults.add(f"is not a column of films, which are {', '.join(COLUMNS)}", 1, name[:_SHOWN])
        elif names.count(name) > 1:
            faults.add("must be there only once", 1, name)
    for name in REQUIRED:
        if name not in names:
            faults.add("this column must be there", 1, name)
    return None if faults.count else names
