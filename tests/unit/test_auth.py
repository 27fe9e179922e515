"""Password hashes and access tokens."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from passlib.hash import bcrypt, bcrypt_sha256
from pydantic import BaseModel

from app.core.auth.identity import ANONYMOUS, Caller, Role, Scope
from app.core.auth.passwords import Passwords
from app.core.auth.secrets import digest, new_secret
from app.core.auth.security import Security
from app.core.auth.tokens import AccessTokens
from app.core.errors import InvalidToken
from app.schemas.auth import AccountCreate, ApiKeyCreate, PasswordUpdate, RefreshCreate, SignInForm, TokensRead
from app.services.api_keys import ApiKeyService
from tests.conftest import client_of, settings_for
from tests.fixtures.callers import ADMIN, CUSTOMER, EVERYBODY, PASSWORD, SECRET, STAFF, bearer, token_of
from tests.fixtures.credentials import FORGED, signed
from tests.fixtures.statements import statements_of

TOKENS = AccessTokens((SECRET,), timedelta(minutes=15))


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(rounds=4)


async def test_a_password_is_known_again_and_no_other_is(passwords: Passwords) -> None:
    kept = await passwords.hash(PASSWORD)
    assert kept.startswith("$bcrypt-sha256$")
    assert PASSWORD not in kept
    assert await passwords.check(PASSWORD, kept) == (True, None)
    for other in (PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "x"):
        assert await passwords.check(other, kept) == (False, None)


async def test_two_hashes_of_a_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


async def test_every_character_of_a_long_password_counts(passwords: Passwords) -> None:
    kept = await passwords.hash("é" * 127 + "a")
    assert await passwords.check("é" * 127 + "a", kept) == (True, None)
    assert await passwords.check("é" * 127 + "b", kept) == (False, None)


async def test_without_a_hash_no_password_matches(passwords: Passwords) -> None:
    assert await passwords.check(PASSWORD, None) == (False, None)
    assert await passwords.check("", None) == (False, None)


@pytest.mark.parametrize("old", [lambda: bcrypt.using(rounds=4).hash(PASSWORD), None], ids=["bcrypt", "fewer rounds"])
async def test_an_old_hash_is_replaced_when_the_password_matches(
    passwords: Passwords, old: Callable[[], str] | None
) -> None:
    kept = old() if old else await passwords.hash(PASSWORD)
    wanted = Passwords(rounds=5)
    assert await wanted.check("not the password", kept) == (False, None)
    right, better = await wanted.check(PASSWORD, kept)
    assert right
    assert better is not None
    assert better.startswith("$bcrypt-sha256$v=2,t=2b,r=5$")
    assert await wanted.check(PASSWORD, better) == (True, None)


ACCENTED = "caf\u00e9 f\u00fcr zw\u00f6lf"
ACCENTED_APART = unicodedata.normalize("NFD", ACCENTED)
"""The same password in another Unicode form, as some keyboards produce it."""


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (ACCENTED, ACCENTED_APART),
        (ACCENTED_APART, ACCENTED),
        ("twelve wide \uff41", "twelve wide a"),
        ("twelve\u00a0blanks", "twelve blanks"),
    ],
)
async def test_a_password_is_the_same_however_its_letters_are_encoded(
    passwords: Passwords, chosen: str, typed: str
) -> None:
    kept = await passwords.hash(chosen)
    assert await passwords.check(typed, kept) == (True, None)
    assert await passwords.check(chosen, kept) == (True, None)


async def test_a_hash_of_an_unnormalised_password_matches_and_is_replaced(passwords: Passwords) -> None:
    kept = bcrypt_sha256.using(rounds=4).hash(ACCENTED_APART)
    right, better = await passwords.check(ACCENTED_APART, kept)
    assert right
    assert better is not None
    for typed in (ACCENTED, ACCENTED_APART):
        assert await passwords.check(typed, better) == (True, None)
    assert await passwords.check(ACCENTED_APART.upper(), kept) == (False, None)


async def test_a_password_that_normalisation_makes_too_long_does_not_match(passwords: Passwords) -> None:
    kept = await passwords.hash(PASSWORD)
    for stored in (kept, None):
        assert await passwords.check("\ufdfa" * 1000, stored) == (False, None)


@pytest.mark.parametrize("caller", EVERYBODY, ids=str)
def test_a_token_carries_its_caller(caller: Caller) -> None:
    assert TOKENS.read(TOKENS.issue(caller)) == caller


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused(forge: Callable[[], str]) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(forge())


@pytest.mark.parametrize(
    "changes",
    [{"sub": "ada"}, {"sub": 1}, {"customer_id": "1"}, {"exp": "soon"}, {"role": ["admin"]}, {"iat": "x"}],
    ids=str,
)
def test_a_claim_of_another_kind_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(signed(**changes))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "\x00", "x" * 100_000, "." * 1000])
def test_a_text_that_is_not_a_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(token)


def test_a_token_ends_on_time() -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(AccessTokens((SECRET,), timedelta(seconds=-1)).issue(ADMIN))
    now = int(time.time())
    assert TOKENS.read(signed(iat=now, exp=now + 60)).role is Role.ADMIN


def test_all_keys_verify_and_the_first_signs() -> None:
    former, later = AccessTokens(("the former key",), TOKENS.lifetime), AccessTokens(
        (SECRET, "the former key"), TOKENS.lifetime
    )
    assert later.read(former.issue(STAFF)) == STAFF
    assert TOKENS.read(later.issue(STAFF)) == STAFF
    with pytest.raises(InvalidToken):
        former.read(later.issue(STAFF))


def test_without_a_secret_key_no_two_processes_take_each_others_tokens() -> None:
    settings = settings_for(secret_key=None)
    one, other = Security(settings).tokens, Security(settings).tokens
    assert one.read(one.issue(CUSTOMER)) == CUSTOMER
    with pytest.raises(InvalidToken):
        other.read(one.issue(CUSTOMER))


def test_secrets_are_long_and_never_alike() -> None:
    secrets = {new_secret("dvd_") for _ in range(1000)}
    assert len(secrets) == 1000
    assert {len(secret) for secret in secrets} == {47}
    assert all(secret.startswith("dvd_") for secret in secrets)


def test_a_digest_is_sha256_of_any_text() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(digest("\ud800")) == 64


def test_callers_may_see_only_their_own_customer() -> None:
    assert [caller.may_see(1) for caller in EVERYBODY] == [True, True, True, False, False]
    assert not ANONYMOUS.may_see(1)
    assert ANONYMOUS.is_anonymous
    assert not Caller(Role.CUSTOMER, customer_id=0).may_see(1)
    assert Caller(Role.CUSTOMER, customer_id=0).may_see(0)


def test_scopes_limit_only_keys() -> None:
    key = Caller(Role.STAFF, key_id=1, scopes=frozenset({Scope.RENTALS_READ}))
    assert key.has(Scope.RENTALS_READ)
    assert not key.has(Scope.RENTALS_WRITE)
    assert STAFF.has(Scope.RENTALS_WRITE)


@pytest.mark.parametrize(
    "schema",
    [
        AccountCreate(email="ada@example.org", password=PASSWORD),
        PasswordUpdate(current_password=PASSWORD, new_password=PASSWORD),
        SignInForm(username="ada@example.org", password=PASSWORD),
        RefreshCreate(refresh_token=PASSWORD),
        TokensRead(access_token=PASSWORD, expires_in=1, refresh_token=PASSWORD),
    ],
    ids=lambda schema: type(schema).__name__,
)
def test_printing_a_schema_shows_no_secret(schema: BaseModel) -> None:
    assert PASSWORD in schema.model_dump_json()
    assert PASSWORD not in repr(schema)
    assert PASSWORD not in str(schema)


async def test_authentication_adds_this_number_of_queries_to_a_rental(own_app: FastAPI) -> None:
    """The number of additional queries, without `BEGIN`."""
    command = ApiKeyCreate(name="till", scopes=[Scope.RENTALS_WRITE])
    key = (await ApiKeyService(own_app.state.database).create(command, None)).key
    async with client_of(own_app) as admin:
        discs = (await admin.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1, "copies": 3})).json()
    costs = []
    async with client_of(own_app, caller=None) as client:
        for disc, credential in zip(discs, (token_of(STAFF), key, key), strict=True):
            body = {"inventory_id": disc["id"], "customer_id": 1, "staff_id": 1}
            with statements_of(own_app) as sent:
                rented = await client.post("/api/v1/rentals", json=body, headers=bearer(credential))
            assert rented.status_code == 201, rented.text
            costs.append([statement for statement in sent if not statement.startswith("BEGIN")])
    by_token, by_new_key, by_key = costs
    assert not [statement for statement in by_token if "user_account" in statement or "api_key" in statement]
    assert [len(cost) - len(by_token) for cost in (by_new_key, by_key)] == [2, 0]


async def test_a_token_that_is_not_good_costs_no_query(own_app: FastAPI) -> None:
    async with client_of(own_app, caller=None) as client:
        with statements_of(own_app) as sent:
            refused = await client.get("/api/v1/rentals", headers=bearer(signed("a key that this service never had")))
    assert (refused.status_code, sent) == (401, [])
