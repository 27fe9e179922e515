"""The response to a request: an error, a completion with its quirks, or something broken."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.fakes.openai_azure import AZURE_QUIRKS
from tests.fakes.openai_brain import think_as
from tests.fakes.openai_call_quirks import CALL_QUIRKS
from tests.fakes.openai_calls import CALL_SAYINGS
from tests.fakes.openai_errors import Error, error_of, openai_error, retry_after
from tests.fakes.openai_framing import FRAMES, framed
from tests.fakes.openai_hostile import HOSTILE_PLANS, HOSTILE_SAYINGS
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_objects import Quirk
from tests.fakes.openai_plan import EVENTS, JSON, Ask, End, Plan
from tests.fakes.openai_quirks import ANSWER_QUIRKS
from tests.fakes.openai_refusals import default_form, refusal_of
from tests.fakes.openai_texts import TEXT_SAYINGS, Saying
from tests.fakes.openai_wire import (
    Reply,
    body_object,
    body_template,
    chunk_objects,
    event,
    event_templates,
    no_choices_body,
    no_choices_events,
    stamped,
)

T = TypeVar("T")

SAYINGS: dict[Mode, Saying] = {**HOSTILE_SAYINGS, **CALL_SAYINGS, **TEXT_SAYINGS}
"""Modes that change the model's text."""

WIRE_QUIRKS: dict[Mode, Quirk] = {**CALL_QUIRKS, **ANSWER_QUIRKS, **AZURE_QUIRKS}
"""Modes that change the server's format."""

QUIRKS = frozenset((*SAYINGS, *WIRE_QUIRKS, *FRAMES, Mode.NO_DONE))
"""The modes that only change what is said and how it is sent: they can be combined with any other."""


def plan_for(modes: Sequence[Mode], ask: Ask, reply: Reply | None = None) -> Plan:
    """The response to a request in a mode and with quirks; a given reply takes the place of the model's."""
    mode = modes[0]
    if mode is Mode.HANG:
        return Plan((), end=End.HANG)
    refused = _failure(mode, ask)
    if refused is not None:
        return refused
    if mode in _RUBBISH:
        return _rubbish(mode, ask)
    if mode in HOSTILE_PLANS:
        return HOSTILE_PLANS[mode](ask)
    if mode is Mode.NO_CHOICES:
        return _no_choices(ask)
    return _broken_off(mode, ask, _completion(ask, modes, reply or think_as(mode, ask.body)))


def error_plan(error: Error, *headers: tuple[str, str]) -> Plan:
    """An error as the whole answer."""
    if isinstance(error.body, str):
        return Plan((error.body.encode(),), "text/html", error.status)
    body = json.dumps(error.body).encode()
    return Plan((body,), status=error.status, headers=headers, length=len(body))


def unauthorized(key: str) -> Plan:
    """OpenAI's 401, which quotes the key: whoever shows it to a user or logs it leaks a secret."""
    message = f"Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com."
    return error_plan(openai_error(401, message, "invalid_request_error", "invalid_api_key"))


_RUBBISH: dict[Mode, tuple[bytes, bytes]] = {
    Mode.MALFORMED: (b"this is not JSON", b"this is not an event\n\n"),
    Mode.MALFORMED_JSON: (b'{"id": "chatcmpl-1", "choices": [{"ind', b'data: {"id": "chatcmpl-1", "cho\n\n'),
    Mode.HTML: (
        b"<!doctype html><title>Please sign in</title>",
        b"<!doctype html><title>Please sign in</title>",
    ),
}


def _failure(mode: Mode, ask: Ask) -> Plan | None:
    if mode is Mode.UNAUTHORIZED:
        return unauthorized(ask.key)
    refusal = refusal_of(mode, ask.body)
    if refusal is not None:
        return error_plan(Error(*refusal.answer(ask.refusal_form or default_form(mode), ask.body)))
    error = error_of(mode, ask.model)
    if error is None:
        return None
    if ask.streamed and error.status == 200:
        return _error_in_stream(mode, ask, error)
    wait = retry_after(mode, ask.retry_after)
    return error_plan(error, *([("retry-after", wait)] if wait is not None else []))


def _error_in_stream(mode: Mode, ask: Ask, error: Error) -> Plan:
    said = _completion(ask, (), think_as(mode, ask.body))
    before = _half(tuple(said.parts)) if mode is Mode.ERROR_IN_THE_MIDDLE else ()
    return replace(said, parts=(*before, event(json.dumps(error.body))))


def _rubbish(mode: Mode, ask: Ask) -> Plan:
    plain, streamed = _RUBBISH[mode]
    body = streamed if ask.streamed else plain
    content_type = "text/html; charset=utf-8" if mode is Mode.HTML else EVENTS if ask.streamed else JSON
    return Plan((body,), content_type, length=len(body))


def _no_choices(ask: Ask) -> Plan:
    if ask.streamed:
        return _events(ask, no_choices_events(ask.model, ask.prompt_tokens))
    return _body(ask, no_choices_body(ask.model, ask.prompt_tokens))


def _completion(ask: Ask, modes: Collection[Mode], reply: Reply) -> Plan:
    if not QUIRKS.isdisjoint(modes):
        return _quirky(ask, modes, reply)
    if not ask.streamed:
        return _body(ask, body_template(reply, ask.model, ask.prompt_tokens))
    return _events(ask, event_templates(reply, ask.model, ask.prompt_tokens, usage=ask.usage))


def _quirky(ask: Ask, modes: Collection[Mode], reply: Reply) -> Plan:
    for saying in _of(modes, SAYINGS):
        reply = saying(ask.body, reply)
    objects = (
        chunk_objects(reply, ask.model, ask.prompt_tokens, usage=ask.usage)
        if ask.streamed
        else [body_object(reply, ask.model, ask.prompt_tokens)]
    )
    for quirk in _of(modes, WIRE_QUIRKS):
        quirk(objects)
    datas = [json.dumps(found) for found in objects]
    return _events(ask, framed(datas, modes)) if ask.streamed else _body(ask, datas[0].encode())


def _of(modes: Collection[Mode], table: Mapping[Mode, T]) -> Iterator[T]:
    """What the table has for these modes, in the table's order."""
    return (found for mode, found in table.items() if mode in modes)


def _broken_off(mode: Mode, ask: Ask, plan: Plan) -> Plan:
    parts = tuple(plan.parts)
    if mode is Mode.HANG_AFTER_FIRST_CHUNK:
        # The first event only names the role: the second is the first that a client can show.
        return replace(plan, parts=parts[:2] if ask.streamed else _half(parts), end=End.HANG)
    if mode is Mode.DROPPED or (mode is Mode.CUT_OFF and not ask.streamed):
        return replace(plan, parts=_half(parts), end=End.DROP)
    if mode is Mode.CUT_OFF:
        return replace(plan, parts=_half(parts))
    if mode is Mode.OPEN_AFTER_DONE and ask.streamed:
        return replace(plan, end=End.HANG)
    return plan


def _events(ask: Ask, templates: Sequence[bytes]) -> Plan:
    return Plan([stamped(template, ask.completion_id) for template in templates], EVENTS)


def _body(ask: Ask, template: bytes) -> Plan:
    body = stamped(template, ask.completion_id)
    middle = len(body) // 2
    return Plan((body[:middle], body[middle:]), length=len(body))


def _half(parts: Sequence[bytes]) -> Sequence[bytes]:
    return parts[: max(1, len(parts) // 2)]
