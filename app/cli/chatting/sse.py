"""Server-Sent Events, from bytes that arrive in pieces of any size."""

from __future__ import annotations

import codecs
import re

_LINE_END = re.compile("\r\n|\n|\r")


class EventTooLarge(ValueError):
    """An event has more than `EventReader.MAX_SIZE` characters."""


class EventReader:
    """Parses a stream of events as the HTML standard describes it."""

    MAX_SIZE = 8 * 1024 * 1024

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._is_first = True
        self._data: list[str] = []
        self._size = 0
        self._id = ""

    def feed(self, piece: bytes) -> list[tuple[str, str]]:
        """Return id and data of the events that are now complete. Raises EventTooLarge."""
        complete: list[tuple[str, str]] = []
        self._text += self._decoder.decode(piece)
        if self._is_first and self._text:
            self._text, self._is_first = self._text.removeprefix("\ufeff"), False
        for line in self._lines():
            if line:
                self._field(line)
            elif self._data:
                complete.append((self._id, "\n".join(self._data)))
                self._data, self._size = [], 0
        if len(self._text) + self._size > self.MAX_SIZE:
            raise EventTooLarge
        return complete

    def _lines(self) -> list[str]:
        """Take the complete lines. A CR at the end is left, because the LF that belongs to it may follow."""
        is_open = self._text.endswith("\r")
        *lines, left = _LINE_END.split(self._text[:-1] if is_open else self._text)
        self._text = left + "\r" if is_open else left
        return lines

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(line) + 1
        elif name == "id" and "\0" not in value:
            self._id = value
