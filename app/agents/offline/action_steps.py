"""Rentals, returns and streaming plans that a person asks for: proposed, for that person to confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.context import understand
from app.agents.offline.desk import customer_in
from app.agents.offline.desk_steps import FIND_CUSTOMER, the_customer
from app.agents.offline.intents import act_slots
from app.agents.offline.lexicon import cue, is_only, named, says
from app.agents.offline.phrasing import say
from app.agents.offline.steps import PROPOSE, Asked, Call, Findings, Say, Step
from app.agents.offline.unexplained import tidy
from app.core.name_spellings import COMMON

_DONE = "Done: "
"""What the line of an approved action begins with, in the history."""
_NO_PLAN = COMMON | {"streaming", "plan", "subscription", "membership", "new"}


def is_action(text: str) -> bool:
    """Return whether a text asks for a change even if it names no film: "rent it", "end my plan"."""
    said = tidy(text)
    verbs = (cue(f"act {kind}").search(said) for kind in named("act"))
    acts = any(verb and cue("acted on").match(said[verb.end() :]) for verb in verbs)
    return acts or any(says(f"plan {kind}", said) for kind in named("plan"))


def action_step(asked: Asked, offered: frozenset[str]) -> Step | None:
    """Return the next step of an agent that may have tools to propose changes; None where none is asked for."""
    findings = asked.findings
    if asked.proposed and (kind := next((one for one in ("approve", "decline") if is_only(one, asked.text)), None)):
        return _decision(kind, asked, findings)
    wanted = _wanted(asked, findings)
    if not isinstance(wanted, list):
        return wanted
    if not wanted or not any(name.startswith(PROPOSE) for name in offered):
        return Say(say("cannot act here" if wanted else "cannot reserve"))
    chosen: Mapping[str, Any] = {}
    if FIND_CUSTOMER in offered:
        customer = the_customer(customer_in(tidy(asked.text))[0], findings)
        if not isinstance(customer, Mapping):
            return customer
        chosen = {"customer_id": customer["customer_id"]}
    return _proposed([Call(name, {**chosen, **arguments}) for name, arguments in wanted], "proposed", findings)


def _wanted(asked: Asked, findings: Findings) -> list[tuple[str, dict[str, Any]]] | Step | None:
    """The tools to propose with, and what to give them."""
    text = tidy(asked.text)
    if says("plan end", text):
        return [("propose_end_plan", {})]
    if says("plan start", text):
        names = (name for match in cue("name of plan").finditer(text) for name in match.groups() if name)
        name = next((name for name in names if name.lower() not in _NO_PLAN), "")
        return [("propose_start_plan", {"plan_name": name})] if name else Say(say("which plan"))
    if not any(says(f"act {kind}", text) for kind in named("act")):
        return None
    read = understand(Asked(asked.text, seen=asked.seen), findings)
    slots = act_slots(*read) if isinstance(read, tuple) else None
    if isinstance(read, tuple) and not (slots and slots["films"]):  # what was said earlier may tell
        read = understand(asked, findings)
        slots = act_slots(*read) if isinstance(read, tuple) else None
    if not isinstance(read, tuple):
        return read
    if slots is None:
        return None
    if slots["kind"] == "rent" and not slots["films"]:
        near = next((films for run, films in read[0].unknown if run == slots["title"]), ())
        return Say(say("missing", said=slots["title"], films=near) if slots["title"] else say("which film"))
    if slots["kind"] == "other":
        return []
    titles = [film["title"] for film in slots["films"]] or [slots["title"]]
    return [(f"{PROPOSE}{slots['kind']}", {"title": title}) for title in titles]


def _decision(kind: str, asked: Asked, findings: Findings) -> Step:
    """ "Yes" approves nothing; as every question withdraws what was proposed before, it is proposed again."""
    done = [line for line in asked.earlier[-1].text.splitlines() if line.startswith(_DONE)] if asked.earlier else []
    if done:
        return Say(say("done", lines=done))
    return Say(say("declined")) if kind == "decline" else _proposed(asked.proposed, "approve", findings)


def _proposed(calls: Sequence[Call], answer: str, findings: Findings) -> Step:
    """Propose, and tell what waits for a confirmation and what is not possible."""
    if step := findings.missing(calls):
        return step
    results = [findings.of(call) for call in calls]
    waiting = [result["proposed"] for result in results if "proposed" in result]
    refused = [str(result["error"]) for result in results if "error" in result]
    return Say(" ".join(([say(answer, proposals=waiting)] if waiting else []) + refused) or say("silent"))
