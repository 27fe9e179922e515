"""Answers of the offline model without tools."""

from __future__ import annotations

from functools import lru_cache

from app.agents.offline.lexicon import cue, is_only, named, says, words
from app.agents.offline.phrasing import say
from app.agents.offline.unexplained import tidy, unknown_runs
from app.core.name_spellings import COMMON, tokens_of

HANDOFF_ROUTE = "POST /api/v1/ai/handoff"
_SMALL_TALK = ("greeting", "thanks", "bye", "help")
_STRENGTH = ("bye", "thanks", "greeting")
_LONGEST_SMALL_TALK = 120
_LONGEST_BARE = 5
_STORE = ("film", "has", "fact stock", "fact price", "fact days", "fact cast", "fact rating", "like")
_SURE_STORE = (
    "film",
    "has",
    *(f"fact {name}" for name in ["stock", "replacement", "days", "price", "cast", "rating", "streaming"]),
)


@lru_cache(maxsize=64)
def small_talk_in(text: str) -> str:
    """Return the kind of small talk; empty if the text says more."""
    said = tidy(text).strip()
    plain = "".join(char for char in said if char.isascii() or char.isalpha()).strip()
    if not plain or len(plain) > _LONGEST_SMALL_TALK:
        return ""
    return next((kind for kind in _SMALL_TALK if is_only(kind, plain)), "") or _composed(plain)


def _composed(text: str) -> str:
    """The strongest kind in a text of nothing but small talk: "ok cool bye" is a goodbye."""
    said = {token.text.lower() for token in tokens_of(text)}
    kinds = {kind: words(f"small {kind}") for kind in _STRENGTH}
    is_all = said <= words("small words").union(*kinds.values())
    return next((kind for kind in _STRENGTH if is_all and said & kinds[kind]), "")


@lru_cache(maxsize=64)
def is_general(text: str) -> bool:
    """Return whether a text is about the world, and not about a store of films."""
    said = tidy(text)
    if not any(char.isalnum() for char in said) or (not said.isprintable() and not any(map(str.isalpha, said))):
        return True
    return says("general", said) and not speaks_of_films(said)


def speaks_of_films(text: str) -> bool:
    """Return whether a text has a word that is about films."""
    return any(says(kind, tidy(text)) for kind in _STORE)


def answer_without_store(text: str, *, alone: bool = False) -> str:
    """Return the answer of an agent without tools; `alone`: to a prompt, outside of any conversation."""
    if kind := small_talk_in(text):
        return say(kind)
    said = tidy(text)
    language = foreign_language(said)
    if language and not any(says(kind, said) for kind in ("has", "fact stock", "fact price")):
        return say(f"foreign {language}")
    if not alone and not is_general(said) and (title := missing_title(said)):
        return say("missing", said=title, films=()) + "\n" + say("greeting").partition("\n")[2]
    if language:
        return say(f"foreign {language}")
    return say("general", where=f" at {HANDOFF_ROUTE}" if alone else "")


def missing_title(text: str) -> str:
    """Return what seems to be a film's title in a text that speaks of films, or an empty text."""
    named_runs = (
        run for run in unknown_runs(text) if run[0].isupper() or not says("possessive", text.partition(run)[0])
    )
    runs = sorted(named_runs, key=lambda run: (not _is_title_case(run), "'s " in run, not _is_name(run, text)))
    is_own_account = all(says(name, text) for name in ("oneself", "owed words", "of rentals"))
    if not runs or len(runs) > 3 or is_own_account:
        return ""
    asked = any(says(name, text) for name in _SURE_STORE)
    is_sequel = any(char.isdigit() for char in runs[0])
    named_so = (runs[0][0].isupper() or is_sequel) and any(says(f"fact {fact}", text) for fact in ("length", "year"))
    rest = tokens_of(text.replace(runs[0], " ", 1))
    is_whole = len(tokens_of(runs[0])) <= _LONGEST_BARE and all(one.word in words("around a title") for one in rest)
    return runs[0] if asked or named_so or is_whole else ""


def _is_name(run: str, text: str) -> bool:
    """Return whether a run is written as a name, and not merely at the beginning of the text."""
    return run[0].isupper() and not text.startswith(run)


def _is_title_case(run: str) -> bool:
    return " " in run and all(token.text[0].isupper() for token in tokens_of(run) if token.word not in COMMON)


def foreign_language(text: str) -> str:
    """Return the language that a text seems to be in, unless it is English."""
    said = text.lower()
    hits = {name: len({match.lower() for match in _words(name, said)}) for name in named("foreign")}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] > 1 or any(char in said for char in "¿¡") else ""


def _words(name: str, text: str) -> list[str]:
    return cue(f"foreign {name}").findall(text)
