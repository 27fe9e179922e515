"""What is sent for one request, decided before the first byte: a status, some parts, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from tests.fakes.openai_brain import think_as
from tests.fakes.openai_errors import Error, error_of, openai_error, retry_after
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_refusals import RefusalForm, default_form, refusal_of
from tests.fakes.openai_wire import (
    Json,
    Reply,
    body_template,
    event,
    event_templates,
    no_choices_body,
    no_choices_events,
    stamped,
)

_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


class End(Enum):
    """How a response ends."""

    COMPLETE = auto()
    HANG = auto()
    DROP = auto()


@dataclass(frozen=True)
class Plan:
    """A response to be played. `length`, when known, is announced as Content-Length.

    With a `pace`, in seconds, the parts are produced one by one while they are sent, with a pause after each.
    """

    parts: Iterable[bytes]
    content_type: str = _JSON
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    end: End = End.COMPLETE
    pace: float | None = None


@dataclass(frozen=True)
class Ask:
    """One request, as far as the answer depends on it. `key` is the credential that came with it."""

    body: Json
    size: int
    model: str
    completion_id: str
    key: str
    retry_after: str | None
    refusal_form: RefusalForm | None = field(default=None)

    @property
    def streamed(self) -> bool:
        """Whether the client asked for server-sent events."""
        return bool(self.body.get("stream"))

    @property
    def usage(self) -> bool:
        """Whether the client asked for a last chunk with the usage."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def prompt_tokens(self) -> int:
        """About as many as the request's size suggests."""
        return 1 + self.size // 4


def plan_for(mode: Mode, ask: Ask, reply: Reply | None = None) -> Plan:
    """The response to a request in a mode; a given reply takes the place of the model's."""
    if mode is Mode.HANG:
        return Plan((), end=End.HANG)
    refused = _failure(mode, ask)
    if refused is not None:
        return refused
    if mode in _RUBBISH:
        return _rubbish(mode, ask)
    if mode is Mode.NO_CHOICES:
        return _no_choices(ask)
    return _broken_off(mode, ask, _completion(ask, reply or think_as(mode, ask.body)))


def error_plan(error: Error, *headers: tuple[str, str]) -> Plan:
    """An error as the whole answer."""
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
    said = _completion(ask, think_as(mode, ask.body))
    before = _half(tuple(said.parts)) if mode is Mode.ERROR_IN_THE_MIDDLE else ()
    return replace(said, parts=(*before, event(json.dumps(error.body))))


def _rubbish(mode: Mode, ask: Ask) -> Plan:
    plain, streamed = _RUBBISH[mode]
    body = streamed if ask.streamed else plain
    content_type = "text/html; charset=utf-8" if mode is Mode.HTML else _EVENTS if ask.streamed else _JSON
    return Plan((body,), content_type, length=len(body))


def _no_choices(ask: Ask) -> Plan:
    if ask.streamed:
        return _events(ask, no_choices_events(ask.model, ask.prompt_tokens))
    return _body(ask, no_choices_body(ask.model, ask.prompt_tokens))


def _completion(ask: Ask, reply: Reply) -> Plan:
    if not ask.streamed:
        return _body(ask, body_template(reply, ask.model, ask.prompt_tokens))
    return _events(ask, event_templates(reply, ask.model, ask.prompt_tokens, usage=ask.usage))


def _broken_off(mode: Mode, ask: Ask, plan: Plan) -> Plan:
    parts = tuple(plan.parts)
    if mode is Mode.HANG_AFTER_FIRST_CHUNK:
        # The first event only names the role: the second is the first that a client can show.
        return replace(plan, parts=parts[:2] if ask.streamed else _half(parts), end=End.HANG)
    if mode is Mode.DROPPED or (mode is Mode.CUT_OFF and not ask.streamed):
        return replace(plan, parts=_half(parts), end=End.DROP)
    if mode is Mode.CUT_OFF:
        return replace(plan, parts=_half(parts))
    return plan


def _events(ask: Ask, templates: Sequence[bytes]) -> Plan:
    return Plan([stamped(template, ask.completion_id) for template in templates], _EVENTS)


def _body(ask: Ask, template: bytes) -> Plan:
    body = stamped(template, ask.completion_id)
    middle = len(body) // 2
    return Plan((body[:middle], body[middle:]), length=len(body))


def _half(parts: Sequence[bytes]) -> Sequence[bytes]:
    return parts[: max(1, len(parts) // 2)]
