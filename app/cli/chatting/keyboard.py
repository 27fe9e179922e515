"""Input: questions and decisions from a terminal or a pipe, and Ctrl-C."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Keyboard:
    """One command's input."""

    def __init__(self) -> None:
        # Invalid bytes are replaced instead of ending the command.
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
        self.is_person = sys.stdin.isatty() and sys.stderr.isatty()
        if self.is_person:
            with suppress(ImportError):  # where it is missing, a line cannot be edited
                importlib.import_module("readline")

    def question(self) -> str | None:
        """Return the next line that is not blank; None at the end. Ctrl-C raises KeyboardInterrupt."""
        while (line := self._line("> ")) is not None:
            if line.strip():
                return line.strip()
        return None

    def confirms(self, question: str) -> bool | None:
        """Return a person's decision: only y and yes confirm. None without a terminal or an answer."""
        if not self.is_person:
            return None
        _forget_typed_ahead()
        try:
            line = self._line(f"{question} [y/N] ")
        except KeyboardInterrupt:
            line = None
        if line is None:
            sys.stderr.write("\n")
            return None
        return line.strip().lower() in ("y", "yes")

    def all(self) -> str:
        """Return the rest of the input."""
        return sys.stdin.read()

    def _line(self, prompt: str) -> str | None:
        """Return a line. This blocks the event loop, while no turn is running."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if self.is_person and sys.stdout.isatty():
                return input(prompt)
            if self.is_person:
                sys.stderr.write(prompt)
                sys.stderr.flush()
            return sys.stdin.readline() or None
        except EOFError:
            return None
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def on_interrupt(action: Callable[[], Any]) -> Iterator[None]:
    """Call `action` in the event loop at each Ctrl-C, instead of ending the process."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, action)
    except NotImplementedError:  # Windows
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(action))
    try:
        yield
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


def _forget_typed_ahead() -> None:
    """Discard text that was typed before the question was shown: it cannot be an answer to it."""
    with suppress(ImportError, OSError):
        termios: Any = importlib.import_module("termios")
        with suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
