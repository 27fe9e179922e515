"""Server-Sent Events are read alike wherever the network cuts them."""

from __future__ import annotations

import pytest

from app.cli.chatting.sse import EventReader, EventTooLarge

STREAM = (
    "\ufeff: a comment\r\n"
    "id: 1:1\r\nevent: told\r\ndata: first\r\n\r\n"
    ": keep-alive\n\n"
    "data:no blank\ndata:  two blanks\ndata\nid:1:2\n\n"
    "id: 1:3\n\n"  # without data: no event, but what follows has its id
    "retry: 3\rdata: Größe 🎬\r\r"
    "unknown: field\nid: nul\0\ndata: last\n\n"
    "data: unfinished\n"
).encode()
EVENTS = [
    ("1:1", "first"),
    ("1:2", "no blank\n two blanks\n"),
    ("1:3", "Größe 🎬"),
    ("1:3", "last"),
]


@pytest.mark.parametrize("size", [len(STREAM), 1, 2, 3, 7])
def test_events_are_read_from_pieces_of_any_size(size: int) -> None:
    reader = EventReader()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in reader.feed(piece)] == EVENTS


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_can_be_cut_at_each_position(line_end: bytes) -> None:
    stream = STREAM.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", line_end)
    for cut in range(len(stream) + 1):
        reader = EventReader()
        assert [*reader.feed(stream[:cut]), *reader.feed(stream[cut:])] == EVENTS, cut


@pytest.mark.parametrize("piece", [b"x" * 1000, b"data: xxxx\n" * 90])
def test_an_event_without_end_is_refused(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventReader, "MAX_SIZE", 10_000)
    reader = EventReader()
    for _ in range(10_000 // len(piece)):
        assert reader.feed(piece) == []
    with pytest.raises(EventTooLarge):
        reader.feed(piece)
