"""Access tokens and refresh tokens: use, expiry and revocation."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from jose import jwt
from sqlmodel import col

from app.core.auth.secrets import digest
from app.main import create_app
from app.models import RefreshToken
from app.services.accounts import AccountService
from tests.conftest import client_of, running, settings_for
from tests.fixtures.callers import ADMIN, CUSTOMER, SECRET, bearer, email_of
from tests.fixtures.credentials import signed
from tests.fixtures.signing_in import ANOTHER_PASSWORD, AUTH, refresh, registered, sign_in, tokens_of

OLD_SECRET = "the key that this service had before the one it has"


@asynccontextmanager
async def client_with(app: FastAPI, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of another instance of the service on the same store, with these settings."""
    other = create_app(settings_for(app.state.settings.database_url, **settings))
    async with running(other), client_of(other, caller=None) as client:
        yield client


def claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    return dict(jwt.decode(tokens["access_token"], SECRET, algorithms=["HS256"], audience="interview-api"))


async def me(client: httpx.AsyncClient, access_token: str) -> int:
    return (await client.get(f"{AUTH}/me", headers=bearer(access_token))).status_code


async def sign_out(client: httpx.AsyncClient, refresh_token: str) -> int:
    return (await client.post(f"{AUTH}/logout", json={"refresh_token": refresh_token})).status_code


async def works(client: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    return (await refresh(client, tokens["refresh_token"])).status_code == 200


async def test_an_access_token_has_its_account_and_its_lifetime(stranger: httpx.AsyncClient) -> None:
    before = int(time.time())
    tokens = await tokens_of(stranger, email_of(CUSTOMER))
    after = int(time.time())
    assert jwt.get_unverified_header(tokens["access_token"]) == {"alg": "HS256", "typ": "JWT"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    claims = claims_of(tokens)
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("interview-api", "interview-api", "3")
    assert (claims["role"], claims["customer_id"], claims["staff_id"]) == ("customer", 1, None)
    assert claims["token_version"] == 1
    assert before <= claims["iat"] <= after
    assert claims["exp"] - claims["iat"] == 15 * 60
    own = {"role", "customer_id", "staff_id", "token_version", "sid"}
    assert set(claims) == {"iss", "aud", "sub", "iat", "exp", "jti"} | own


async def test_no_two_tokens_are_alike(stranger: httpx.AsyncClient) -> None:
    given = [await tokens_of(stranger, email_of(CUSTOMER)) for _ in range(5)]
    assert len({claims_of(tokens)["jti"] for tokens in given}) == 5
    assert len({tokens["refresh_token"] for tokens in given}) == 5


async def test_an_access_token_is_good_until_it_ends(stranger: httpx.AsyncClient) -> None:
    now = int(time.time())
    assert await me(stranger, signed(iat=now - 900, exp=now + 60)) == 200
    assert await me(stranger, signed(iat=now - 900, exp=now - 1)) == 401


async def test_how_long_tokens_are_good_for_is_a_setting(own_app: FastAPI) -> None:
    async with client_with(own_app, access_token_minutes=2, refresh_token_days=1) as client:
        tokens = await tokens_of(client, email_of(CUSTOMER))
        assert tokens["expires_in"] == 120
        claims = claims_of(tokens)
        assert claims["exp"] - claims["iat"] == 120
        kept = sa.select(col(RefreshToken.expires_at)).where(
            col(RefreshToken.token_hash) == digest(tokens["refresh_token"])
        )
        async with own_app.state.database.reading() as connection:
            ends = await connection.scalar(kept)
    assert abs(ends - datetime.now(timezone.utc) - timedelta(days=1)) < timedelta(minutes=5)


async def test_a_refresh_token_gives_the_next_ones(stranger: httpx.AsyncClient) -> None:
    tokens = await tokens_of(stranger, await registered(stranger))
    for _ in range(3):
        following = (await refresh(stranger, tokens["refresh_token"])).json()
        assert following["refresh_token"] != tokens["refresh_token"]
        assert claims_of(following)["sub"] == claims_of(tokens)["sub"]
        assert await me(stranger, following["access_token"]) == 200
        tokens = following


async def test_a_second_use_ends_all_that_came_of_the_sign_in_and_nothing_else(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    first, elsewhere = await tokens_of(stranger, email), await tokens_of(stranger, email)
    second = (await refresh(stranger, first["refresh_token"])).json()
    third = (await refresh(stranger, second["refresh_token"])).json()
    reused = await refresh(stranger, first["refresh_token"])
    assert reused.status_code == 401
    assert reused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert not await works(stranger, third)
    assert await works(stranger, elsewhere)


async def test_of_several_uses_at_once_one_is_the_first_and_afterwards_nothing_works(
    stranger: httpx.AsyncClient,
) -> None:
    email = await registered(stranger)
    for _ in range(5):
        tokens = await tokens_of(stranger, email)
        responses = await asyncio.gather(*(refresh(stranger, tokens["refresh_token"]) for _ in range(4)))
        assert Counter(response.status_code for response in responses) == {200: 1, 401: 3}
        (given,) = (response.json() for response in responses if response.status_code == 200)
        assert not await works(stranger, given)


@pytest.mark.parametrize("ending", ["reuse", "logout"])
async def test_ending_a_session_revokes_tokens_that_are_issued_concurrently(
    stranger: httpx.AsyncClient, ending: str
) -> None:
    email = await registered(stranger)
    for _ in range(10):
        first = await tokens_of(stranger, email)
        second = (await refresh(stranger, first["refresh_token"])).json()
        end = sign_out if ending == "logout" else refresh
        response, _ = await asyncio.gather(
            refresh(stranger, second["refresh_token"]), end(stranger, first["refresh_token"])
        )
        last = response.json().get("refresh_token", second["refresh_token"])
        assert (await refresh(stranger, last)).status_code == 401


async def test_a_refresh_token_ends_by_itself(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    tokens = await tokens_of(stranger, await registered(stranger))
    ended = datetime.now(timezone.utc) - timedelta(seconds=1)
    async with own_app.state.database.writing() as connection:
        this = col(RefreshToken.token_hash) == digest(tokens["refresh_token"])
        await connection.execute(sa.update(RefreshToken).where(this).values(expires_at=ended))
    assert not await works(stranger, tokens)


async def test_an_access_token_does_not_refresh(stranger: httpx.AsyncClient) -> None:
    tokens = await tokens_of(stranger, await registered(stranger))
    assert (await refresh(stranger, tokens["access_token"])).status_code == 401
    assert await works(stranger, tokens)


async def test_signing_out_ends_one_session_and_reveals_nothing(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    here, elsewhere = await tokens_of(stranger, email), await tokens_of(stranger, email)
    following = (await refresh(stranger, here["refresh_token"])).json()
    assert await sign_out(stranger, following["refresh_token"]) == 204
    assert not await works(stranger, following)
    assert await works(stranger, elsewhere)
    assert await sign_out(stranger, following["refresh_token"]) == 204
    assert await sign_out(stranger, "never a refresh token") == 204


@pytest.mark.parametrize("changes", [{"role": "staff"}, {"customer_id": 3}, {"active": False}], ids=str)
async def test_changing_an_account_at_the_command_line_revokes_its_refresh_tokens(
    own_app: FastAPI, stranger: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    password = None if "active" in changes else ANOTHER_PASSWORD
    email = await registered(stranger)
    given = [await tokens_of(stranger, email) for _ in range(2)]
    other = await tokens_of(stranger, await registered(stranger))
    await AccountService(own_app.state.database, own_app.state.security).update(email, changes, password)
    assert [await works(stranger, tokens) for tokens in given] == [False, False]
    assert await works(stranger, other)
    assert (await sign_in(stranger, email)).status_code == 401
    assert (await sign_in(stranger, email, ANOTHER_PASSWORD)).status_code == (401 if "active" in changes else 200)


async def test_the_previous_secret_key_verifies_tokens_but_does_not_sign(
    own_app: FastAPI, stranger: httpx.AsyncClient
) -> None:
    by_old, by_neither = signed(OLD_SECRET), signed("a key that this service has never had, though long")
    assert await me(stranger, by_old) == 401
    async with client_with(own_app, secret_key_previous=OLD_SECRET) as client:
        assert await me(client, by_old) == 200
        assert await me(client, by_neither) == 401
        tokens = await tokens_of(client, email_of(ADMIN))
        assert await me(client, tokens["access_token"]) == 200
    assert await me(stranger, tokens["access_token"]) == 200
    assert claims_of(tokens)["sub"] == "1"


async def test_without_a_key_it_works_with_one_of_its_own_and_warns(
    own_app: FastAPI, stranger: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    async with client_with(own_app, secret_key=None) as client, client_with(own_app, secret_key=None) as another:
        assert capsys.readouterr().err.count("secret_key_generated") == 2
        token = (await tokens_of(client, email_of(CUSTOMER)))["access_token"]
        assert await me(client, token) == 200
        assert await me(another, token) == 401
        assert await me(stranger, token) == 401
