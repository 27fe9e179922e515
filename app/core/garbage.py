"""The garbage collector of a process that serves for a long time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@cache
def ignore_present_objects() -> None:
    """Exclude all present objects from collections: 200,000 objects of imported libraries are here to stay.

    Once in a process, also if several applications start in it: a collection of all these objects takes a second.
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
