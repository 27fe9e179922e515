"""Clean and truncate text arguments for Postgres, and serialise results as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

MAX_TEXT = 500
"""Maximum characters of text arguments and descriptions."""


def clean(text: str, length: int = MAX_TEXT) -> str:
    """Remove NUL and lone surrogates, which Postgres rejects, and truncate the text."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()[:length].strip()


def as_json(value: Mapping[str, Any]) -> str:
    """Return the value as JSON: times and dates in ISO 8601, money as numbers."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
