"""Chance that repeats itself."""

from __future__ import annotations

from random import Random


def chance_of(purpose: str) -> Random:
    """A generator for one purpose. It draws the same in every run, whatever else is drawn before it."""
    return Random(purpose)  # sample data, no secrets  # noqa: S311  # nosec B311
