"""What responses share."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

MAX_ID = 2_147_483_647
"""Ids are Postgres integers."""


def without_nul(text: str) -> str:
    """Postgres cannot store NUL characters, so no text of ours has one; raises ValueError."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(without_nul)
]
"""1 to 255 characters after trimming."""


Money = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "multipleOf": 0.01, "examples": [2.99]}),
]
"""Dollars: a JSON number with two decimals, exact inside."""

UtcTime = Annotated[datetime, AfterValidator(lambda value: value.astimezone(timezone.utc))]
"""RFC 3339 in UTC."""

TextList = Annotated[list[str], BeforeValidator(lambda value: value or [])]
"""An aggregate over no rows is NULL in SQL and an empty list here."""
