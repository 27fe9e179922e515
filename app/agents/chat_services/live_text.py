"""Record the text of a completion as token events while it arrives."""

from __future__ import annotations

import re

from app.agents.transcript import Transcript

TOLD = "told"
"""Metadata key of a message: the number of characters that are recorded already."""

_MAY_BE_CALL = re.compile(r"\s*(?:[{<`]|[\w.-]*(?:[\[(]|\Z))")
"""Matches text that may be the beginning of a tool call, in any of the forms that `calls_in` reads."""


class LiveText:
    """Records each piece at once, but holds back text that may be a tool call."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._held = ""
        self._flows = False
        self.told = 0
        """The number of characters recorded."""

    def add(self, text: str) -> None:
        """Record the piece together with the text held back before it, unless it may still be a tool call."""
        if not self._flows:
            self._held += text
            if _MAY_BE_CALL.match(self._held):
                return
            text, self._held, self._flows = self._held, "", True
        self._transcript.on_token(text)
        self.told += len(text)


def live_text(transcript: Transcript | None) -> LiveText | None:
    """Return a recorder, or None if the turn's events are not read."""
    return None if transcript is None or transcript.record.log is None else LiveText(transcript)
