"""Lengths, prices, years and ages as people write them: "under two hours", "cheaper than $3", "from the nineties"."""

from __future__ import annotations

import re

from app.agents.offline.lexicon import cue

Bounds = dict[str, int | float]
"""Arguments of a search, such as {"max_length": 119}."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_NUMBERS: dict[str, float] = {
    **{word: value for value, word in enumerate(_UNITS.split())},
    **{f"{decade[:-3]}y": 10 * value for value, decade in enumerate(_DECADES, 2)},
    "a": 1,
    "an": 1,
    "half an": 0.5,
    "a couple of": 2,
    "a few": 3,
    "hundred": 100,
    "a hundred": 100,
}
_THIRDS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
_TOLERANCE = 10
"""Minutes around "a 90-minute film"."""


def number(text: str) -> float:
    """Return the value of a number in digits or in words: 45 for "forty-five"."""
    spelt = re.sub(r"^(?:a|one) hundred", "hundred", text.lower().strip())
    if spelt[0].isdigit():
        return float(spelt.replace(",", "."))
    return _NUMBERS[spelt] if spelt in _NUMBERS else sum(_NUMBERS.get(part, 0) for part in re.split("[ -]", spelt))


def length_in(text: str) -> Bounds:
    """Return the bounds on a film's length that a text gives, in whole minutes."""
    if between := cue("amount length between").search(text):
        high = _minutes(between["high"])
        low = _minutes(between["low"]) or number(between["low"]) * (60 if "h" in between["high"] else 1)
        return {"min_length": round(low), "max_length": high}
    match = cue("amount length").search(text)
    if match is None:
        return {}
    amount = _minutes(match["amount"])
    return _bounds(match, "length", amount, 1) or {"min_length": amount - _TOLERANCE, "max_length": amount + _TOLERANCE}


def _minutes(duration: str) -> int:
    """ "an hour and a half" is 90; 0 for a number without a unit."""
    hours, rest = cue("hours part").search(duration), cue("minutes part").search(duration)
    half = 30 if hours and "and a half" in duration.lower() else 0
    return round((number(hours["n"]) * 60 if hours else 0) + half + (number(rest["n"]) if rest else 0))


def price_in(text: str) -> Bounds:
    """Return the bounds on the rental rate that a text gives, in dollars."""
    if match := cue("amount price").search(text):
        digits = cue("NUMBER").search(re.sub("[$£€]", "", match["amount"]))
        amount = number(digits[0]) / (100 if "cent" in match["amount"].lower() else 1) if digits else 1.0
        return _bounds(match, "rental_rate", amount, 0.01) or {"max_rental_rate": amount}
    bare = cue("amount bare price").search(text)
    return {"max_rental_rate": round(number(bare["amount"]) - 0.01, 2)} if bare else {}


def _bounds(match: re.Match[str], what: str, amount: float, step: float) -> Bounds:
    found = {name for name, value in match.groupdict().items() if value}
    if found & {"less", "at_most", "or_less", "tops"}:
        return {f"max_{what}": round(amount - (step if "less" in found else 0), 2)}
    if found & {"more", "at_least", "or_more"}:
        return {f"min_{what}": round(amount + (step if "more" in found else 0), 2)}
    return {}


def years_in(text: str) -> Bounds:
    """Return the bounds on the release year that a text gives, both included."""
    if span := cue("amount years between").search(text):
        return {"min_year": _years(span["start"])[0], "max_year": _years(span["end"])[1]}
    if match := cue("amount years").search(text):
        first, last = _years(match["period"] or match["period2"])
        if match["before"] or match["after"]:
            return {"max_year": first - 1} if match["before"] else {"min_year": last + 1}
        return {"max_year": last} if match["until"] or match["or_earlier"] else {"min_year": first}
    plain = cue("amount year").search(text)
    return dict(zip(("min_year", "max_year"), _years(plain["period"]), strict=True)) if plain else {}


def _years(period: str) -> tuple[int, int]:
    """The first and the last year: 1980 and 1989 for "the eighties", 1990 and 1993 for "the early 90s"."""
    text = period.lower()
    digits = re.search(r"\d+", text)
    start = int(digits[0]) if digits else 1920 + 10 * next(i for i, name in enumerate(_DECADES) if name in text)
    if start > 99 and digits and not re.search("s$|^(?:an|dé)|er$", text):
        return start, start
    if start < 100:
        start += 2000 if start < 20 else 1900
    first, last = next((years for name, years in _THIRDS.items() if name in text), (0, 9))
    return start + first, start + last


def age_in(text: str) -> int | None:
    """Return the age that a text names."""
    match = cue("amount age").search(text)
    return round(number(match["age"] or match["turning"] or match["of_kids"])) if match else None
