"""Nothing that a model writes controls the terminal."""

from __future__ import annotations

import json

import pytest

from app.cli.chatting.plain_text import PlainText, plain, plain_json, plain_line


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Alien rents for $2.99.\n\tNow.", "Alien rents for $2.99.\n\tNow."),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07", "]0;title"),
        ("\x9b2J\x00\x7f", "2J"),
        ("right\rwrong\b\b", "rightwrong"),
        ("$\u202e99.2\u202c \u2066x\u2069", "$99.2 x"),
        ("映画 Amélie 🎬 👩‍💻", "映画 Amélie 🎬 👩‍💻"),
        ("half \ud83d and \udc00", "half  and "),
    ],
)
def test_control_characters_are_removed(written: str, shown: str) -> None:
    assert plain(written) == shown


def test_text_in_pieces_is_the_same_text() -> None:
    text = "🎬".encode("utf-16-be", "surrogatepass")
    halves = [text[:2].decode("utf-16-be", "surrogatepass"), text[2:].decode("utf-16-be", "surrogatepass")]
    plain_text = PlainText()
    assert [plain_text.feed(piece) for piece in ("a\x1b", halves[0], halves[1], "[2J")] == ["a", "", "🎬", "[2J"]


def test_a_line_is_one_line_of_this_width() -> None:
    assert plain_line("  two\nlines\x1b[A ", 80) == "two lines[A"
    assert plain_line("x" * 100, 10) == "x" * 9 + "…"


def test_json_stays_the_same_document() -> None:
    found = {"answer": "\x1b[31m\x9b\u202e\ud83d 映画", "lines": "a\nb"}
    text = plain_json(json.dumps(found, ensure_ascii=False, indent=2))
    assert not set(text) & set("\x1b\x9b\u202e\ud83d")
    assert json.loads(text) == found
    assert "映画" in text
