"""The cues that cues.txt lists, as patterns; compiled when they are first looked for."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

_MACRO = re.compile(r"<([A-Z]+)>")


@lru_cache(maxsize=1)
def _listed() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in resources.files(__package__).joinpath("cues.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, pattern = line.partition(": ")
            found.setdefault(name, []).append(pattern)
    return found


def _pattern(name: str) -> str:
    """All that is listed under a name, with the patterns of other names, in capitals, put in."""
    return _MACRO.sub(lambda match: f"(?:{_pattern(match[1])})", "|".join(_listed()[name]))


@lru_cache(maxsize=256)
def cue(name: str) -> re.Pattern[str]:
    """Return the pattern of a cue."""
    compound = "(?:filme?n?)?" if name.startswith("category ") else ""
    return re.compile(rf"(?<!\w)(?:{_pattern(name)}){compound}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=32)
def named(kind: str) -> tuple[str, ...]:
    """Return what is listed of a kind: "category" has Action, Animation and so on, in the order of the file."""
    return tuple(name.partition(" ")[2] for name in _listed() if name.startswith(f"{kind} "))


@lru_cache(maxsize=8)
def words(name: str) -> frozenset[str]:
    """Return what is listed as single words."""
    return frozenset(" ".join(_listed()[name]).split())


def says(name: str, text: str) -> bool:
    """Return whether a text has a cue."""
    return cue(name).search(text) is not None


def is_only(name: str, text: str) -> bool:
    """Return whether a text is nothing but a cue."""
    return cue(name).fullmatch(text.strip()) is not None
