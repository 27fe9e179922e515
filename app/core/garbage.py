"""Garbage collector settings for a long-running server process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@cache
def ignore_present_objects() -> None:
    """Exclude all present objects from collections: the 200,000 objects of imported libraries stay.

    Runs once in a process, even if several applications start in it: a collection of all objects takes a second.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Collect less often than Python's default until the application ends."""
    before = gc.get_threshold()
    gc.set_threshold(10_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
