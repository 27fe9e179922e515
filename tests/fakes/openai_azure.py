"""Azure's additions to an answer: the results of its content filter."""

from __future__ import annotations

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_objects import Quirk, choices, is_stream, middle
from tests.fakes.openai_wire import Json

_SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
_VIOLENT = _SAFE | {"violence": {"filtered": True, "severity": "medium"}}
_NAMELESS: Json = {"id": "", "object": "", "created": 0, "model": ""}
_PROMPT = [{"prompt_index": 0, "content_filter_results": _SAFE | {"jailbreak": {"filtered": False, "detected": False}}}]


def _prompt_results(objects: list[Json]) -> None:
    if is_stream(objects):
        objects.insert(0, _NAMELESS | {"choices": [], "prompt_filter_results": _PROMPT})
    else:
        objects[0]["prompt_filter_results"] = _PROMPT


def _filter_results(objects: list[Json]) -> None:
    for choice in choices(objects):
        said = choice.get("message") or choice.get("delta") or {}
        filtered = choice.get("finish_reason") == "content_filter"
        choice["content_filter_results"] = _VIOLENT if filtered else _SAFE if said.get("content") else {}
    _prompt_results(objects)


def _async_filter(objects: list[Json]) -> None:
    if not is_stream(objects):
        _filter_results(objects)
        return
    end = max(i for i, found in enumerate(objects) if found["choices"])
    objects.insert(end, _offsets(200, last=True))
    objects.insert(middle(objects), _offsets(100, last=False))
    _prompt_results(objects)


def _offsets(end: int, *, last: bool) -> Json:
    choice = {
        "index": 0,
        "finish_reason": None,
        "logprobs": None,
        "content_filter_offsets": {"check_offset": 0, "start_offset": 0, "end_offset": end},
        "content_filter_results": _SAFE if last else {},
    }
    return _NAMELESS | {"choices": [choice]}


AZURE_QUIRKS: dict[Mode, Quirk] = {
    Mode.AZURE_FILTER_RESULTS: _filter_results,
    Mode.AZURE_ASYNC_FILTER: _async_filter,
    Mode.AZURE_CONTENT_FILTERED: _filter_results,
}
"""Applied after all others, for they add what others would stumble over."""
