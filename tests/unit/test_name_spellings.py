"""Words of names and of texts that mention them."""

from __future__ import annotations

from app.core.name_spellings import tokens_of


def test_only_the_beginning_of_a_very_long_word_is_read() -> None:
    (token,) = tokens_of("a" * 4000)
    assert (token.start, token.end, token.word) == (0, 4000, "a" * 64)
