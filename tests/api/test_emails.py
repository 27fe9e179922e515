"""E-mail addresses: blanks, invisible characters and uniqueness."""

from __future__ import annotations

import asyncio
import sys
import unicodedata
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.core.auth.identity import Caller, Role
from app.schemas.auth import AccountCreate
from app.services.accounts import AccountService
from tests.conftest import client_of
from tests.fixtures.callers import CUSTOMER, OTHER_CUSTOMER, PASSWORD
from tests.fixtures.signing_in import ANOTHER_PASSWORD, AUTH, new_email, register, registered, sign_in

CUSTOMERS = "/api/v1/customers"
OWN, OTHER = f"{CUSTOMERS}/1", f"{CUSTOMERS}/2"
UNSEEN = {
    "soft hyphen": "\u00ad",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "right-to-left override": "\u202e",
    "first strong isolate": "\u2068",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "variation selector": "\ufe0f",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "combining grapheme joiner": "\u034f",
    "tag": "\U000e0061",
    "bell": "\x07",
    "next line": "\x85",
    "no-break space": "\u00a0",
    "ideographic space": "\u3000",
    "line separator": "\u2028",
}
BLANKS = ["  {}", "{} ", "\t{}\n", "\u00a0{}\u3000", "\r\n{}\r\n"]


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN.keys())
async def test_an_address_with_an_invisible_character_is_refused(
    own_client: httpx.AsyncClient, stranger: httpx.AsyncClient, character: str
) -> None:
    name, domain = new_email().split("@")
    for email in (f"{name[:4]}{character}{name[4:]}@{domain}", f"{name}@exam{character}ple.org"):
        ada = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6, "email": email}
        for response in (
            await register(stranger, email),
            await own_client.post(CUSTOMERS, json=ada),
            await own_client.patch(OWN, json={"email": email}),
        ):
            assert response.status_code == 422
            (error,) = response.json()["errors"]
            assert error["loc"] == ["body", "email"]
            assert "without spaces, control or invisible characters" in error["msg"]


def test_no_character_of_the_kind_is_left_out() -> None:
    """Categories: control, format, space, line and paragraph separator."""
    kinds = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    characters = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in kinds]
    assert len(characters) > 200
    for character in characters:
        with pytest.raises(ValidationError):
            AccountCreate(email=f"a{character}da@example.org", password=PASSWORD)


@pytest.mark.parametrize("name", ["ada+films", "žofie", "数学", "אדה", "i̇zel", "👩"])
async def test_visible_characters_of_any_script_are_accepted_in_an_address(
    stranger: httpx.AsyncClient, name: str
) -> None:
    email = f"{name}.{new_email()}"
    assert (await register(stranger, email)).status_code == 201
    assert (await sign_in(stranger, email)).status_code == 200


@pytest.mark.parametrize("blanks", BLANKS, ids=ascii)
async def test_blanks_around_an_address_are_forgiven(
    own_client: httpx.AsyncClient, stranger: httpx.AsyncClient, blanks: str
) -> None:
    email = new_email()
    assert (await register(stranger, blanks.format(email))).json()["email"] == email
    assert (await register(stranger, email)).status_code == 409
    assert (await sign_in(stranger, email)).status_code == 200
    assert (await sign_in(stranger, blanks.format(email.upper()))).status_code == 200
    ada = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6}
    made = await own_client.post(CUSTOMERS, json={**ada, "email": blanks.format(email)})
    assert (made.status_code, made.json()["email"]) == (201, email)
    changed = await own_client.patch(made.headers["location"], json={"email": blanks.format(f"x{email}")})
    assert (changed.status_code, changed.json()["email"]) == (200, f"x{email}")


async def test_an_address_of_blanks_is_refused(stranger: httpx.AsyncClient) -> None:
    assert (await register(stranger, "   ")).status_code == 422
    assert (await sign_in(stranger, "   ")).status_code == 401


async def set_email(client: httpx.AsyncClient, path: str, email: str | None, method: str = "PATCH") -> httpx.Response:
    return await client.request(method, path, json={"email": email})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "spelt", [str, str.upper, str.title, " {} ".format], ids=["as it is", "upper", "title", "blanks"]
)
async def test_a_customer_cannot_take_another_customers_address(
    own_app: FastAPI, own_client: httpx.AsyncClient, method: str, spelt: Any
) -> None:
    before = (await own_client.get(OWN)).json()
    theirs = (await own_client.get(OTHER)).json()["email"]
    async with client_of(own_app, CUSTOMER) as customer:
        refused = await set_email(customer, OWN, spelt(theirs), method)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Another customer already has this e-mail address.")
    assert (await own_client.get(OWN)).json() == before


async def test_a_customer_cannot_take_the_sign_in_address_of_another_customer(
    own_app: FastAPI, stranger: httpx.AsyncClient
) -> None:
    email, nobodys = await registered(stranger), await registered(stranger)
    accounts = AccountService(own_app.state.database, own_app.state.security)
    await accounts.update(email, {"customer_id": 3}, ANOTHER_PASSWORD)
    async with client_of(own_app, CUSTOMER) as customer:
        assert (await set_email(customer, OWN, email.title())).status_code == 409
        # Who has only registered is no customer, and keeps nobody from having an address of theirs.
        assert (await set_email(customer, OWN, nobodys)).status_code == 200
    async with client_of(own_app, Caller(Role.CUSTOMER, account_id=9, customer_id=3)) as owner:
        assert (await set_email(owner, f"{CUSTOMERS}/3", email)).status_code == 200


async def test_a_customer_keeps_changes_and_gives_up_an_address_of_their_own(
    own_app: FastAPI, own_client: httpx.AsyncClient
) -> None:
    mine = new_email()
    async with client_of(own_app, OTHER_CUSTOMER) as customer:
        for email in (mine, mine.upper(), f"part{mine}", mine[1:], None, mine):
            response = await set_email(customer, OTHER, email)
            assert (response.status_code, response.json()["email"]) == (200, email)
    assert (await own_client.get(OTHER)).json()["email"] == mine


async def test_wildcards_in_an_address_are_literal(own_app: FastAPI) -> None:
    async with client_of(own_app, CUSTOMER) as customer:
        assert (await set_email(customer, OWN, "%@%")).status_code == 200
        assert (await set_email(customer, OWN, f"_{new_email()[1:]}")).status_code == 200


async def test_of_two_customers_who_take_an_address_concurrently_one_succeeds(
    own_app: FastAPI, own_client: httpx.AsyncClient
) -> None:
    for _ in range(10):
        email = new_email()
        callers = [Caller(Role.CUSTOMER, account_id=number, customer_id=number) for number in range(11, 16)]
        clients = [client_of(own_app, caller) for caller in callers]
        responses = await asyncio.gather(
            *(
                set_email(client, f"{CUSTOMERS}/{caller.customer_id}", email)
                for client, caller in zip(clients, callers, strict=True)
            )
        )
        for client in clients:
            await client.aclose()
        assert Counter(response.status_code for response in responses) == {200: 1, 409: 4}
        assert len((await own_client.get(CUSTOMERS, params={"search": email})).json()) == 1


async def test_staff_may_give_an_address_to_several(own_client: httpx.AsyncClient) -> None:
    theirs = (await own_client.get(f"{CUSTOMERS}/4")).json()["email"]
    assert (await set_email(own_client, f"{CUSTOMERS}/5", theirs)).status_code == 200


async def test_a_customer_cannot_take_an_address_record_that_is_not_theirs(
    own_app: FastAPI, own_client: httpx.AsyncClient
) -> None:
    before = (await own_client.get(OWN)).json()
    theirs = (await own_client.get(OTHER)).json()["address_id"]
    assert theirs != before["address_id"]
    async with client_of(own_app, CUSTOMER) as customer:
        for address_id in (theirs, 999_999):
            refused = await customer.patch(OWN, json={"address_id": address_id, "first_name": "Eve"})
            assert refused.status_code == 422
            (error,) = refused.json()["errors"]
            assert (error["loc"], error["msg"]) == (["body", "address_id"], f"There is no address {address_id}.")
        assert (await own_client.get(OWN)).json() == before
        same = await customer.put(OWN, json={"address_id": before["address_id"], "first_name": before["first_name"]})
        assert same.status_code == 200
    moved = await own_client.patch(OWN, json={"address_id": theirs})
    assert (moved.status_code, moved.json()["address_id"]) == (200, theirs)


async def test_an_account_is_found_by_its_address_with_blanks(own_app: FastAPI, stranger: httpx.AsyncClient) -> None:
    email = await registered(stranger)
    accounts = AccountService(own_app.state.database, own_app.state.security)
    assert (await accounts.update(f" {email.upper()}\n", {"active": False})).active is False
    assert (await stranger.post(f"{AUTH}/token", data={"username": email, "password": PASSWORD})).status_code == 401
