"""What kind of films is asked for: category, rating, years, length, price, stock, order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.agents.offline.amounts import Bounds, Remainder, take_length, take_price, take_years
from app.agents.offline.grammar import fragment, pattern, patterns
from app.agents.offline.text import UNITS

FILM_NOUN = fragment("FILM")
PLURAL_FILM_NOUN = fragment("FILMS")
GENRE_NOUN = fragment("GENRE")
"""Words that say "film" by themselves."""

_CATEGORIES = {
    "Action": r"action(?:[- ]packed)?",
    "Animation": r"animat(?:ions?|ed)|anime|cartoons?",
    "Children": r"child(?:ren)?(?:'?s)?|kids?'?s?'?|kiddie|toddlers?|little ones",
    "Classics": r"classics?|golden oldies|oldies",
    "Comedy": r"comed(?:y|ies|ic)|funny|hilarious|humou?r(?:ous)?|romcoms?|rom-coms?",
    "Documentary": r"documentar(?:y|ies)|docs|docus?",
    "Drama": r"dramas?|dramatic",
    "Family": r"famil(?:y|ies)(?:[- ]friendly)?",
    "Foreign": r"foreign(?:[- ]language)?|international|world cinema|non-english",
    "Games": r"games?|gaming|video ?games?",
    "Horror": r"horrors?|scary|spooky|frightening|slashers?",
    "Music": r"music(?:als?)?",
    "New": r"new category|category new",
    "Sci-Fi": r"sci[- ]?fis?|science[- ]fiction|sf",
    "Sports": r"sport(?:s|ing)?",
    "Travel": r"travel(?:ling|ing)?|road[- ]?trips?",
    "Romance": r"romances?|romantic|love stor(?:y|ies)",
    "Thriller": r"thrillers?|suspense(?:ful)?",
    "Western": r"westerns?",
    "Fantasy": r"fantas(?:y|ies)",
    "Crime": r"crime|gangster|mafia|heist",
    "War": r"war",
    "Mystery": r"myster(?:y|ies)|whodunn?its?",
    "Adventure": r"adventures?",
    "Biography": r"biograph(?:y|ies|ical)|biopics?",
    "Superhero": r"super-?hero(?:es)?",
    "Noir": r"(?:film )?noirs?",
    "History": r"historical|history",
}
"""How people name a category. The last ones are not in the usual store: then the store's list is the answer."""

_GROUP = {f"g{i}": name for i, name in enumerate(_CATEGORIES)}
_CATEGORY = re.compile(
    r"\b(?:" + "|".join(f"(?P<g{i}>{words})" for i, words in enumerate(_CATEGORIES.values())) + r")(?![\w'])",
    re.IGNORECASE,
)
_LANGUAGES = fragment("LANG")
_IN_LANGUAGE = re.compile(
    rf"\b(?:(?:spoken |made |filmed )?in (?P<a>{_LANGUAGES})|(?P<b>{_LANGUAGES})(?:[- ]language|[- ]speaking)?)\b",
    re.IGNORECASE,
)

_MARK = r"(?:NC-?17|PG-?13|PG|G|R)"
_RATING = re.compile(
    rf"\b(?P<a>{_MARK})[- ]rat(?:ed|ing)\b"
    rf"|\b(?:that (?:is|are) |with )?(?:rated|rating|certificate)(?: of| is| as|:)? ?(?P<b>{_MARK})\b"
    rf"|\bwith an? (?P<c>{_MARK}) rating\b|\b(?P<d>NC-?17|PG-?13|PG)\b",
    re.IGNORECASE,
)
_UPPER_RATING = re.compile(rf"\b(?P<a>[GR])(?= {FILM_NOUN}| {GENRE_NOUN})")

_OUT_OF_STOCK = pattern("out of stock")
_IN_STOCK = patterns("in stock")

_SORTS = {
    "newest": r"newest|latest|most recent(?:ly released)?|recent|modern|new(?! york)(?: releases?| arrivals?)?",
    "oldest": r"oldest|earliest|old(?! boy)",
    "shortest": r"shortest|short|quick(?:est)?|briefest",
    "longest": r"longest|long",
    "cheapest": r"cheap(?:est)?|lowest[- ]priced?|least expensive|inexpensive|affordable|budget|bargains?",
    "title": r"alphabetical(?:ly)?(?: order)?|by title|a to z",
}
_SORT = re.compile(
    r"\b(?:in |sorted |ordered |the )?(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _SORTS.items())
    + r")\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(r"est\b|most recent|earliest|lowest", re.IGNORECASE)
_UNSEARCHABLE = pattern("unsearchable")
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"(?<![\w$£€.'-])(?:top |first |any |some )?(?P<n>[1-9]|1\d|20|"
    + "|".join(UNITS[2:])
    + r"|a couple(?: of)?|a few|a dozen)"
    rf"(?= (?:[\w'-]+ ){{0,3}}?(?:{FILM_NOUN}|{GENRE_NOUN})\b)",
    re.IGNORECASE,
)
_FEW = {"a couple": 2, "a couple of": 2, "a few": 3, "a dozen": 12}
MOST_FILMS = 20
"""What the search returns at most."""


@dataclass
class Criteria:
    """What was understood, as arguments of a criteria search, and the text that is left."""

    rest: str
    bounds: Bounds = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)
    rating: str = ""
    in_stock: bool | None = None
    sort: str = ""
    superlative: bool = False
    limit: int = 0
    count: bool = False
    language: str = ""
    unsearchable: bool = False

    @property
    def any(self) -> bool:
        """Whether the text says anything about which films."""
        return bool(self.bounds or self.categories or self.rating or self.sort or self.language) or (
            self.in_stock is not None
        )

    def arguments(self) -> dict[str, str | int | float | bool]:
        """All but the categories, of which a search takes one."""
        found: dict[str, str | int | float | bool] = dict(self.bounds)
        if self.rating:
            found["rating"] = self.rating
        if self.in_stock is not None:
            found["in_stock"] = self.in_stock
        if self.sort:
            found["sort"] = self.sort
        if self.limit:
            found["limit"] = self.limit
        return found


def read_criteria(text: str) -> Criteria:
    """Take everything that describes films out of `text`."""
    rest = Remainder(text)
    found = Criteria(text)
    found.unsearchable = rest.take(_UNSEARCHABLE) is not None
    found.count = rest.take(_HOW_MANY) is not None
    _take_rating(rest, found)
    _take_limit(rest, found)
    price = take_price(rest)
    found.unsearchable |= price is None
    found.bounds = {**(price or {}), **take_length(rest), **take_years(rest)}
    _take_stock(rest, found)
    _take_categories(rest, found)
    _take_language(rest, found)
    _take_sort(rest, found)
    found.rest = rest.text
    return found


def _take_limit(rest: Remainder, found: Criteria) -> None:
    if match := rest.take(_LIMIT):
        spelt = match["n"].lower()
        units = {word: number for number, word in enumerate(UNITS)}
        found.limit = _FEW.get(spelt) or units.get(spelt) or int(spelt)


def _take_rating(rest: Remainder, found: Criteria) -> None:
    match = rest.take(_RATING) or rest.take(_UPPER_RATING)
    if match is not None:
        mark = next(filter(None, match.groupdict().values())).upper().replace("-", "")
        found.rating = {"PG13": "PG-13", "NC17": "NC-17"}.get(mark, mark)


def _take_stock(rest: Remainder, found: Criteria) -> None:
    if rest.take(_OUT_OF_STOCK):
        found.in_stock = False
    elif any(rest.take(form) for form in _IN_STOCK):
        found.in_stock = True


def _take_categories(rest: Remainder, found: Criteria) -> None:
    while match := rest.take(_CATEGORY):
        name = _GROUP[match.lastgroup or ""]
        if name not in found.categories:
            found.categories.append(name)


def _take_language(rest: Remainder, found: Criteria) -> None:
    if match := rest.take(_IN_LANGUAGE):
        found.language = (match["a"] or match["b"]).capitalize()


def _take_sort(rest: Remainder, found: Criteria) -> None:
    while match := rest.take(_SORT):
        if not found.sort:
            found.sort = match.lastgroup or ""
            found.superlative = _SUPERLATIVE.search(match[0]) is not None
