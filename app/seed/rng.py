"""Random generators that produce the same sample data in every run."""

from __future__ import annotations

from random import Random


def rng_for(purpose: str) -> Random:
    """Return a generator seeded with its purpose. Draws from other generators do not change its numbers."""
    return Random(purpose)  # sample data, no secrets  # noqa: S311  # nosec B311
