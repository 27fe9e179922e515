"""Limits of failed sign-ins, and access for the owner of an attacked account."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.core.auth.identity import Role
from app.schemas.auth import AccountCreate
from app.services.accounts import AccountService
from tests.conftest import migrate
from tests.fixtures.callers import CUSTOMER, PASSWORD, bearer, token_of
from tests.fixtures.limited import client_at, limited_to
from tests.fixtures.signing_in import AUTH, refresh, register, sign_in, tokens_of

OWNER = "owner@example.org"
WRONG = "a guess at the password"


@asynccontextmanager
async def store_of(limit: str, storage: str | None = None) -> AsyncIterator[FastAPI]:
    """Run an application with these limits and an account of the owner."""
    async with limited_to(limit, storage) as app:
        await migrate(app.state.database)
        accounts = AccountService(app.state.database, app.state.security)
        await accounts.create(AccountCreate(email=OWNER, password=PASSWORD), Role.CUSTOMER)
        yield app


async def statuses(app: FastAPI, address: str, *attempts: tuple[str, str]) -> list[int]:
    """Return the statuses of these attempts, made one after the other from this address."""
    async with client_at(app, address) as client:
        return [(await sign_in(client, email, password)).status_code for email, password in attempts]


async def test_signing_in_does_not_use_the_limit_up(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app, client_at(app) as client:
        responses = [await sign_in(client, OWNER) for _ in range(10)]
        assert {response.status_code for response in responses} == {200}
        assert {response.headers["RateLimit-Remaining"] for response in responses} == {"3"}
        failed = await sign_in(client, OWNER, WRONG)
        assert (failed.status_code, failed.headers["RateLimit-Remaining"]) == (401, "2")


async def test_a_strangers_guesses_do_not_lock_the_owner_out(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app:
        guesses = await statuses(app, "203.0.113.1", *[(OWNER, WRONG)] * 30)
        assert guesses == [401] * 3 + [429] * 27
        assert await statuses(app, "198.51.100.1", *[(OWNER, PASSWORD)] * 22) == [200] * 22
        assert await statuses(app, "203.0.113.1", (OWNER, PASSWORD)) == [429]


async def test_of_fifty_guesses_at_once_no_more_than_the_limit_are_checked(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app, client_at(app) as client:
        guesses = await asyncio.gather(*(sign_in(client, OWNER, WRONG) for _ in range(50)))
    assert Counter(guess.status_code for guess in guesses) == {401: 3, 429: 47}


async def test_an_account_in_other_letters_or_with_blanks_is_the_same() -> None:
    async with store_of("3/minute") as app:
        names = [OWNER, OWNER.upper(), f" {OWNER}", f"{OWNER.title()} \t"]
        assert await statuses(app, "203.0.113.1", *[(name, WRONG) for name in names]) == [401, 401, 401, 429]


async def test_one_address_guesses_at_many_accounts_twice_as_often(storage: str | None) -> None:
    accounts = [(f"{number}@example.org", WRONG) for number in range(10)]
    async with store_of("3/minute", storage) as app:
        assert await statuses(app, "203.0.113.1", *accounts) == [401] * 6 + [429] * 4
        assert await statuses(app, "203.0.113.2", *accounts[:1]) == [401]


async def test_an_ipv6_48_has_the_same_limit_for_many_accounts_as_one_address(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app:
        answers = [
            (await statuses(app, f"2001:db8:0:{number:x}::1", (f"{number}@example.org", WRONG)))[0]
            for number in range(10)
        ]
        assert answers == [401] * 6 + [429] * 4


async def test_an_account_attacked_from_everywhere_is_open_to_its_owner(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app:
        guesses = [await statuses(app, f"203.0.113.{number}", *[(OWNER, WRONG)] * 4) for number in range(6)]
        # Twice the limit from all together, and after that one from each.
        assert guesses == [[401, 401, 401, 429]] * 2 + [[401, 429, 429, 429]] * 4
        assert await statuses(app, "198.51.100.1", *[(OWNER, PASSWORD)] * 5) == [200] * 5
        assert await statuses(app, "198.51.100.1", (OWNER, WRONG), (OWNER, PASSWORD)) == [401, 429]


async def test_a_valid_token_does_not_give_more_sign_in_attempts() -> None:
    async with store_of("1/minute") as app, client_at(app) as client:
        attempts = [
            await client.post(f"{AUTH}/token", data={"username": OWNER, "password": WRONG}, headers=headers)
            for headers in ({}, bearer(token_of(CUSTOMER)))
        ]
    assert [attempt.status_code for attempt in attempts] == [401, 429]


async def test_refresh_tokens_count_when_they_are_wrong(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app, client_at(app) as client:
        token = (await tokens_of(client, OWNER))["refresh_token"]
        for _ in range(6):
            renewed = await refresh(client, token)
            assert renewed.status_code == 200
            token = renewed.json()["refresh_token"]
        wrong = [(await refresh(client, "never a refresh token")).status_code for _ in range(4)]
    assert wrong == [401] * 3 + [429]


async def test_accounts_are_registered_no_faster_than_the_limit(storage: str | None) -> None:
    async with store_of("3/minute", storage) as app, client_at(app) as client:
        made = [(await register(client, f"{number}@example.org")).status_code for number in range(5)]
    assert made == [201] * 3 + [429] * 2


async def test_an_attempt_that_could_not_be_checked_does_not_count() -> None:
    away = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    async with limited_to("2/minute", database=away) as app, client_at(app) as client:
        responses = [await sign_in(client, OWNER) for _ in range(4)]
    assert [response.status_code for response in responses] == [503] * 4
