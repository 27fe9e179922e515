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
    """Waits for work, or cancels it and raises."""

    def __call__(self, work: Awaitable[R], /) -> Awaitable[R]: ...


class Passwords:
    """Hashes and checks passwords, normalised, in threads of its own."""

    def __init__(self, rounds: int) -> None:
        # bcrypt by itself sees 72 bytes of a password: old hashes of it are still checked, and made anew.
        self._context = CryptContext(
            schemes=["bcrypt_sha256", "bcrypt"],
            deprecated=["bcrypt"],
            bcrypt_sha256__rounds=rounds,
        )
        # Makes the hash that it checks against, which the first one to ask would wait for.
        self._context.dummy_verify()
        self._threads = HashingThreads()
        self._guard: Guard | None = None

    def guarded_by(self, guard: Guard) -> Passwords:
        """The same, for a caller who may give up: hashing is awaited through the guard."""
        passwords = copy(self)
        passwords._guard = guard
        return passwords

    async def hash(self, password: str) -> str:
        """What to keep instead of the password; raises Unavailable when too many passwords are being checked."""
        return await self._run(self._hash, normalised(password))

    async def check(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """Whether it is the password, and a new hash where the one that was kept is of an old kind.

        Takes as long when nothing was kept: time does not tell who has an account. Raises Unavailable like `hash`.
        """
        return await self._run(self._check, password, kept)

    def close(self) -> None:
        """Begin no more hashing."""
        self._threads.close()

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        work = self._threads.run(function, *args, **kwargs)
        return await (self._guard(work) if self._guard else work)

    def _hash(self, password: str) -> str:
        return str(self._context.hash(password))

    def _check(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        wanted, *others = _forms(password)
        for form in (wanted, *others):
            if kept is None:
                self._context.dummy_verify()
                continue
            right, better = self._context.verify_and_update(form, kept)
            if right:
                return True, better if form == wanted else self._hash(wanted)
        return False, None


def _forms(password: str) -> list[str]:
    """The password as it is hashed, and, if that is another, as it was given: older hashes are of that."""
    wanted = normalised(password)
    # One letter may become eighteen: then it is no password that anybody could have chosen.
    return list(dict.fromkeys((wanted, password))) if len(wanted) <= MAX_PASSWORD_SIZE else [password]
