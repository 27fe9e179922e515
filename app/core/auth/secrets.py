"""Random secrets, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

API_KEY_PREFIX = "dvd_"
_RANDOM_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """256 random bits as text: nobody guesses it, so a fast hash of it is as good as a slow one."""
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(secret: str) -> str:
    """What to keep instead of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def normalised(password: str) -> str:
    """The password in the form that is hashed: keyboards and systems write one letter in several ways.

    NFKC, as NIST SP 800-63B recommends: it joins letters and their accents as RFC 8265's NFC does, and also makes
    wide letters and blanks of other kinds plain ones, which RFC 8265 does in part.
    """
    return password if password.isascii() else unicodedata.normalize("NFKC", password)
