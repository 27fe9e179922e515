"""Only current admins can manage API keys, and keys are valid only while their creator is an admin."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth.identity import Role, Scope
from app.schemas.auth import AccountCreate, ApiKeyCreate
from app.services.accounts import AccountService
from app.services.api_keys import ApiKeyService
from tests.fixtures.callers import PASSWORD, bearer
from tests.fixtures.credentials import signed
from tests.fixtures.signing_in import (
    ANOTHER_PASSWORD,
    AUTH,
    change_password,
    new_email,
    set_account,
    tokens_of,
    until_refused,
    worker_of,
)

KEYS = f"{AUTH}/api-keys"
NEW_KEY = {"name": "till", "scopes": ["rentals:read"]}


class Admin:
    """A signed-in admin account that has created a key."""

    def __init__(self, client: httpx.AsyncClient, email: str, account_id: int) -> None:
        self.client = client
        self.email = email
        self.account_id = account_id
        self.token = ""
        self.key: dict[str, Any] = {}

    async def sign_in(self, password: str = PASSWORD) -> str:
        self.token = (await tokens_of(self.client, self.email, password))["access_token"]
        return self.token

    async def make_key(self) -> httpx.Response:
        return await self.client.post(KEYS, json=NEW_KEY, headers=bearer(self.token))

    async def statuses(self) -> tuple[int, int, int]:
        """Return the status of each route for keys with this token."""
        headers = bearer(self.token)
        listed = await self.client.get(KEYS, headers=headers)
        made = await self.make_key()
        revoked = await self.client.delete(f"{KEYS}/{self.key['id']}", headers=headers)
        return listed.status_code, made.status_code, revoked.status_code

    async def key_works(self) -> bool:
        response = await self.client.get("/api/v1/rentals", params={"limit": 1}, headers=bearer(self.key["key"]))
        assert response.status_code in (200, 401)
        return response.status_code == 200


@pytest.fixture
async def accounts(own_app: FastAPI) -> AccountService:
    return AccountService(own_app.state.database, own_app.state.security, own_app.state.known_keys)


@pytest.fixture
async def admin(accounts: AccountService, stranger: httpx.AsyncClient) -> Admin:
    email = new_email()
    made = await accounts.create(AccountCreate(email=email, password=PASSWORD), Role.ADMIN)
    admin = Admin(stranger, email, made.id)
    await admin.sign_in()
    response = await admin.make_key()
    assert response.status_code == 201, response.text
    admin.key = response.json()
    assert admin.key["created_by"] == made.id
    assert await admin.key_works()
    return admin


async def test_a_demoted_admin_cannot_use_the_routes_for_keys(accounts: AccountService, admin: Admin) -> None:
    await accounts.update(admin.email, {"role": "staff"})
    assert await admin.statuses() == (403, 403, 403)


async def test_a_deactivated_admin_cannot_use_the_routes_for_keys(accounts: AccountService, admin: Admin) -> None:
    await accounts.update(admin.email, {"active": False})
    assert await admin.statuses() == (401, 401, 401)


async def test_a_token_from_before_a_new_password_cannot_use_the_routes_for_keys_and_a_new_one_can(
    admin: Admin,
) -> None:
    old = admin.token
    assert (await change_password(admin.client, old, ANOTHER_PASSWORD)).status_code == 204
    # In the same second: no clock tells the two apart.
    assert await admin.statuses() == (401, 401, 401)
    await admin.sign_in(ANOTHER_PASSWORD)
    assert await admin.statuses() == (200, 201, 204)


async def test_a_new_password_does_not_end_the_keys_made_before(admin: Admin) -> None:
    assert (await change_password(admin.client, admin.token, ANOTHER_PASSWORD)).status_code == 204
    assert await admin.key_works()


async def test_changes_made_directly_in_the_database_count_immediately(own_app: FastAPI, admin: Admin) -> None:
    for changes, statuses in (({"role": "staff"}, (403, 403, 403)), ({"active": False}, (401, 401, 401))):
        await set_account(own_app, admin.email, **changes)
        assert await admin.statuses() == statuses
        await set_account(own_app, admin.email, role="admin", active=True)
    assert await admin.statuses() == (200, 201, 204)


async def test_a_key_whose_maker_is_changed_behind_the_services_back_ends_within_seconds(
    own_app: FastAPI, admin: Admin
) -> None:
    async with worker_of(own_app, api_key_cache_seconds=0.3) as worker:
        for changes in ({"role": "staff"}, {"active": False}):
            assert (await worker.get("/api/v1/rentals", headers=bearer(admin.key["key"]))).status_code == 200
            await set_account(own_app, admin.email, **changes)
            await until_refused(worker, admin.key["key"])
            await set_account(own_app, admin.email, role="admin", active=True)


async def test_a_token_of_an_account_that_is_gone_makes_no_key(admin: Admin) -> None:
    admin.token = signed(sub="987654")
    assert await admin.statuses() == (401, 401, 401)


@pytest.mark.parametrize("end", [{"role": "staff"}, {"role": "customer"}, {"active": False}], ids=str)
async def test_keys_end_with_their_maker_and_do_not_come_back(
    accounts: AccountService, admin: Admin, end: dict[str, Any]
) -> None:
    await accounts.update(admin.email, end)
    assert not await admin.key_works()
    await accounts.update(admin.email, {"role": "admin", "active": True}, ANOTHER_PASSWORD)
    assert not await admin.key_works()
    await admin.sign_in(ANOTHER_PASSWORD)
    keys = (await admin.client.get(KEYS, params={"limit": 1000}, headers=bearer(admin.token))).json()
    (ended,) = (key for key in keys if key["id"] == admin.key["id"])
    assert ended["revoked_at"] is not None


async def test_keys_of_other_admins_and_of_the_command_line_stay_valid(
    own_app: FastAPI, accounts: AccountService, admin: Admin
) -> None:
    theirs, by_command = admin.key, await ApiKeyService(own_app.state.database).create(
        ApiKeyCreate(name="command line", scopes=list(Scope)), None
    )
    email = new_email()
    await accounts.create(AccountCreate(email=email, password=PASSWORD), Role.ADMIN)
    await accounts.update(email, {"role": "staff"})
    for key in (theirs["key"], by_command.key):
        assert (await admin.client.get("/api/v1/rentals", headers=bearer(key))).status_code == 200


async def test_of_many_keys_made_while_their_maker_is_demoted_none_is_left(
    accounts: AccountService, admin: Admin
) -> None:
    making = [asyncio.create_task(admin.make_key()) for _ in range(10)]
    demoting = asyncio.create_task(accounts.update(admin.email, {"role": "staff"}))
    making += [asyncio.create_task(admin.make_key()) for _ in range(10)]
    assert (await demoting).role is Role.STAFF
    responses = await asyncio.gather(*making)
    assert {response.status_code for response in responses} <= {201, 403}
    await accounts.update(admin.email, {"role": "admin"}, ANOTHER_PASSWORD)
    for response in responses:
        if response.status_code == 201:
            key = bearer(response.json()["key"])
            assert (await admin.client.get("/api/v1/rentals", headers=key)).status_code == 401
