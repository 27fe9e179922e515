"""Requests and responses about accounts, tokens and API keys."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.auth.identity import Role, Scope
from app.core.auth.secrets import normalised
from app.models.accounts import AccountFields, ApiKeyFields
from app.models.emails import Email, account_email
from app.schemas.base import Command, Identified, Matching, UtcTime
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by

MIN_PASSWORD, MAX_PASSWORD = 12, 128
"""Characters."""
_PASSWORDS = ("engine No. 2, unfinished", "engine No. 3, imagined")
"""Passwords of the examples."""
_WITHOUT_NUL = Matching(r"^[^\x00]*$", "must not contain NUL characters")


@lru_cache
def _worst_passwords() -> frozenset[str]:
    text = Path(__file__).with_name("worst_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def _normalised(password: str) -> str:
    """Return the normalised password, which is hashed and must also have the minimum length."""
    wanted = normalised(password)
    if len(wanted) < MIN_PASSWORD:
        raise PydanticCustomError("rule", f"must have at least {MIN_PASSWORD} characters")
    return wanted


def _not_among_the_worst(password: str) -> str:
    if password.casefold() in _worst_passwords():
        raise PydanticCustomError("rule", "is too common; choose another")
    return password


NewPassword = Annotated[
    str,
    StringConstraints(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD),
    Field(repr=False),
    _WITHOUT_NUL,
    AfterValidator(_normalised),
    AfterValidator(_not_among_the_worst),
]
"""12 to 128 characters of any kind; the few hundred most common passwords are refused."""
AccountEmail = Annotated[Email, AfterValidator(account_email)]
"""An e-mail address as accounts store it: trimmed, in lower case."""
_Given = Annotated[str, StringConstraints(min_length=1, max_length=1000), Field(repr=False), _WITHOUT_NUL]
"""An existing secret, which is only verified."""


class AccountCreate(Command):
    """A new account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org", "password": _PASSWORDS[0]}]})

    email: AccountEmail
    password: NewPassword


@read_model
class AccountRead(AccountFields, Identified):
    """An account."""

    created_at: UtcTime


class CallerRead(BaseModel):
    """The caller: an account, or an API key with its scopes."""

    kind: Literal["account", "api_key"]
    role: Role
    account: AccountRead | None
    scopes: list[Scope] | None
    """Null for accounts: scopes limit only API keys."""


class SignInForm(BaseModel):
    """The password form of OAuth 2.0 (RFC 6749, section 4.3.2). Other form fields are ignored."""

    grant_type: Literal["password"] = "password"
    username: Annotated[_Given, AfterValidator(account_email)] = Field(
        description="E-mail address.", examples=["ada@example.org"]
    )
    password: _Given = Field(examples=[_PASSWORDS[0]], json_schema_extra={"format": "password"})


class TokensRead(BaseModel):
    """The tokens of a sign-in (RFC 6749, section 5.1)."""

    access_token: str = Field(repr=False)
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int
    """Seconds until the access token expires."""
    refresh_token: str = Field(repr=False)
    """Single use. Using it twice revokes every token issued from the same sign-in."""


class RefreshCreate(Command):
    """A refresh token."""

    refresh_token: _Given = Field(examples=["the refresh_token of the last sign-in or refresh"])


class PasswordUpdate(Command):
    """The current and the new password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"current_password": _PASSWORDS[0], "new_password": _PASSWORDS[1]}]}
    )

    current_password: _Given
    new_password: NewPassword


class PasswordReset(Command):
    """A new password that the operator sets at the command line."""

    password: NewPassword


class ApiKeyCreate(ApiKeyFields, Command):
    """A new API key for a machine."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "till 7", "scopes": ["rentals:read", "rentals:write"]}]}
    )


@read_model
class ApiKeyRead(ApiKeyFields, Identified):
    """An API key without its secret."""

    prefix: str
    """The first characters of the key."""
    created_by: int | None
    """The account that created it; null for keys created at the command line."""
    created_at: UtcTime
    last_used_at: UtcTime | None
    """Accurate to the minute."""
    revoked_at: UtcTime | None


class ApiKeyCreated(ApiKeyRead):
    """A new API key with its secret."""

    key: str = Field(repr=False)
    """Shown only in this response: only its hash is stored."""


class ApiKeyQuery(PageQuery):
    """Filters of the API key list."""

    sort: str | None = sort_by("id", "name")
    revoked: bool | None = None
