"""Accounts: registration, sign-in and password changes."""

from __future__ import annotations

import asyncio
import json
import time
import unicodedata
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from passlib.hash import bcrypt, bcrypt_sha256

from app.core.auth.identity import Scope
from app.main import create_app
from app.schemas import auth
from app.schemas.auth import ApiKeyCreate
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from tests.conftest import client_of, running, settings_for
from tests.fixtures.callers import CUSTOMER, NEWCOMER, PASSWORD, STAFF, bearer, email_of, token_of
from tests.fixtures.served import served
from tests.fixtures.signing_in import (
    ANOTHER_PASSWORD,
    AUTH,
    change_password,
    hash_of,
    new_email,
    refresh,
    register,
    registered,
    set_account,
    sign_in,
    tokens_of,
)

WRONG = "not the password at all"


async def deactivate(app: FastAPI, email: str) -> None:
    await AccountService(app.state.database, app.state.security).update(email, {"active": False})


def without_request_id(response: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in response.json().items() if name != "request_id"}


async def test_a_new_account_has_no_customer_record(stranger: httpx.AsyncClient) -> None:
    email = new_email()
    created = await register(stranger, email)
    assert created.status_code == 201
    account = created.json()
    assert account["email"] == email
    assert (account["role"], account["customer_id"], account["staff_id"]) == ("customer", None, None)
    assert account["active"] is True
    assert "password" not in created.text


async def test_registration_cannot_set_a_role_or_a_customer(stranger: httpx.AsyncClient) -> None:
    for member in ("role", "customer_id", "staff_id", "active"):
        body = {"email": new_email(), "password": PASSWORD, member: 1}
        response = await stranger.post(f"{AUTH}/register", json=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", member]


async def test_an_address_in_any_case_is_one_account(stranger: httpx.AsyncClient) -> None:
    email = new_email()
    assert (await register(stranger, email.title())).json()["email"] == email
    for other in (email, email.upper(), email.title()):
        assert (await register(stranger, other)).status_code == 409
        assert (await sign_in(stranger, other)).status_code == 200


async def test_of_twenty_concurrent_registrations_of_an_address_one_succeeds(stranger: httpx.AsyncClient) -> None:
    email = new_email()
    responses = await asyncio.gather(*(register(stranger, email) for _ in range(20)))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 19}
    assert (await sign_in(stranger, email)).status_code == 200


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 129, "a NUL \x00 in the midst", "a lone \ud800 in it"])
async def test_a_password_that_cannot_be_is_422_and_not_shown(stranger: httpx.AsyncClient, password: str) -> None:
    email = new_email()
    response = await register(stranger, email, password)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [["body", "password"]]
    assert not password or json.dumps(password)[1:-1] not in response.text
    assert (await register(stranger, email)).status_code == 201


@pytest.mark.parametrize("password", ["twelve chars", "x y" * 42 + "zz", "пароль длиной в 24 знака", "🎞" * 128])
async def test_12_to_128_characters_of_any_kind_are_a_password(stranger: httpx.AsyncClient, password: str) -> None:
    email = new_email()
    assert (await register(stranger, email, password)).status_code == 201
    assert (await sign_in(stranger, email, password)).status_code == 200
    assert (await sign_in(stranger, email, password[:-1])).status_code == 401


async def test_the_email_address_in_any_case_is_refused_as_password(stranger: httpx.AsyncClient) -> None:
    email = new_email()
    for password in (email, email.upper(), email.title()):
        response = await register(stranger, email, password)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", "password"]


async def test_the_worst_passwords_are_refused_in_any_case(stranger: httpx.AsyncClient) -> None:
    lines = Path(auth.__file__).with_name("worst_passwords.txt").read_text(encoding="utf-8").splitlines()
    worst = [line for line in lines if not line.startswith("#")]
    assert len(worst) > 300
    email = new_email()
    for number, password in enumerate(worst):
        cased = (str.lower, str.upper, str.title)[number % 3](password)
        assert (await register(stranger, email, cased)).status_code == 422, password
    assert (await register(stranger, email)).status_code == 201


async def test_failed_sign_ins_do_not_reveal_their_reason(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    email, left = await registered(stranger), await registered(stranger)
    await deactivate(own_app, left)
    refused = [
        await sign_in(stranger, email, WRONG),
        await sign_in(stranger, new_email()),
        await sign_in(stranger, left),
        await sign_in(stranger, left, WRONG),
    ]
    assert {response.status_code for response in refused} == {401}
    assert len({json.dumps(without_request_id(response)) for response in refused}) == 1
    assert len({str(sorted(set(response.headers) - {"x-request-id"})) for response in refused}) == 1
    assert {response.headers["www-authenticate"] for response in refused} == {"Bearer"}


@pytest.mark.alone
async def test_response_times_do_not_reveal_which_accounts_exist(own_app: FastAPI) -> None:
    # Half a hash of this factor is longer than all else that a sign-in does.
    slow = create_app(settings_for(own_app.state.settings.database_url, password_rounds=10))
    async with running(slow), client_of(slow, caller=None) as client:
        known = await registered(client)
        seconds: dict[str, list[float]] = {known: [], "nobody@example.org": []}
        for _ in range(9):
            for email, taken in seconds.items():
                started = time.perf_counter()
                assert (await sign_in(client, email, WRONG)).status_code == 401
                taken.append(time.perf_counter() - started)
    wrong_password, unknown = map(median, seconds.values())
    assert 0.5 < unknown / wrong_password < 2, seconds


@pytest.mark.alone
async def test_other_requests_are_answered_while_passwords_are_hashed(own_app: FastAPI) -> None:
    slow = create_app(settings_for(own_app.state.settings.database_url, password_rounds=13))
    async with served(slow) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        email = await registered(client)
        started = time.perf_counter()
        await tokens_of(client, email)
        one = time.perf_counter() - started
        signing_in = asyncio.gather(*(sign_in(client, email) for _ in range(4)))
        waits = []
        while not signing_in.done():
            started = time.perf_counter()
            assert (await client.get("/health/live")).status_code == 200
            waits.append(time.perf_counter() - started)
        assert [response.status_code for response in await signing_in] == [200] * 4
    # Hashed in the event loop, a password would let somebody wait for as long as that takes.
    assert len(waits) > 40
    assert max(waits) < one / 2


async def test_a_hash_of_plain_bcrypt_is_verified_and_made_anew(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    other = create_app(settings_for(own_app.state.settings.database_url, password_rounds=5))
    async with running(other), client_of(other, caller=None) as client:
        email = await registered(stranger)
        old = bcrypt.using(rounds=4).hash(PASSWORD)
        await set_account(own_app, email, password_hash=old)
        assert (await sign_in(client, email, WRONG)).status_code == 401
        assert await hash_of(own_app, email) == old
        assert (await sign_in(client, email)).status_code == 200
        new = await hash_of(own_app, email)
        assert new.startswith("$bcrypt-sha256$v=2,t=2b,r=5$")
        assert (await sign_in(client, email)).status_code == 200
        assert await hash_of(own_app, email) == new


async def test_a_password_typed_on_another_keyboard_is_the_same(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    typed, elsewhere = (unicodedata.normalize(form, "contraseña única") for form in ("NFD", "NFC"))
    email = new_email()
    assert (await register(stranger, email, typed)).status_code == 201
    for password in (elsewhere, typed):
        assert (await sign_in(stranger, email, password)).status_code == 200
    # As it was hashed before passwords were normalised.
    await set_account(own_app, email, password_hash=bcrypt_sha256.using(rounds=4).hash(typed))
    assert [(await sign_in(stranger, email, password)).status_code for password in (elsewhere, typed)] == [401, 200]
    assert (await sign_in(stranger, email, elsewhere)).status_code == 200


async def test_marks_on_letters_do_not_make_a_password_longer(stranger: httpx.AsyncClient) -> None:
    assert (await register(stranger, new_email(), unicodedata.normalize("NFD", "é" * 6))).status_code == 422


async def test_concurrent_sign_ins_with_an_old_hash_all_succeed(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    await set_account(own_app, email, password_hash=bcrypt.using(rounds=4).hash(PASSWORD))
    responses = await asyncio.gather(*(sign_in(stranger, email) for _ in range(6)))
    assert [response.status_code for response in responses] == [200] * 6


async def test_a_new_password_ends_everything_that_is_signed_in(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    here, there = await tokens_of(stranger, email), await tokens_of(stranger, email)
    assert (await change_password(stranger, here["access_token"], ANOTHER_PASSWORD)).status_code == 204
    for tokens in (here, there):
        assert (await refresh(stranger, tokens["refresh_token"])).status_code == 401
    assert (await sign_in(stranger, email)).status_code == 401
    assert (await sign_in(stranger, email, ANOTHER_PASSWORD)).status_code == 200


async def test_a_password_change_needs_the_current_password(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    tokens = await tokens_of(stranger, email)
    response = await change_password(stranger, tokens["access_token"], ANOTHER_PASSWORD, current=WRONG)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "current_password"]
    assert (await sign_in(stranger, email)).status_code == 200
    assert (await refresh(stranger, tokens["refresh_token"])).status_code == 200


async def test_a_new_password_is_as_good_as_the_first(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    token = (await tokens_of(stranger, email))["access_token"]
    for password in ("too short", "x" * 129, "PASSWORD1234", email.upper()):
        response = await change_password(stranger, token, password)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", "new_password"]
    assert (await sign_in(stranger, email)).status_code == 200


async def test_of_five_concurrent_password_changes_one_succeeds(stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    token = (await tokens_of(stranger, email))["access_token"]
    new = [f"one of the {number} passwords" for number in range(5)]
    responses = await asyncio.gather(*(change_password(stranger, token, password) for password in new))
    assert Counter(response.status_code for response in responses) == {204: 1, 422: 4}
    signed_in = [(await sign_in(stranger, email, password)).status_code == 200 for password in new]
    assert signed_in == [response.status_code == 204 for response in responses]


async def test_a_sign_in_during_a_password_change_ends_with_it(stranger: httpx.AsyncClient) -> None:
    for _ in range(5):
        email = await registered(stranger)
        token = (await tokens_of(stranger, email))["access_token"]
        changed, *responses = await asyncio.gather(
            change_password(stranger, token, ANOTHER_PASSWORD), *(sign_in(stranger, email) for _ in range(8))
        )
        assert changed.status_code == 204
        given = [response.json()["refresh_token"] for response in responses if response.status_code == 200]
        assert [(await refresh(stranger, refresh_token)).status_code for refresh_token in given] == [401] * len(given)


async def test_the_route_me_returns_the_account(stranger: httpx.AsyncClient) -> None:
    for caller in (CUSTOMER, STAFF, NEWCOMER):
        me = (await stranger.get(f"{AUTH}/me", headers=bearer(token_of(caller)))).json()
        assert (me["kind"], me["scopes"]) == ("account", None)
        assert me["role"] == me["account"]["role"]
        assert me["account"]["id"] == caller.account_id
        assert me["account"]["email"] == email_of(caller)
        assert (me["account"]["customer_id"], me["account"]["staff_id"]) == (caller.customer_id, caller.staff_id)


async def test_the_route_me_returns_the_scopes_of_a_key(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    command = ApiKeyCreate(name="till", scopes=[Scope.RENTALS_WRITE, Scope.RENTALS_READ])
    key = (await ApiKeyService(own_app.state.database).create(command, None)).key
    me = (await stranger.get(f"{AUTH}/me", headers=bearer(key))).json()
    assert me == {"kind": "api_key", "role": "staff", "account": None, "scopes": ["rentals:read", "rentals:write"]}


async def test_a_deactivated_account_has_no_access(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    token = (await tokens_of(stranger, email))["access_token"]
    await deactivate(own_app, email)
    assert (await stranger.get(f"{AUTH}/me", headers=bearer(token))).status_code == 401
    assert (await change_password(stranger, token, ANOTHER_PASSWORD)).status_code == 401
    await set_account(own_app, email, active=True)
    assert (await sign_in(stranger, email)).status_code == 200
