"""Passwords and tokens of one process.

Importing this module imports passlib, python-jose and cryptography, a fifth of a second: see `SecurityLoader`.
"""

from __future__ import annotations

from copy import copy
from datetime import timedelta

from app.core.auth.passwords import Guard, Passwords
from app.core.auth.secrets import new_secret
from app.core.auth.tokens import AccessTokens
from app.core.settings import Settings


class Security:
    """One process's passwords and tokens."""

    def __init__(self, settings: Settings) -> None:
        self.passwords = Passwords(settings.password_rounds)
        self.tokens = AccessTokens(_keys(settings), timedelta(minutes=settings.access_token_minutes))
        self.refresh_lifetime = timedelta(days=settings.refresh_token_days)

    def guarded_by(self, guard: Guard) -> Security:
        """The same, for a caller who may give up while passwords are hashed."""
        security = copy(self)
        security.passwords = self.passwords.guarded_by(guard)
        return security


def _keys(settings: Settings) -> tuple[str, ...]:
    """Without SECRET_KEY one that nobody else has: its tokens end with the process, and only it takes them."""
    current = settings.secret_key.get_secret_value() if settings.secret_key else new_secret()
    previous = settings.secret_key_previous
    return (current, previous.get_secret_value()) if previous else (current,)
