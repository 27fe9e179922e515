"""The patterns in `forms/`, where the ways to ask about films are written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_SECTION = re.compile(r"\[([\w ]+)\]")
_FRAGMENT = re.compile(r"<([A-Z_]+)>")
_CONTINUED = re.compile(r"\n[ ]+")


def _lines() -> Iterator[str]:
    """The lines of all files without comments and blank ones, continued lines joined."""
    for path in sorted((Path(__file__).parent / "forms").glob("*.txt")):
        text = _CONTINUED.sub("", path.read_text(encoding="utf-8"))
        yield from (line for line in text.splitlines() if line and not line.startswith("#"))


def _sections(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if section := _SECTION.fullmatch(line):
            name = section[1]
        else:
            found.setdefault(name, []).append(line)
    return found


_FOUND = _sections(_lines())
_FRAGMENTS = dict(line.split(" = ", 1) for line in _FOUND["fragments"])


def fragment(name: str) -> str:
    """A named part of patterns, as a regular expression."""
    return _expanded(_FRAGMENTS[name])


def patterns(section: str) -> tuple[re.Pattern[str], ...]:
    """The section's patterns, compiled to match in any case."""
    return tuple(re.compile(_expanded(line), re.IGNORECASE) for line in _FOUND[section])


def pattern(section: str) -> re.Pattern[str]:
    """The section's only pattern."""
    (only,) = patterns(section)
    return only


def matching(choices: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    """The match of the whole text by the first pattern that has one."""
    return next((match for choice in choices if (match := choice.fullmatch(text))), None)


def _expanded(text: str) -> str:
    while _FRAGMENT.search(text):
        text = _FRAGMENT.sub(lambda match: _FRAGMENTS[match[1]], text)
    return text
