"""Questions for the rental desk: whose rentals, and what about them.

A question whose words are all of the desk's own language names no film, so that a word of it tells the topic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.agents.offline.lexicon import cue, says, words
from app.agents.offline.unexplained import tidy
from app.core.name_spellings import COMMON, tokens_of
from app.repositories.mentions import STORE_WORDS

_LONGEST = 240
_LONGEST_NAME = 4
"""Words."""
OUT, HISTORY, OWED, CUSTOMER, NEAR = "out", "history", "owed", "customer", "near"

_NOBODY = COMMON | {"people", "customers", "everyone", "nobody", "staff", "film", "rentals", "customer", "mine", "show"}


@dataclass(frozen=True)
class DeskPlan:
    """Somebody's rentals: one's own, or another's with `customer`, a name, an e-mail or a number."""

    topics: tuple[str, ...]
    customer: str = ""
    title: str = ""
    """Only rentals of this film, or the film that is looked for near by."""

    @property
    def near_me(self) -> bool:
        """Return whether the question is about a film, seen from the person's own store."""
        return self.topics == (NEAR,)


@lru_cache(maxsize=512)
def desk_plan_for(question: str) -> DeskPlan | None:
    """Return what a question asks of the rental desk; None for those about films alone."""
    text = re.sub(r"\s+", " ", tidy(question)).strip()
    if len(text) > _LONGEST:
        return None
    return _near_me(text) or _affairs(text) or _looked_up(text)


def _affairs(text: str) -> DeskPlan | None:
    customer, rest = customer_in(text)
    film = cue("own film").search(rest)
    title = next((group for group in film.groups() if group), "").strip(' ?.!"') if film else ""
    title = "" if cue("no title").match(title) or _is_desk_language(title) else title
    if title:
        rest = rest.replace(title, "it")
    if not _is_desk_language(rest) or says("policy", text):
        return None
    if not (customer or says("oneself", rest)):
        return (
            DeskPlan((OWED if says("owed words", rest) else OUT,))
            if cue("due words").match(rest) and not says("it", rest)
            else None
        )
    topics = _topics(rest, bool(title))
    if not topics:
        return None
    return DeskPlan(topics, customer, title)


def _topics(text: str, of_film: bool) -> tuple[str, ...]:
    """Of two parts, both topics; else the first that a word tells."""
    parts = re.split(
        r"[?.!;]|,? (?:and|or|also|plus) (?=(?:what|when|which|how|do|does|am|is|are|have|has|my)\b)", text
    )
    found = [topic for part in parts if part.strip() and (topic := _topic(part, of_film))]
    return tuple(dict.fromkeys(found)) or tuple(filter(None, (_topic(text, of_film),)))


def _topic(text: str, of_film: bool) -> str:
    def has(words: str) -> bool:
        return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None

    is_owed = has("owe[sd]?|owing|fees?|fines?|balance|debts?|pay|paid|bill") or not of_film
    if says("owed words", text) and is_owed and not (has("on (?:my|our) account") and has("out|rented|due")):
        return OWED
    returned = has("(?:did|have|has) (?:i|we|they) return(?:ed)?")
    if of_film:
        asks_when = has("when did|last")
        return OUT if (returned and not asks_when) or has("still|due|overdue|copy|bring|account") else HISTORY
    if has("history|histories|ever|past|previous(?:ly)?|before|records?|did (?:i|we|they) take out|taken out|took out"):
        return HISTORY
    if returned or has(
        "out|due|overdue|unreturned|not|haven't|have to|need to|must|back|left|still|late|has got rented"
    ):
        return OUT
    if says("history words", text) and not has("current|currently|now|moment|home|got rented"):
        return HISTORY
    return OUT if says("out words", text) or says("rental words", text) else ""


def _is_desk_language(text: str) -> bool:
    known = words("desk words")
    said = re.findall(r"[\w']+", text.lower())
    return bool(said) and all(word in known or word.removesuffix("'s") in known or word.isdecimal() for word in said)


def customer_in(text: str) -> tuple[str, str]:
    """Return a number, an e-mail or a name, and the text with "they" in its place."""
    for pattern in map(cue, ("customer number", "customer called", "customer named")):
        for match in pattern.finditer(text):
            who = next(filter(None, match.groups()), "")
            if pattern is cue("customer number") or (_is_name(who) and _is_of_rentals(text, match)):
                group = next(name for name, value in match.groupdict().items() if value)
                start, end = match.span() if pattern is cue("customer number") else match.span(group)
                rest = re.sub(r"\bthey'?s?(?= )", "they", f"{text[:start]}they{text[end:]}")
                return who.strip(" .,"), rest
    return "", text


def _is_name(who: str) -> bool:
    said = [token.word for token in tokens_of(who)]
    if not said or len(said) > _LONGEST_NAME or any(word in _NOBODY or word in words("desk words") for word in said):
        return False
    return len(said) > 1 or who[0].isupper()


def _is_of_rentals(text: str, match: re.Match[str]) -> bool:
    """ "The rental history of Mallory", but not "A History of Violence" and not "my copy of Jaws"."""
    if not match.re.groupindex.get("b") or not match["b"]:
        return True
    is_copy = says("copy of", text[: match.start()])
    return not is_copy and (" " in match["b"] or says("of rentals", text))


def _looked_up(text: str) -> DeskPlan | None:
    """A question only about a customer."""
    numbered = cue("customer number").search(text)
    if numbered and len(text) - len(numbered[0]) < 45:
        return DeskPlan((CUSTOMER,), next(filter(None, numbered.groups())))
    match = cue("customer looked up").match(text)
    return DeskPlan((CUSTOMER,), match["name"]) if match and match["c"] else None


def _near_me(text: str) -> DeskPlan | None:
    """Whether a film is in stock, seen from the person's own store."""
    near = cue("near me").search(text)
    if near is None:
        return None
    rest = f"{text[: near.start()]} {text[near.end() :]}"
    tokens = tokens_of(rest)
    known = COMMON | STORE_WORDS | words("desk words") | {"find", "carry", "local", "nearest", "around"}
    named = [one for one in tokens if one.word not in known] or [
        one for one in tokens if one.word not in words("beside a title")
    ]
    if not named:
        return None
    article = re.search(r"\bThe $", rest[: named[0].start])
    return DeskPlan((NEAR,), title=rest[article.start() if article else named[0].start : named[-1].end])
