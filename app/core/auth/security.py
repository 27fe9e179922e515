"""The password hashing and access tokens of one process.

Importing this module imports passlib, python-jose and cryptography (0.2 s): see `SecurityLoader`.
"""

from __future__ import annotations

from copy import copy
from datetime import timedelta

from app.core.auth.passwords import Guard, Passwords
from app.core.auth.secrets import new_secret
from app.core.auth.tokens import AccessTokens
from app.core.settings import Settings


class Security:
    """The password hashing and access tokens of one process."""

    def __init__(self, settings: Settings) -> None:
        self.passwords = Passwords(settings.password_rounds)
        self.tokens = AccessTokens(_keys(settings), timedelta(minutes=settings.access_token_minutes))
        self.refresh_lifetime = timedelta(days=settings.refresh_token_days)

    def guarded_by(self, guard: Guard) -> Security:
        """Return a copy for a caller who may disconnect while passwords are hashed."""
        security = copy(self)
        security.passwords = self.passwords.guarded_by(guard)
        return security


def _keys(settings: Settings) -> tuple[str, ...]:
    """Return the signing keys, the current one first. Without SECRET_KEY it is random: tokens end with the process."""
    current = settings.secret_key.get_secret_value() if settings.secret_key else new_secret()
    previous = settings.secret_key_previous
    return (current, previous.get_secret_value()) if previous else (current,)
