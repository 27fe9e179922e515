"""The sample store of `python -m app seed`: real films, invented people, two hundred days of rentals."""

from __future__ import annotations

from app.seed.store import SeedReport, seed

__all__ = ["SeedReport", "seed"]
