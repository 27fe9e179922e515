"""Output: answers to stdout, everything else to stderr. Decorations are written only to terminals."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.cli.chatting.plain_text import PlainText, plain, plain_json, plain_line

_FRAMES = "|/-\\"
_TICK = 0.15
"""Seconds."""


class Screen:
    """The output of a command. Control characters are removed from texts of models and servers."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            # Characters that the locale lacks are replaced instead of ending the command.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        is_dumb = os.environ.get("TERM", "") in ("", "dumb")
        self.streams = sys.stdout.isatty()
        """Whether text is shown as it arrives instead of at the end."""
        self._is_watched = sys.stderr.isatty()
        self._can_erase = self._is_watched and not is_dumb
        self._is_dim = self._can_erase and not os.environ.get("NO_COLOR")
        self._text: PlainText | None = None
        self._is_line_open = False
        self._is_busy_shown = False

    def piece(self, text: str) -> None:
        """Write a piece of a message."""
        self._text = self._text or PlainText()
        if shown := self._text.feed(text):
            self._out(shown)
            self._is_line_open = not shown.endswith("\n")

    def end_message(self) -> None:
        """End the message that was written in pieces."""
        self._text = None
        if self._is_line_open:
            self._out("\n")
            self._is_line_open = False

    def answer(self, text: str) -> None:
        """Write a whole answer."""
        self._out(plain(text).rstrip("\n") + "\n")

    def document(self, found: object) -> None:
        """Write a JSON document: in lines for a person, in one line for a program."""
        is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        text = json.dumps(found, ensure_ascii=not is_unicode, indent=2 if sys.stdout.isatty() else None)
        self._out(f"{plain_json(text)}\n")

    def note(self, text: str) -> None:
        """Show progress to a person, dimly and in one line."""
        if self._is_watched:
            self.end_message()
            line = plain_line(text, max(shutil.get_terminal_size().columns - 1, 20))
            self._err(f"\x1b[2m{line}\x1b[0m\n" if self._is_dim else f"{line}\n")

    def say(self, text: str) -> None:
        """Write a message, also without a terminal."""
        self.end_message()
        self._err(f"{plain(text)}\n")

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Show the elapsed time while nothing is written."""
        ticking = asyncio.ensure_future(self._tick()) if self._can_erase else None
        try:
            yield
        finally:
            if ticking is not None:
                ticking.cancel()
                with suppress(asyncio.CancelledError):
                    await ticking
            self._erase()

    async def _tick(self) -> None:
        started, number = time.monotonic(), 0
        while True:
            await asyncio.sleep(_TICK)
            if not self._is_line_open:
                number += 1
                sys.stderr.write(f"\r{_FRAMES[number % len(_FRAMES)]} {time.monotonic() - started:.0f} s")
                sys.stderr.flush()
                self._is_busy_shown = True

    def _erase(self) -> None:
        if self._is_busy_shown:
            self._is_busy_shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _out(self, text: str) -> None:
        self._erase()
        sys.stdout.write(text)
        sys.stdout.flush()

    def _err(self, text: str) -> None:
        self._erase()
        sys.stderr.write(text)
        sys.stderr.flush()
