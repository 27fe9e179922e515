"""What an earlier part of the conversation adds to a question: the films that "it" and "the other one" mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.agents.offline.lexicon import says
from app.agents.offline.phrasing import say
from app.agents.offline.steps import MENTIONS, Asked, Call, Findings, Say, Step, Turn
from app.agents.offline.unexplained import tidy
from app.agents.offline.utterance import Film, Utterance, read_utterance
from app.core.name_spellings import tokens_of

_FEW_WORDS = 6
_LONGEST = 900
"""Characters of what was said earlier that films are looked for in."""
_REFERENCES = ("it", "them", "first", "second", "third", "other", "same facts", "more like that")


@dataclass(frozen=True)
class Context:
    """The question before, and films in the order in which they were spoken of; nothing without a conversation."""

    asked: Utterance | None = None
    answered: tuple[Film, ...] = ()
    earlier: tuple[Film, ...] = ()

    @property
    def recent(self) -> Film | None:
        """The film meant by "it"."""
        named = [film for mention in self.asked.films for film in mention.films[:1]] if self.asked else []
        offered = [film for film in self.answered if film["title"] not in {other["title"] for other in named}]
        if named and len(offered) == 1:
            return offered[0]
        return next(iter((*named[:1], *self.answered[:1], *self.earlier[-1:])), None)

    @property
    def listed(self) -> tuple[Film, ...]:
        """The films that can be told apart by "the second one"."""
        named = tuple(film for mention in self.asked.films for film in mention.films) if self.asked else ()
        offered = tuple(film for film in self.answered if film["title"] not in {other["title"] for other in named})
        return next((films for films in (offered, self.answered, named) if len(films) > 1), self.all)

    @property
    def all(self) -> tuple[Film, ...]:
        """Every film once."""
        named = tuple(film for mention in self.asked.films for film in mention.films) if self.asked else ()
        return tuple({film["film_id"]: film for film in (*self.earlier, *named, *self.answered)}.values())


def mentions_of(text: str) -> Call:
    """Return the look-up of what a text mentions."""
    return Call(MENTIONS, {"text": text})


def understand(asked: Asked, findings: Findings) -> tuple[Utterance, Context] | Step:
    """Read the question and what it goes on from; a step while that is to be looked up."""
    look = [mentions_of(asked.text), *context_calls(asked.text, asked.earlier)]
    if step := findings.missing(look):
        return step
    if findings.failed(look):
        return Say(say("silent"))
    said = read_utterance(asked.text, findings.of(look[0]))
    return said, read_context(asked.text, asked.earlier, findings)


def context_calls(text: str, earlier: Sequence[Turn]) -> tuple[Call, ...]:
    """Return what to look up of the earlier turns: nothing when the question stands for itself."""
    said = tidy(text)
    if not earlier or not (len(tokens_of(said)) <= _FEW_WORDS or any(says(name, said) for name in _REFERENCES)):
        return ()
    return tuple(mentions_of(part) for part in dict.fromkeys(_parts(earlier)) if part)


def _parts(earlier: Sequence[Turn]) -> tuple[str, str, str]:
    """The question before, its answer, and all that was said before those."""
    last = next((i for i in range(len(earlier) - 1, -1, -1) if earlier[i].by_user), 0)
    answers = [turn.text for turn in earlier[last:] if not turn.by_user]
    before = "\n".join(turn.text for turn in earlier[:last])
    question = earlier[last].text if earlier[last].by_user else ""
    return question[-_LONGEST:], "\n".join(answers)[:_LONGEST], before[-_LONGEST:]


def read_context(text: str, earlier: Sequence[Turn], findings: Findings) -> Context:
    """Read look-ups for the earlier turns."""
    if not context_calls(text, earlier):
        return Context()
    question, answer, before = ((part, findings.of(mentions_of(part)) if part else {}) for part in _parts(earlier))
    return Context(read_utterance(*question), _films(*answer), _films(*before))


def _films(_: str, found: Mapping[str, Any]) -> tuple[Film, ...]:
    named = [one for one in found.get("films") or () if not one["common"] and one["match"] == "exact"]
    return tuple(one["films"][0] for one in named if one["films"])
