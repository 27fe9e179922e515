"""/api/v1/auth"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.api.authentication import CallerDep
from app.api.authorization import AUTHENTICATED, PUBLIC, USERS_ONLY, GuardedRoute
from app.api.deps import AccountServiceDep, SignInServiceDep
from app.api.problems import responses
from app.api.rate_limits import ACCOUNT_LIMIT, ADDRESS_LIMIT, AttemptsDep
from app.schemas.auth import (
    AccountCreate,
    AccountRead,
    CallerRead,
    PasswordUpdate,
    RefreshCreate,
    SignInForm,
    TokensRead,
)

router = APIRouter(prefix="/api/v1/auth", tags=["auth"], route_class=GuardedRoute)


@router.post(
    "/register",
    operation_id="register",
    status_code=201,
    dependencies=[PUBLIC, ADDRESS_LIMIT],
    responses=responses(409, 413, 422, 503),
)
async def register(accounts: AccountServiceDep, command: AccountCreate) -> AccountRead:
    """Register an account. It has no rentals or payments until the operator links it to a customer."""
    return await accounts.register(command)


@router.post(
    "/token",
    operation_id="sign_in",
    dependencies=[PUBLIC],
    responses=responses(401, 413, 422, 503),
)
async def sign_in(
    response: Response, sign_ins: SignInServiceDep, attempts: AttemptsDep, form: Annotated[SignInForm, Form()]
) -> TokensRead:
    """Sign in with e-mail address (as `username`) and password (OAuth 2.0 password form). Failures are rate limited."""
    response.headers["Cache-Control"] = "no-store"
    async with attempts.at_account(form.username):
        return await sign_ins.sign_in(form.username, form.password)


@router.post(
    "/refresh",
    operation_id="refresh_token",
    dependencies=[PUBLIC],
    responses=responses(401, 413, 422, 503),
)
async def refresh(
    response: Response, sign_ins: SignInServiceDep, attempts: AttemptsDep, command: RefreshCreate
) -> TokensRead:
    """Exchange a refresh token for new tokens. Using it twice revokes every token issued from the same sign-in."""
    response.headers["Cache-Control"] = "no-store"
    async with attempts.at_address():
        return await sign_ins.refresh(command.refresh_token)


@router.post(
    "/logout",
    operation_id="sign_out",
    status_code=204,
    dependencies=[PUBLIC, ADDRESS_LIMIT],
    responses=responses(413, 422, 503),
)
async def sign_out(sign_ins: SignInServiceDep, command: RefreshCreate) -> None:
    """Sign out: revoke the refresh tokens of a sign-in. Its access tokens stay valid until they expire."""
    await sign_ins.sign_out(command.refresh_token)


@router.get(
    "/me",
    operation_id="get_me",
    dependencies=[AUTHENTICATED],
    responses=responses(503),
)
async def me(accounts: AccountServiceDep, caller: CallerDep) -> CallerRead:
    """Return the caller: the account, or the scopes of the API key."""
    return await accounts.whoami(caller)


@router.post(
    "/password",
    operation_id="change_password",
    status_code=204,
    dependencies=[USERS_ONLY, ACCOUNT_LIMIT],
    responses=responses(413, 422, 503),
)
async def change_password(accounts: AccountServiceDep, caller: CallerDep, command: PasswordUpdate) -> None:
    """Change your password. Every session of the account has to sign in again."""
    await accounts.change_password(caller.account_id or 0, command)
