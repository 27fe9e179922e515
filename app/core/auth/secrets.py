"""Random secrets, their digests, and the normal form of passwords."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

API_KEY_PREFIX = "dvd_"
_RANDOM_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text. They cannot be guessed, so a fast hash protects them as well as a slow one."""
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(secret: str) -> str:
    """Return the digest that is stored in place of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def normalised(password: str) -> str:
    """Return the password in the form that is hashed: devices encode the same character in several ways.

    The form is NFKC, as NIST SP 800-63B recommends. It combines letters and accents as RFC 8265's NFC does, and also
    replaces wide letters and other blanks by plain ones, which RFC 8265 does in part.
    """
    return password if password.isascii() else unicodedata.normalize("NFKC", password)
