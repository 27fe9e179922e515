"""Lengths, prices and periods as people write them: "under two hours", "cheaper than $3", "from the nineties"."""

from __future__ import annotations

import re

from app.agents.offline.text import NUMBER, number

BARRIER = " ¦ "
"""Stands where something understood was taken out of a text, so that its neighbours do not look adjacent."""


class Remainder:
    """A text from which what was understood is taken out, piece by piece."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match, taken out; None when there is none."""
        match = pattern.search(self.text)
        if match is not None:
            self.text = f"{self.text[: match.start()].rstrip()}{BARRIER}{self.text[match.end() :].lstrip()}"
        return match


Bounds = dict[str, int | float]
"""Arguments of a criteria search, such as {"max_length": 119}."""

_LESS = r"(?:under|below|less than|fewer than|shorter than|cheaper than|lower than|<)"
_AT_MOST = r"(?:at most|up to|no (?:more|longer) than|not (?:more|longer) than|not over|max(?:imum)?(?: of)?|within)"
_MORE = r"(?:over|above|more than|longer than|greater than|exceeding|>)"
_AT_LEAST = r"(?:at least|no (?:less|shorter) than|not (?:less|shorter) than|min(?:imum)?(?: of)?)"
_COMPARED = (
    rf"(?:(?P<less>{_LESS})|(?P<at_most>{_AT_MOST})|(?P<more>{_MORE})|(?P<at_least>{_AT_LEAST})|about|around|roughly)"
)

_HOURS = r"-?(?:hours?|hrs?|h)\b"
_MINUTES = r"-?(?:minutes?|mins?|m)\b"
_DURATION = (
    rf"(?:(?:{NUMBER}|an?|half an)(?: and a half)? ?{_HOURS}(?: and a half)?(?:,?(?: and)? ?{NUMBER} ?{_MINUTES})?"
    rf"|\d+h ?\d+(?:m\b)?|{NUMBER} ?{_MINUTES})"
)
_IN_HOURS = re.compile(rf"(half an?|{NUMBER}|an?) ?(?:and a half ?)?(?:{_HOURS}|h(?=\d))", re.IGNORECASE)
_IN_MINUTES = re.compile(rf"(?:^|and |,|h|s| )({NUMBER}) ?{_MINUTES}|h ?(\d+)$", re.IGNORECASE)
_LENGTH_BETWEEN = re.compile(
    rf"\b(?:between|from) (?P<low>{_DURATION}|{NUMBER}) (?:and|to|-) (?P<high>{_DURATION})(?: long)?",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"(?:\b(?:that |which )?(?:lasts?|runs?|lasting|running|takes?|taking|of) )?"
    rf"(?:\b{_COMPARED} |(?<![\w$]))(?P<amount>{_DURATION})(?: long| in length)?"
    r"(?: (?:or (?:(?P<or_less>less|shorter|under)|(?P<or_more>more|longer|over))|(?P<tops>tops|max(?:imum)?)))?",
    re.IGNORECASE,
)
_TOLERANCE = 10
"""Minutes around "a 90-minute film"."""


def take_length(rest: Remainder) -> Bounds:
    """Bounds on the length, in whole minutes."""
    if between := rest.take(_LENGTH_BETWEEN):
        high = _in_minutes(between["high"])
        low = _in_minutes(between["low"]) or (number(between["low"]) * (60 if high and "h" in between["high"] else 1))
        return {"min_length": round(low), "max_length": high}
    match = rest.take(_LENGTH)
    if match is None:
        return {}
    amount = _in_minutes(match["amount"])
    if match["less"]:
        return {"max_length": amount - 1}
    if match["at_most"] or match["or_less"] or match["tops"]:
        return {"max_length": amount}
    if match["more"]:
        return {"min_length": amount + 1}
    if match["at_least"] or match["or_more"]:
        return {"min_length": amount}
    return {"min_length": amount - _TOLERANCE, "max_length": amount + _TOLERANCE}


def _in_minutes(duration: str) -> int:
    """ "an hour and a half" is 90; 0 for a number without a unit."""
    total = 0.0
    if hours := _IN_HOURS.search(duration):
        amount = hours[1].lower()
        total += 30 if amount.startswith("half") else 60 * (1 if amount in ("a", "an") else number(amount))
    if "and a half" in duration.lower():
        total += 30
    if minutes := _IN_MINUTES.search(duration):
        total += number(minutes[1] or minutes[2])
    return round(total)


_MONEY = (
    rf"(?:[$£€] ?\d+(?:[.,]\d+)?|{NUMBER} ?-?(?:dollars?|bucks?|usd|euros?|pounds?|quid)\b"
    rf"|{NUMBER} ?(?:cents?\b|¢)|an? (?:dollar|buck)\b)"
)
_PRICE = re.compile(
    r"(?:\b(?:(?:for|at|costing|costs?|that costs?|rent(?:s|ing)?(?: for)?|priced(?: at)?|a price of|just|only) )*"
    rf"{_COMPARED} "
    rf"|\b(?:for|at|costing|that costs?|priced(?: at)?)(?: just| only| exactly)? )(?P<amount>{_MONEY})"
    r"(?: (?:or (?:(?P<or_less>less|under|cheaper)|(?P<or_more>more|over))|(?P<tops>tops|max(?:imum)?)))?"
    r"(?: (?:to rent|a (?:day|night|rental)|each))?",
    re.IGNORECASE,
)
_BARE_PRICE = re.compile(
    rf"\b(?:cheaper than|costing (?:less than|under|at most)|costs? (?:less than|under)"
    rf"|(?:rent(?:s|ing|al)?(?: rate)?|priced?|for) (?:for |is |of )?(?:less than|under|below|at most|up to)) "
    rf"(?P<amount>{NUMBER})\b(?! ?-?(?:min|hour|hr|h\b))",
    re.IGNORECASE,
)


def take_price(rest: Remainder) -> Bounds | None:
    """The highest rental rate in dollars; None when a lowest one is asked for, which cannot be searched."""
    match = rest.take(_PRICE)
    if match is None:
        bare = rest.take(_BARE_PRICE)
        return {"max_rental_rate": _just_below(number(bare["amount"]))} if bare else {}
    if match["more"] or match["at_least"] or match["or_more"]:
        return None
    amount = _in_dollars(match["amount"])
    return {"max_rental_rate": _just_below(amount) if match["less"] else amount}


def _in_dollars(amount: str) -> float:
    found = re.search(NUMBER, amount, re.IGNORECASE)
    value = number(found[0]) if found else 1.0
    return value / 100 if "cent" in amount.lower() or "¢" in amount else value


def _just_below(amount: float) -> float:
    return round(max(amount - 0.01, 0.0), 2)


_YEAR = r"(?:1[89]\d\d|20\d\d)"
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_PERIOD = (
    rf"(?:(?:the )?(?:(?:early|mid|middle|late)[- ](?:the )?)?"
    rf"(?:{_YEAR}'?s|'?\d0'?s|{'|'.join(_DECADES)}|noughties)|the year {_YEAR}|{_YEAR})\b"
)
_SPAN = re.compile(
    rf"(?:\b(?:made |released |shot |out )?(?:between|from) (?P<start>{_PERIOD}) ?"
    rf"(?:and|to|until|till|through|-) ?(?P<end>{_PERIOD})"
    rf"|\b(?P<start2>{_YEAR}) ?(?:-|to) ?(?P<end2>{_YEAR})\b)",
    re.IGNORECASE,
)
_BOUNDED_PERIOD = re.compile(
    rf"\b(?:(?:made|released|shot|that came out|came out|filmed|produced) )?"
    r"(?:(?P<before>before|prior to|older than|earlier than|pre)"
    r"|(?P<after>after|later than|newer than|more recent than|post)"
    rf"|(?P<since>since|from(?= {_PERIOD} on)|no older than)|(?P<until>until|till|up to|by|no later than))[ -]"
    rf"(?P<period>{_PERIOD})(?: on(?:wards?)?)?"
    rf"|\b(?P<period2>{_PERIOD}) (?:(?:or|and) "
    r"(?:(?P<or_later>later|newer|after|above)|(?P<or_earlier>earlier|older|before))|(?P<onwards>onwards?))",
    re.IGNORECASE,
)
_IN_PERIOD = re.compile(
    rf"(?:\b(?:made|released|shot|that came out|came out|filmed|produced|dating) )?"
    rf"\b(?:in|from|of|during|around)(?: the year)? (?P<period>{_PERIOD})",
    re.IGNORECASE,
)
_BARE_PERIOD = re.compile(rf"(?P<period>(?<![\w']){_PERIOD})", re.IGNORECASE)
_THIRDS = {"early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9)}


def take_years(rest: Remainder) -> Bounds:
    """Bounds on the release year, both included."""
    if span := rest.take(_SPAN):
        first, last = _years(span["start"] or span["start2"]), _years(span["end"] or span["end2"])
        return {"min_year": first[0], "max_year": last[1]}
    if match := rest.take(_BOUNDED_PERIOD):
        first_year, last_year = _years(match["period"] or match["period2"])
        if match["before"]:
            return {"max_year": first_year - 1}
        if match["after"]:
            return {"min_year": last_year + 1}
        if match["until"] or match["or_earlier"]:
            return {"max_year": last_year}
        return {"min_year": first_year}
    plain = rest.take(_IN_PERIOD) or rest.take(_BARE_PERIOD)
    if plain is None:
        return {}
    first_year, last_year = _years(plain["period"])
    return {"min_year": first_year, "max_year": last_year}


def _years(period: str) -> tuple[int, int]:
    """The first and the last year: 1980 and 1989 for "the eighties", 1990 and 1993 for "the early 90s"."""
    text = period.lower()
    digits = re.search(r"\d+", text)
    if digits is None:
        decade = next((i for i, name in enumerate(_DECADES, 2) if name in text), None)
        start = 2000 if decade is None else 1900 + 10 * decade
    elif len(digits[0]) == 2:
        start = (2000 if int(digits[0]) < 20 else 1900) + int(digits[0])
    else:
        start = int(digits[0])
        if not text.rstrip("'").endswith("s"):
            return start, start
    third = next((years for name, years in _THIRDS.items() if name in text), (0, 9))
    return start + third[0], start + third[1]
