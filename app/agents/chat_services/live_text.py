"""Record a completion's text while it arrives, for those who read the turn's events."""

from __future__ import annotations

import re

from app.agents.transcript import Transcript

TOLD = "told"
"""Metadata key: the number of characters of a message's text that are recorded already."""

_MAY_BE_CALL = re.compile(r"\s*(?:[{<`]|[\w.-]*(?:[\[(]|\Z))")
"""The beginning of a tool call written as text, in any of the forms that `calls_in` reads."""


class LiveText:
    """Records each piece at once, but nothing of a text that may be a tool call: nobody is to read that."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._held = ""
        self._flows = False
        self.told = 0
        """The number of characters recorded."""

    def add(self, text: str) -> None:
        """Record the piece, and those held back before it."""
        if not self._flows:
            self._held += text
            if _MAY_BE_CALL.match(self._held):
                return
            text, self._held, self._flows = self._held, "", True
        self._transcript.on_token(text)
        self.told += len(text)


def live_text(transcript: Transcript | None) -> LiveText | None:
    """Return where to record text; None if nobody reads the turn's events."""
    return None if transcript is None or transcript.record.log is None else LiveText(transcript)
