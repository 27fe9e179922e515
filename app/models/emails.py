"""E-mail addresses."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from app.models.fields import Matching

_UNSEEN = (
    *((0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD)),
    *((0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD)),
    *((0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Code points of Unicode's categories Cc and Cf, those that are ignored by default, and invisible fillers.

They are listed, because patterns of JSON Schema and Python have no categories, and Python versions differ in Unicode.
"""


def _spelt(code: int) -> str:
    """Write a code point in the form that all regular expression dialects share: no escape beyond four digits."""
    return f"\\u{code:04x}" if code <= 0xFFFF else chr(code)


_PART = "[^@\\s" + "".join(f"{_spelt(first)}-{_spelt(last)}" for first, last in _UNSEEN) + "]+"

Email = Annotated[
    str,
    StringConstraints(max_length=255),
    Matching(
        rf"^\s*{_PART}@{_PART}\s*$",
        "must be an e-mail address such as ada@example.org, without spaces, control or invisible characters",
    ),
    AfterValidator(str.strip),
]
"""A local part, @ and a domain, without surrounding blanks. Whether the address exists is not checked.

Invisible characters, and those that change the direction of text, would make two addresses look alike.
"""


def account_email(email: str) -> str:
    """Return the address as accounts store it: trimmed, in lower case."""
    return email.strip().lower()
