"""The model's steps, and the results seen so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Result = Mapping[str, Any]
MENTIONS = "find_mentions"
PROPOSE = "propose_"


@dataclass(frozen=True)
class Call:
    """A call of one of the agent's tools."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal for equal calls."""
        return f"{self.function} {json.dumps(self.arguments, sort_keys=True, default=str)}"


@dataclass(frozen=True)
class Calls:
    """Call these tools together."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Say:
    """Answer."""

    text: str


@dataclass(frozen=True)
class Transfer:
    """Hand off to an agent, by default the one that answers without the store."""

    to: str = ""
    otherwise: str = ""
    """What to answer where that agent is not available."""


Step = Calls | Say | Transfer


@dataclass(frozen=True)
class Turn:
    """What was said earlier in the conversation."""

    by_user: bool
    text: str


@dataclass(frozen=True)
class Asked:
    """The latest question, with what was said before it and what was looked up after it."""

    text: str
    earlier: tuple[Turn, ...] = ()
    seen: tuple[tuple[Call, Result], ...] = ()
    known: tuple[tuple[Call, Result], ...] = ()
    """What the turn before found to be mentioned."""
    proposed: tuple[Call, ...] = ()
    """Proposals of the turn before."""

    @property
    def findings(self) -> Findings:
        """All look-ups by call."""
        return Findings((*self.known, *self.seen))


class Findings:
    """Results of this turn by call; what a call did not return counts as a store that cannot be asked."""

    def __init__(self, seen: Sequence[tuple[Call, Result]]) -> None:
        self._results = {call.key: result for call, result in seen}

    def missing(self, calls: Sequence[Call]) -> Calls | None:
        """Return the calls that have no result yet, or None."""
        left = {call.key: call for call in calls if call.key not in self._results}
        return Calls(tuple(left.values())) if left else None

    def of(self, call: Call) -> Result:
        """Return a call's result."""
        return self._results.get(call.key, {})

    def failed(self, calls: Sequence[Call]) -> bool:
        """Return whether one of the calls found that the store could not be asked."""
        return any("error" in self.of(call) or not self.of(call) for call in calls)
