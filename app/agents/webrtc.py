"""Semantic Kernel's OpenAI package imports a WebRTC stack for voice, which this service has no use for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_STACK = ("aiortc", "av", "av.audio", "av.audio.frame")


class _Absent(ModuleType):
    """Stands for a module whose names are only ever used in annotations."""

    __path__: list[str] = []  # noqa: RUF012  what makes a module a package

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@contextmanager
def without_webrtc() -> Iterator[None]:
    """Within this block importing aiortc and av costs nothing: really, they are 30 MB of memory and half a second.

    The stand-ins are gone afterwards, so whoever wants the real ones gets them.
    """
    absent = [name for name in _STACK if name not in sys.modules]
    sys.modules.update({name: _Absent(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
