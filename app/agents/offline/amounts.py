"""Lengths, prices, years and ages as people write them: "under two hours", "cheaper than $3", "from the nineties"."""

from __future__ import annotations

import re

Bounds = dict[str, int | float]
"""Arguments of a search, such as {"max_length": 119}."""

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {
    **{word: number for number, word in enumerate(_UNITS)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    **dict(
        zip(
            ("a", "an", "half an", "a couple of", "a few", "hundred", "a hundred"),
            (1, 1, 0.5, 2, 3, 100, 100),
            strict=True,
        )
    ),
}
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
NUMBER = rf"(?:\d+(?:[.,]\d+)?|(?:a |one )?hundred(?: and)? (?:{_WORDS})(?:[ -](?:{'|'.join(_UNITS[1:10])}))?|(?:{_WORDS})(?:[ -](?:{'|'.join(_UNITS[1:10])}))?)"

_LESS = r"under|below|less than|fewer than|shorter than|cheaper than|lower than|<"
_AT_MOST = r"at most|up to|no (?:more|longer) than|(?:not|n't)(?: be)? (?:over|more than|longer than)|max(?:imum)?(?: of)?|within|only|just"
_MORE = r"over|above|more than|longer than|greater than|exceeding|>"
_AT_LEAST = r"at least|(?:no|not|n't)(?: be)? (?:less|shorter) than|min(?:imum)?(?: of)?"
_COMPARED = (
    rf"(?:(?P<less>{_LESS})|(?P<at_most>{_AT_MOST})|(?P<more>{_MORE})|(?P<at_least>{_AT_LEAST})|about|around|roughly)"
)
_AFTER = (
    r"(?: (?:or (?P<or_less>less|shorter|under|cheaper)|or (?P<or_more>more|longer|over)|(?P<tops>tops|max|maximum)))?"
)

_HOURS, _MINUTES = r"[ -]?(?:hours?|hrs?|h)\b", r"[ -]?(?:minutes?|mins?|m)\b"
_DURATION = (
    rf"(?:{NUMBER}(?: and a half)?{_HOURS}(?: and a half)?(?:,? ?(?:and )?{NUMBER}{_MINUTES})?|{NUMBER}{_MINUTES})"
)
_LENGTH_BETWEEN = re.compile(
    rf"\b(?:between|from) (?P<low>{_DURATION}|{NUMBER}) (?:and|to|-) (?P<high>{_DURATION})", re.I
)
_LENGTH = re.compile(rf"(?:{_COMPARED} (?:an? )?)?\b(?P<amount>{_DURATION})(?: long)?{_AFTER}", re.I)
_TOLERANCE = 10
"""Minutes around "a 90-minute film"."""

_MONEY = rf"(?:[$£€] ?\d+(?:[.,]\d+)?|{NUMBER}[ -]?(?:dollars?|bucks?|usd|euros?|quid|cents?)\b)"
_PRICE = re.compile(rf"(?:{_COMPARED} |\b(?:for|at|costing|costs?) )(?P<amount>{_MONEY}){_AFTER}", re.I)
_BARE_PRICE = re.compile(
    r"\b(?:cheaper than|cost(?:s|ing)? (?:less than|under|at most)|rent(?:s|ing)? for (?:under|less than|at most)) "
    rf"(?P<amount>{NUMBER})\b(?!{_HOURS}|{_MINUTES})",
    re.I,
)

_YEAR = r"(?:1[89]\d\d|20\d\d)"
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_PERIOD = rf"(?:(?:the )?(?:(?:early|mid|late)[- ](?:the )?)?(?:{_YEAR}'?s|'?\d0'?s|{'|'.join(_DECADES)})|{_YEAR})\b"
_SPAN = re.compile(
    rf"(?:\b(?:between|from) )?(?P<start>{_PERIOD}) ?(?:and|to|until|till|through|-|–) ?(?P<end>{_PERIOD})", re.I
)
_BOUNDED = re.compile(
    r"\b(?:(?P<before>before|prior to|older than|earlier than|pre)"
    r"|(?P<after>after|later than|newer than|more recent than|post)"
    rf"|(?P<since>since|from(?= {_PERIOD} on)|no older than)|(?P<until>until|till|up to|by|no later than))[ -]"
    rf"(?P<period>{_PERIOD})|\b(?P<period2>{_PERIOD}) (?:or|and) "
    r"(?:(?P<or_later>later|newer|after)|(?P<or_earlier>earlier|older|before))",
    re.I,
)
_BARE_PERIOD = re.compile(rf"(?<![\w'$.])(?P<period>{_PERIOD})", re.I)
_THIRDS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
_AGE = re.compile(
    rf"\b(?P<age>\d\d?|{'|'.join((*_UNITS[1:], *_TENS[:1]))})[ -]?(?:years?|yrs?|yo\b)[ -]?(?:olds?)?"
    r"|\b(?:turns|turning|aged?|is only|is just) (?P<turning>\d\d?)\b",
    re.I,
)
AMOUNTS = (_SPAN, _BOUNDED, _BARE_PERIOD, _LENGTH_BETWEEN, _LENGTH, _PRICE, _BARE_PRICE, _AGE)


def number(text: str) -> float:
    """Return the value of what NUMBER matches: 45 for "forty-five"."""
    spelt = text.lower().strip()
    if spelt[0].isdigit():
        return float(spelt.replace(",", "."))
    if spelt in _NUMBERS:
        return float(_NUMBERS[spelt])
    words = re.split(r"[ -]", re.sub(r"^(?:a|one) hundred", "hundred", spelt))
    return float(sum(_NUMBERS.get(word, 0) for word in words))


def length_in(text: str) -> Bounds:
    """Return the bounds on a film's length that a text gives, in whole minutes."""
    if between := _LENGTH_BETWEEN.search(text):
        high = _minutes(between["high"])
        low = _minutes(between["low"]) or number(between["low"]) * (60 if "h" in between["high"] else 1)
        return {"min_length": round(low), "max_length": high}
    match = _LENGTH.search(text)
    if match is None:
        return {}
    amount = _minutes(match["amount"])
    return _bounds(match, "length", amount, 1) or {"min_length": amount - _TOLERANCE, "max_length": amount + _TOLERANCE}


def _minutes(duration: str) -> int:
    """ "an hour and a half" is 90; 0 for a number without a unit."""
    hours = re.search(rf"({NUMBER})(?: and a half)?{_HOURS}", duration, re.I)
    rest = re.search(rf"({NUMBER}){_MINUTES}", duration, re.I)
    half = 30 if "and a half" in duration.lower() else 0
    return round((number(hours[1]) * 60 + half if hours else 0) + (number(rest[1]) if rest else 0))


def price_in(text: str) -> Bounds:
    """Return the bounds on the rental rate that a text gives, in dollars."""
    if match := _PRICE.search(text):
        digits = re.search(NUMBER, match["amount"], re.I)
        amount = number(digits[0]) / (100 if "cent" in match["amount"].lower() else 1) if digits else 1.0
        return _bounds(match, "rental_rate", amount, 0.01) or {"max_rental_rate": amount}
    bare = _BARE_PRICE.search(text)
    return {"max_rental_rate": round(number(bare["amount"]) - 0.01, 2)} if bare else {}


def _bounds(match: re.Match[str], what: str, amount: float, step: float) -> Bounds:
    if match["less"]:
        return {f"max_{what}": round(amount - step, 2)}
    if match["at_most"] or match["or_less"] or match["tops"]:
        return {f"max_{what}": amount}
    if match["more"]:
        return {f"min_{what}": round(amount + step, 2)}
    return {f"min_{what}": amount} if match["at_least"] or match["or_more"] else {}


def years_in(text: str) -> Bounds:
    """Return the bounds on the release year that a text gives, both included."""
    if span := _SPAN.search(text):
        return {"min_year": _years(span["start"])[0], "max_year": _years(span["end"])[1]}
    if match := _BOUNDED.search(text):
        first, last = _years(match["period"] or match["period2"])
        if match["before"]:
            return {"max_year": first - 1}
        if match["after"]:
            return {"min_year": last + 1}
        return {"max_year": last} if match["until"] or match["or_earlier"] else {"min_year": first}
    if plain := _BARE_PERIOD.search(text):
        first, last = _years(plain["period"])
        return {"min_year": first, "max_year": last}
    return {}


def _years(period: str) -> tuple[int, int]:
    """The first and the last year: 1980 and 1989 for "the eighties", 1990 and 1993 for "the early 90s"."""
    text = period.lower()
    digits = re.search(r"\d+", text)
    if digits is None:
        start = 1920 + 10 * next(i for i, name in enumerate(_DECADES) if name in text)
    elif len(digits[0]) == 2:
        start = (2000 if int(digits[0]) < 20 else 1900) + int(digits[0])
    elif not text.endswith("s"):
        return int(digits[0]), int(digits[0])
    else:
        start = int(digits[0])
    third = next((years for name, years in _THIRDS.items() if name in text), (0, 9))
    return start + third[0], start + third[1]


def age_in(text: str) -> int | None:
    """Return the age of somebody that a text names."""
    match = _AGE.search(text)
    return round(number(match["age"] or match["turning"])) if match else None
