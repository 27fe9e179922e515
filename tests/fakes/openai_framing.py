"""Quirks of server-sent events: comments, line ends, fields, no end."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_wire import event

_PING = b": ping\n\n"


def framed(datas: list[str], modes: Collection[Mode]) -> list[bytes]:
    """The events of a stream, [DONE] included unless a mode leaves it out. Of several framings, the first counts."""
    ended = datas if Mode.NO_DONE in modes else [*datas, "[DONE]"]
    frame = next((frame for mode, frame in FRAMES.items() if mode in modes), event)
    return [frame(data) for data in ended]


FRAMES: dict[Mode, Callable[[str], bytes]] = {
    Mode.SSE_COMMENTS: lambda data: _PING + event(data),
    Mode.SSE_CRLF: lambda data: f"data: {data}\r\n\r\n".encode(),
    Mode.SSE_NO_SPACE: lambda data: f"data:{data}\n\n".encode(),
    Mode.SSE_EVENT_LINES: lambda data: f"event: message\nid: 7\ndata: {data}\n\n".encode(),
}
