"""From the part of a question that names films to the titles to look up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from app.agents.offline.grammar import pattern, patterns
from app.agents.offline.plan import Fact, Reading, Title

_FIRST_QUOTE = 0xE000
"""Quoted titles are replaced by private characters while the question around them is read."""
_QUOTED = re.compile(r"\"([^\"]{1,200})\"|(?<!\w)'((?:[^']|(?<=\w)'(?=\w)){1,200})'(?!\w)")
PRIVATE = re.compile("[\ue000-\ue0ff]")

_EDGE = " ?.,;:\"'-!"
_BEFORE = pattern("before a title")
_AFTER = pattern("after a title")
_LEADING_YEAR = re.compile(
    r"^(?:the\s+)?(?P<year>(?:18|19|20)\d\d)\s+(?:(?:version|remake) of\s+)?(?P<rest>\D.*)$", re.IGNORECASE
)
_YEAR_SAID = patterns("year of a title")
_BARE_YEAR = re.compile(r"^(?P<rest>.*\w.*?),?\s+(?:(?:of|in)\s+)?(?P<year>(?:18|19|20)\d\d)$", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*,\s*(?:(?:and|or|&|plus)\s+)?|\s*;\s*|\s+(?:and|or|&|vs\.?|versus|plus|as well as)\s+", re.IGNORECASE
)
_BETWEEN_RIVALS = re.compile(rf"{_BETWEEN.pattern}|\s+(?:than|to|with|against|compared (?:to|with))\s+", re.IGNORECASE)
_OLD_OR_NEW = pattern("old or new")
_WHOSE = re.compile(r"^[\w. -]+?'s?\s+(?P<rest>\S.+)$")
_BEFORE_COLON = re.compile(r"^(?P<rest>.{4,}?)(?::| - ).+$")
_HEAD_OR_TAIL = patterns("title in a phrase")
_NOT_IN_A_NAME = pattern("not in a name")
_NAME = re.compile(r"\b[A-Z0-9][\w'&:.!-]*(?:,? (?:(?:of|the|and|in|a|an|to|for|on|is|it)\b|[A-Z0-9&][\w'&:.!-]*))*")
SMALL_END = re.compile(r"(?: (?:of|the|and|in|a|an|to|for|from|on|is|it))+$")
_MOST_VARIANTS = 4
MOST_PARTS = 5


def hide_quotes(text: str) -> tuple[str, list[str]]:
    """The text with each quoted piece replaced by one character, and the pieces."""
    pieces: list[str] = []

    def hide(match: re.Match[str]) -> str:
        pieces.append((match[1] or match[2]).strip())
        return chr(_FIRST_QUOTE + len(pieces) - 1)

    return _QUOTED.sub(hide, text), pieces


def show_quotes(text: str, pieces: Sequence[str]) -> str:
    """The text with its quoted pieces back in place."""
    return PRIVATE.sub(lambda match: pieces[ord(match[0]) - _FIRST_QUOTE], text)


def readings(
    phrase: str, facts: tuple[Fact, ...], pieces: Sequence[str] = (), *, rivals: bool = False
) -> tuple[Reading, ...]:
    """The ways to read a phrase as titles, the likeliest first; empty when no title is in it."""
    whole = _titles(phrase, pieces)
    found = [Reading((title,), facts) for title in whole]
    parts = (_BETWEEN_RIVALS if rivals else _BETWEEN).split(_unwrapped(phrase)[0])
    if 1 < len(parts) <= MOST_PARTS:
        several = tuple(title for part in parts for title in islice(_titles(part, pieces), 1))
        # Separate quotes are separate titles, whatever stands between them.
        if len(PRIVATE.findall(phrase)) == len(parts):
            return (Reading(several, facts),)
        if len(several) > 1:
            found.append(Reading(several, facts))
        with_years = tuple(title for part in parts for title in _titles(part, pieces)[-1:])
        if len(several) > 1 and with_years != several:
            found.append(Reading(with_years, facts))
    return tuple(found)


def variants(title: Title) -> list[Title]:
    """What else to look for when a title is not in the store: "Ridley Scott's Alien" may be "Alien"."""
    text = title.text
    names = capitalised(text)
    forms = (_WHOSE, _BEFORE_COLON) if names == [text] else (_WHOSE, _BEFORE_COLON, *_HEAD_OR_TAIL)
    parts = [match["rest"].strip(_EDGE) for form in forms if (match := form.match(text))]
    found = dict.fromkeys(part for part in (*names, *parts) if len(part) > 1 and part != text)
    return [Title(part, title.year, part) for part in list(found)[:_MOST_VARIANTS]]


def capitalised(text: str) -> list[str]:
    """Runs of capitalised words, the longest first; at the beginning of a sentence one such word is no sign."""
    found = []
    for match in _NAME.finditer(text):
        run = SMALL_END.sub("", _NOT_IN_A_NAME.sub("", match[0])).strip(_EDGE)
        if run and (match.start() > 0 or " " in run or run.isupper()):
            found.append(run)
    return sorted(found, key=len, reverse=True)


def _titles(phrase: str, pieces: Sequence[str]) -> list[Title]:
    """One title, or two when it ends in what may be its year."""
    if len(quotes := PRIVATE.findall(phrase)) == 1:
        quoted = show_quotes(quotes[0], pieces)
        return [Title(quoted.strip(_EDGE) or quoted, _without_year(phrase.strip(_EDGE))[1], quoted)]
    said = show_quotes(phrase, pieces).strip(_EDGE)
    text, year_before = _unwrapped(said)
    if not text:
        return []
    text, year_behind = _without_year(text)
    titles = [Title(text, year_behind or year_before, said)]
    if titles[0].year:
        return titles
    if bare := _BARE_YEAR.match(text) or _LEADING_YEAR.match(text):
        titles.append(Title(bare["rest"].strip(_EDGE), int(bare["year"]), bare["rest"]))
    elif relative := _OLD_OR_NEW.match(text):
        titles.append(Title(relative["rest"], None, relative["rest"], newest=relative["old"] is None))
    return titles


def _without_year(text: str) -> tuple[str, int | None]:
    """ "King Kong" and 1933 for "King Kong (1933)"."""
    for form in _YEAR_SAID:
        if year := form.search(text):
            return text[: year.start()].strip(_EDGE), int(year["year"])
    return text, None


def _unwrapped(phrase: str) -> tuple[str, int | None]:
    """The phrase without "the 1979 film called" before it and "movie" after it, and that year."""
    text, year = phrase.strip(_EDGE), None
    if (before := _BEFORE.match(text)) and before.end() < len(text):
        year = int(before["year"]) if before["year"] else None
        text = text[before.end() :]
    while (after := _AFTER.search(text)) and after.start() > 0:
        text = text[: after.start()]
    return text.strip(_EDGE), year
