"""Passwords and access tokens.

Importing this module imports passlib, python-jose and cryptography, a fifth of a second: see `SecurityLoader`.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, ParamSpec, Protocol, TypeVar

from jose import ExpiredSignatureError, JWTError, jwt
from passlib.context import CryptContext
from passlib.utils import MAX_PASSWORD_SIZE

from app.core.errors import InvalidToken
from app.core.hashing import HashingThreads
from app.core.identity import Caller, Role
from app.core.secret import new_secret, normalised
from app.core.settings import Settings

_ALGORITHM = "HS256"
_ISSUER = _AUDIENCE = "interview-api"
_REQUIRED = ("aud", "exp", "iat", "iss", "jti", "sub")
P = ParamSpec("P")
R = TypeVar("R")
_OPTIONS = {f"require_{claim}": True for claim in _REQUIRED}


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


@dataclass(frozen=True)
class AccessTokens:
    """JWTs that carry their caller, so that checking one needs no database.

    The other side of that: what an account may do, and whether it still may, is as it was when the token was made,
    `lifetime` ago at most.
    """

    keys: tuple[str, ...]
    """The first signs; all verify, so that a key can be replaced while tokens it signed are about."""
    lifetime: timedelta

    def issue(self, caller: Caller) -> str:
        """A token for a person."""
        now = datetime.now(timezone.utc)
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": str(caller.account_id),
            "iat": now,
            "exp": now + self.lifetime,
            "jti": uuid.uuid4().hex,
            "role": caller.role.value if caller.role else None,
            "customer_id": caller.customer_id,
            "staff_id": caller.staff_id,
            "token_version": caller.token_version,
        }
        return str(jwt.encode(claims, self.keys[0], algorithm=_ALGORITHM))

    def read(self, token: str) -> Caller:
        """Who it was issued to; raises InvalidToken, for whatever reason."""
        claims = self._verified(token)
        try:
            return Caller(
                role=Role(claims["role"]),
                account_id=int(claims["sub"]),
                customer_id=_number(claims.get("customer_id")),
                staff_id=_number(claims.get("staff_id")),
                # Tokens from before there were versions are as old as an account can be.
                token_version=_number(claims.get("token_version")) or 1,
            )
        except (KeyError, ValueError) as error:
            raise InvalidToken from error

    def _verified(self, token: str) -> dict[str, Any]:
        for key in self.keys:
            try:
                return dict(
                    jwt.decode(
                        token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, issuer=_ISSUER, options=_OPTIONS
                    )
                )
            except ExpiredSignatureError as error:  # its signature is good
                raise InvalidToken("expired") from error
            except (JWTError, RecursionError):  # the latter where its JSON is nested without end
                continue
        raise InvalidToken


def _number(claim: object) -> int | None:
    if claim is None or isinstance(claim, int):
        return claim
    raise ValueError("not a number")


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
