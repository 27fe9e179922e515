"""The similarity of titles."""

from __future__ import annotations

import pytest

from app.core.similarity import likeness, similarity


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    # As `SELECT similarity(left, right)` answers with pg_trgm.
    [
        ("alien", "alien", 1.0),
        ("alien", "aliens", 0.625),
        ("WALL-E", "walle", 0.444444),
        ("alein", "alien", 0.2),
        ("", "x", 0.0),
    ],
)
def test_similarity_is_pg_trgms(left: str, right: str, expected: float) -> None:
    assert similarity(left, right) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("alein", "alien"),
        ("godfater", "godfather"),
        ("jurasic prak", "jurassic park"),
        ("lord of the rigns", "lord of the rings the fellowship of the ring"),
    ],
)
def test_misspellings_are_alike(asked: str, name: str) -> None:
    assert likeness(asked, name) >= 0.75


@pytest.mark.parametrize(("asked", "name"), [("fifa world cup", "waynes world"), ("paris", "parasite run"), ("", "up")])
def test_other_titles_are_not_similar(asked: str, name: str) -> None:
    assert likeness(asked, name) < 0.75
