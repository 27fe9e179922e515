"""Password hashes. Importing this module imports passlib: see `SecurityLoader`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from typing import ParamSpec, Protocol, TypeVar

from passlib.context import CryptContext
from passlib.utils import MAX_PASSWORD_SIZE

from app.core.auth.hashing import HashingThreads
from app.core.auth.secrets import normalised

P = ParamSpec("P")
R = TypeVar("R")


class Guard(Protocol):
    """Awaits work, or cancels it and raises."""

    def __call__(self, work: Awaitable[R], /) -> Awaitable[R]: ...


class Passwords:
    """Hashes and verifies normalised passwords in separate threads."""

    def __init__(self, rounds: int) -> None:
        # Plain bcrypt ignores all after 72 bytes: its old hashes are still verified, and then replaced.
        self._context = CryptContext(
            schemes=["bcrypt_sha256", "bcrypt"],
            deprecated=["bcrypt"],
            bcrypt_sha256__rounds=rounds,
        )
        # Creates the dummy hash now: otherwise the first caller would wait for it.
        self._context.dummy_verify()
        self._threads = HashingThreads()
        self._guard: Guard | None = None

    def guarded_by(self, guard: Guard) -> Passwords:
        """Return a copy that awaits hashing through the guard, for a caller who may disconnect."""
        passwords = copy(self)
        passwords._guard = guard
        return passwords

    async def hash(self, password: str) -> str:
        """Return the hash of a password, or raise Unavailable if too many passwords are being checked."""
        return await self._run(self._hash, normalised(password))

    async def check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Return whether the password matches the stored hash, and a new hash if the stored one is of an old scheme.

        Takes the same time without a stored hash, so that timing does not reveal which accounts exist. Raises
        Unavailable like `hash`.
        """
        return await self._run(self._check, password, stored)

    def close(self) -> None:
        """Start no more hashing."""
        self._threads.close()

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        work = self._threads.run(function, *args, **kwargs)
        return await (self._guard(work) if self._guard else work)

    def _hash(self, password: str) -> str:
        return str(self._context.hash(password))

    def _check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        current, *older = _forms(password)
        for form in (current, *older):
            if stored is None:
                self._context.dummy_verify()
                continue
            matches, new_hash = self._context.verify_and_update(form, stored)
            if matches:
                return True, new_hash if form == current else self._hash(current)
        return False, None


def _forms(password: str) -> list[str]:
    """Return the normalised password and, if it differs, the password as given, which older hashes are made of."""
    current = normalised(password)
    # Normalisation can turn one character into eighteen. A password too long after it was never accepted.
    return list(dict.fromkeys((current, password))) if len(current) <= MAX_PASSWORD_SIZE else [password]
