"""What an operator can find out afterwards about who did what."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog
from fastapi import FastAPI

from app.main import create_app
from app.services.accounts import AccountService
from tests.conftest import client_of, fill, running, settings_for
from tests.fixtures.callers import ADMIN, CUSTOMER, PASSWORD, bearer, email_of

AUTH = "/api/v1/auth"
SIGN_IN = {"username": email_of(CUSTOMER), "password": PASSWORD}


async def everything(app: FastAPI) -> None:
    """One of each: people and machines come, go, fail, and delete."""
    async with client_of(app, ADMIN) as admin, client_of(app, caller=None) as client:
        await client.post(f"{AUTH}/register", json={"email": "new@example.org", "password": PASSWORD})
        tokens = (await client.post(f"{AUTH}/token", data=SIGN_IN)).json()
        await client.post(f"{AUTH}/token", data=SIGN_IN | {"password": "wrong"})
        await client.post(f"{AUTH}/token", data=SIGN_IN | {"username": "nobody@example.org"})
        old = {"refresh_token": tokens["refresh_token"]}
        await client.post(f"{AUTH}/refresh", json=old)
        await client.post(f"{AUTH}/refresh", json=old)
        await client.post(f"{AUTH}/logout", json=old)
        own = bearer(tokens["access_token"])
        change = {"current_password": "wrong", "new_password": "another that nobody guesses"}
        await client.post(f"{AUTH}/password", json=change, headers=own)
        await client.post(f"{AUTH}/password", json=change | {"current_password": PASSWORD}, headers=own)
        key = (await admin.post(f"{AUTH}/api-keys", json={"name": "till", "scopes": ["catalogue:write"]})).json()
        film = {"title": "Dust", "language_id": 1}
        made = (await client.post("/api/v1/films", json=film, headers=bearer(key["key"]))).json()["id"]
        await client.delete(f"/api/v1/films/{made}", headers=bearer(key["key"]))
        await admin.delete(f"{AUTH}/api-keys/{key['id']}")
    structlog.contextvars.clear_contextvars()  # at the command line there is no request
    await AccountService(app.state.database, app.state.security).update(email_of(CUSTOMER), {"active": False})


@pytest.fixture
async def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The events of all that, in order."""
    app = create_app(settings_for())
    async with running(app):
        await fill(app.state.database)
        capsys.readouterr()
        await everything(app)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["logger"] == "app.audit"]


async def test_everything_that_matters_is_told_in_order_and_by_whom(events: list[dict[str, Any]]) -> None:
    told = [(event["event"], event.get("account_id"), event.get("key_id")) for event in events]
    customer, admin = CUSTOMER.account_id, ADMIN.account_id
    assert told == [
        ("account_created", None, None),
        ("signed_in", customer, None),
        ("sign_in_failed", None, None),
        ("sign_in_failed", None, None),
        ("token_refreshed", customer, None),
        ("refresh_token_reused", customer, None),
        ("signed_out", customer, None),
        ("password_change_failed", customer, None),
        ("password_changed", customer, None),
        ("api_key_created", admin, None),
        ("api_key_used", None, 1),
        ("deleted", None, 1),
        ("api_key_revoked", admin, None),
        ("account_changed", None, None),
    ]


async def test_failures_and_changes_say_whose_account_it_was(events: list[dict[str, Any]]) -> None:
    by_name = {event["event"]: event for event in events}
    failed = [event["failed_id"] for event in events if event["event"] == "sign_in_failed"]
    assert failed == [CUSTOMER.account_id, None]
    assert (by_name["account_changed"]["changed_id"], by_name["account_changed"]["active"]) == (3, False)
    assert by_name["api_key_created"]["scopes"] == ["catalogue:write"]
    assert (by_name["deleted"]["what"], by_name["deleted"]["id"]) == ("film", 206)


async def test_events_belong_to_their_request_and_name_nobody(events: list[dict[str, Any]]) -> None:
    assert all(event["request_id"] for event in events if event["event"] != "account_changed")
    assert "example.org" not in str(events)
    assert PASSWORD not in str(events)
