"""Facts about a film that a text asks for."""

from __future__ import annotations

from functools import lru_cache

from app.agents.offline.lexicon import cue
from app.agents.offline.unexplained import named_facts

_SUPPRESSED = {
    "not recorded": {"plot", "year", "cast"},
    "features": {"cast", "overview"},
    "replacement": {"price", "stock", "year", "plot"},
    "days": {"length", "stock", "year", "rating"},
    "streaming": {"stock"},
    "overview": {"plot"},
    "rating": {"length"},
    "stock": {"year"},
}
"""Facts that are not asked for where another one is: "how long can I keep it" is not about its length."""


@lru_cache(maxsize=64)
def facts_in(text: str) -> tuple[str, ...]:
    """Return the facts that a text asks for; in its order; each cue counts for one of them."""
    found = {}
    for name in named_facts():
        if match := cue(name).search(text):
            found[name.removeprefix("fact ")] = match.start()
            text = cue(name).sub(lambda match: "." * len(match[0]), text)
    hidden = {fact for name in found for fact in _SUPPRESSED.get(name, ())}
    return tuple(sorted(found.keys() - hidden, key=found.__getitem__))
