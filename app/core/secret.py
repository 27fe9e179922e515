"""Random secrets, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets

API_KEY_PREFIX = "dvd_"
_RANDOM_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """256 random bits as text: nobody guesses it, so a fast hash of it is as good as a slow one."""
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(secret: str) -> str:
    """What to keep instead of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
