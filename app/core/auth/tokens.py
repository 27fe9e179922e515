"""Access tokens. Importing this module imports python-jose and cryptography: see `SecurityLoader`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from jose import ExpiredSignatureError, JWTError, jwt

from app.core.auth.identity import Caller, Role
from app.core.errors import InvalidToken

_ALGORITHM = "HS256"
_ISSUER = _AUDIENCE = "interview-api"
_REQUIRED = ("aud", "exp", "iat", "iss", "jti", "sub")
_OPTIONS = {f"require_{claim}": True for claim in _REQUIRED}


@dataclass(frozen=True)
class AccessTokens:
    """JWTs that contain their caller, so that verifying one needs no database.

    An account's role and state are therefore those at the time the token was issued, at most `lifetime` ago.
    """

    keys: tuple[str, ...]
    """The first signs; all verify, so that a key can be replaced while its tokens are still valid."""
    lifetime: timedelta

    def issue(self, caller: Caller) -> str:
        """Return a token for an account."""
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
            "sid": caller.session,
        }
        return str(jwt.encode(claims, self.keys[0], algorithm=_ALGORITHM))

    def read(self, token: str) -> Caller:
        """Return the caller that the token was issued to, or raise InvalidToken."""
        claims = self._verified(token)
        try:
            return Caller(
                role=Role(claims["role"]),
                account_id=int(claims["sub"]),
                customer_id=_number(claims.get("customer_id")),
                staff_id=_number(claims.get("staff_id")),
                # Tokens issued before versions existed have the first version.
                token_version=_number(claims.get("token_version")) or 1,
                session=_text(claims.get("sid")),
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
            except ExpiredSignatureError as error:  # the signature is valid
                raise InvalidToken("expired") from error
            except (JWTError, RecursionError):  # RecursionError: deeply nested JSON
                continue
        raise InvalidToken


def _number(claim: object) -> int | None:
    if claim is None or isinstance(claim, int):
        return claim
    raise ValueError("not a number")


def _text(claim: object) -> str | None:
    if claim is None or isinstance(claim, str):
        return claim
    raise ValueError("not a text")
