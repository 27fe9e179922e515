"""Authentication by the `Authorization` header."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, OAuth2PasswordBearer

from app.core.audit import audit
from app.core.auth.identity import ANONYMOUS, Caller
from app.core.auth.secrets import API_KEY_PREFIX
from app.core.database.engine import Database
from app.core.errors import InvalidToken
from app.services.api_keys import SHOWN_OF_KEY, ApiKeyService
from app.services.security import SecurityLoader

TOKEN_URL = "api/v1/auth/token"  # relative, to resolve below a proxy's prefix  # noqa: S105  # nosec B105

_PASSWORD = OAuth2PasswordBearer(
    tokenUrl=TOKEN_URL,
    refreshUrl="api/v1/auth/refresh",
    scheme_name="Account",
    description="E-mail address (as `username`) and password.",
    auto_error=False,
)
_KEY = HTTPBearer(scheme_name="ApiKey", description="An API key, `dvd_...`.", bearerFormat="dvd_...", auto_error=False)


async def get_caller(
    request: Request, _token: Annotated[object, Security(_PASSWORD)], _key: Annotated[object, Security(_KEY)]
) -> Caller:
    """Return the caller, anonymous without the header; raises InvalidToken for a bad credential.

    Both schemes are for OpenAPI only: they read the same header, and do not say what is wrong with it.
    """
    return await authenticate(request)


async def authenticate(request: Request) -> Caller:
    """Return the caller, as `get_caller` does; verify the credential once per request."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        request.state.caller = caller = await _caller_of(request)
    return caller


async def _caller_of(request: Request) -> Caller:
    given = request.headers.getlist("authorization")
    if not given:
        return ANONYMOUS
    try:
        caller = await _verified(request, _credential(given))
    except InvalidToken as error:
        audit("credential_refused", reason=error.reason, **_kind(given[0]))
        raise
    structlog.contextvars.bind_contextvars(**_ids(caller))
    return caller


def _credential(given: list[str]) -> str:
    scheme, _, credential = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        raise InvalidToken("not a bearer token")
    return credential.strip()


def _kind(header: str) -> dict[str, str]:
    """Return the kind of the credential, and the prefix of an API key as the list of keys shows it."""
    credential = header.partition(" ")[2].strip()
    if credential.startswith(API_KEY_PREFIX):
        return {"kind": "api_key", "prefix": credential[:SHOWN_OF_KEY]}
    return {"kind": "token"}


async def _verified(request: Request, credential: str) -> Caller:
    if credential.startswith(API_KEY_PREFIX):
        database: Database = request.app.state.database
        return await ApiKeyService(database, request.app.state.known_keys).authenticate(credential)
    security: SecurityLoader = request.app.state.security
    return (await security.get()).tokens.read(credential)


def _ids(caller: Caller) -> dict[str, int]:
    """Return the ids for the request's log lines."""
    ids = {"account_id": caller.account_id, "key_id": caller.key_id}
    return {name: value for name, value in ids.items() if value is not None}


CallerDep = Annotated[Caller, Depends(get_caller)]
