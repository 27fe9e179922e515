"""A question taken apart into clauses, and each clause freed of greetings and of "could you tell me"."""

from __future__ import annotations

import re

from app.agents.offline.grammar import pattern, patterns

_OPENINGS = patterns("opening")
_MOST_OPENINGS = 3
_CLOSING = pattern("closing")
_WHETHER = pattern("whether")
_AND_IT = pattern("and it")
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\b[DM]r)(?<!\bMrs)(?<!\bMs)(?<!\bSt)(?<!\bvs)(?<!\bNo)([.?!;]+)[\"']? +(?=[A-Za-z\"'])"
)


def clauses(text: str) -> list[str]:
    """Sentences, and what follows "and" if it asks on about the same film: "... and who is in it"."""
    sentences = _SENTENCE_END.sub(r"\1\n", text).split("\n")
    found = (clause for sentence in sentences for clause in _AND_IT.split(sentence))
    return [clause for clause in found if clause.strip(" ,.?!")]


def bare_clause(clause: str) -> str:
    """The clause without politeness around it."""
    text = clause.strip()
    for _ in range(_MOST_OPENINGS):
        opening = next((match for form in _OPENINGS if (match := form.match(text))), None)
        if opening is None or opening.end() == len(text):
            break
        text = text[opening.end() :]
    while (closing := _CLOSING.search(text)) and closing.start() > 0:
        text = text[: closing.start()]
    return text.strip()


def as_question(text: str) -> str:
    """ "whether Alien is in stock" as "is Alien in stock"."""
    match = _WHETHER.fullmatch(text)
    if match is None:
        return text
    if match["subject"]:
        return f"{match['be']} {match['subject']} {match['rest']}"
    if match["verb"].lower() in ("can", "is", "are"):
        return f"{match['verb']} {match['you']} {match['rest']}"
    return f"do {match['you']} {match['verb']} {match['rest']}"
