"""Text of models and servers, made safe for a terminal."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f"  # also ESC, with which terminal sequences begin, and CR, which overwrites a line
    "\x7f-\x9f"
    "\u202a-\u202e\u2066-\u2069"  # change the direction of the text after them, which then reads differently
    "\ud800-\udfff"
    "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]+")


class PlainText:
    """Removes control characters from text that arrives in pieces, and joins surrogate pairs that were cut apart."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return the text that can be written now."""
        text = self._held + piece
        self._held = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        return _cleaned(text.removesuffix(self._held) if self._held else text)


def plain(text: str) -> str:
    """Return the text without characters that control a terminal."""
    return _cleaned(text)


def plain_line(text: str, width: int) -> str:
    """Return the text as one line of at most `width` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def plain_json(text: str) -> str:
    """Return the JSON document with those characters escaped: only strings can contain them."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _cleaned(text: str) -> str:
    paired = _SURROGATES.sub(lambda found: found[0].encode("utf-16", "surrogatepass").decode("utf-16", "ignore"), text)
    return _UNSAFE.sub("", paired)
