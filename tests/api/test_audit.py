"""The audit log: who did what, from which address."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog
from fastapi import FastAPI

from app.core.logging import configure_logging
from app.main import create_app
from app.services.accounts import AccountService
from tests.conftest import client_of, fill, running, settings_for
from tests.fixtures.callers import ADMIN, CUSTOMER, PASSWORD, bearer, email_of
from tests.fixtures.credentials import signed
from tests.fixtures.limited import ask_nothing, client_at, limited_to

AUTH = "/api/v1/auth"
HERE = "198.51.100.7"
SIGN_IN = {"username": email_of(CUSTOMER), "password": PASSWORD}


async def everything(app: FastAPI) -> None:
    """Cause every audit event once: sign-ins, failures, changes, deletions."""
    async with client_of(app, ADMIN, address=HERE) as admin, client_of(app, caller=None, address=HERE) as client:
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
        for credential in (key["key"], "dvd_" + "x" * 5000, signed(exp=1), "no token"):
            await client.get(f"{AUTH}/me", headers=bearer(credential))
        await client.get(f"{AUTH}/me", headers={"Authorization": "Basic YTpi"})
        await client.post(f"{AUTH}/refresh", json={"refresh_token": "never one"})
    structlog.contextvars.clear_contextvars()  # at the command line there is no request
    await AccountService(app.state.database, app.state.security).update(email_of(CUSTOMER), {"active": False})


def audited(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The audit log's events since it was last read."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["logger"] == "app.audit"]


@pytest.fixture
async def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The expected events, in order."""
    app = create_app(settings_for())
    async with running(app):
        await fill(app.state.database)
        capsys.readouterr()
        await everything(app)
    return audited(capsys)


async def test_the_audit_log_has_all_events_in_order_with_their_callers(events: list[dict[str, Any]]) -> None:
    told = [(event["event"], event.get("account_id"), event.get("key_id")) for event in events]
    customer, admin = CUSTOMER.account_id, ADMIN.account_id
    assert told == [
        ("account_created", None, None),
        ("signed_in", customer, None),
        ("sign_in_failed", None, None),
        ("sign_in_failed", None, None),
        ("token_refreshed", customer, None),
        ("refresh_token_reused", customer, None),
        ("token_refresh_failed", None, None),
        ("signed_out", customer, None),
        ("password_change_failed", customer, None),
        ("password_changed", customer, None),
        ("api_key_created", admin, None),
        ("api_key_used", None, 1),
        ("record_deleted", None, 1),
        ("api_key_revoked", admin, None),
        *[("credential_refused", None, None)] * 5,
        ("token_refresh_failed", None, None),
        ("account_changed", None, None),
    ]


async def test_audit_events_of_failures_and_changes_name_the_account(events: list[dict[str, Any]]) -> None:
    by_name = {event["event"]: event for event in events}
    failed = [event["failed_id"] for event in events if event["event"] == "sign_in_failed"]
    assert failed == [CUSTOMER.account_id, None]
    assert (by_name["account_changed"]["changed_id"], by_name["account_changed"]["active"]) == (3, False)
    assert by_name["api_key_created"]["scopes"] == ["catalogue:write"]
    assert (by_name["record_deleted"]["kind"], by_name["record_deleted"]["id"]) == ("film", 206)


async def test_audit_events_have_a_request_id_and_no_names(events: list[dict[str, Any]]) -> None:
    assert all(event["request_id"] for event in events if event["event"] != "account_changed")
    assert "example.org" not in str(events)
    assert PASSWORD not in str(events)


async def test_events_say_from_where_the_request_came(events: list[dict[str, Any]]) -> None:
    by_hand = [event for event in events if "address" not in event]
    assert [event["event"] for event in by_hand] == ["account_changed"]
    assert {event["address"] for event in events if event not in by_hand} == {HERE}


async def test_the_audit_log_has_the_kind_of_a_refused_credential_and_never_all_of_it(
    events: list[dict[str, Any]],
) -> None:
    refused = [event for event in events if event["event"] == "credential_refused"]
    assert [(event["kind"], event["reason"]) for event in refused] == [
        ("api_key", "invalid"),
        ("api_key", "invalid"),
        ("token", "expired"),
        ("token", "invalid"),
        ("token", "not a bearer token"),
    ]
    assert [len(event["prefix"]) for event in refused[:2]] == [10, 10]
    assert refused[1]["prefix"] == "dvd_xxxxxx"
    assert max(len(str(event)) for event in refused) < 400


async def test_payments_and_returns_are_audited_once_with_their_ids(
    own_app: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(own_app.state.settings)  # to where this test reads
    async with client_of(own_app, address=HERE) as client:
        (disc,) = (await client.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1})).json()
        body = {"inventory_id": disc["id"], "customer_id": 4, "staff_id": 1, "rental_date": "2024-01-01T00:00:00Z"}
        rental = (await client.post("/api/v1/rentals", json=body)).json()["id"]
        capsys.readouterr()
        for _ in range(2):  # the second time, with the same key, nothing happens
            once = {"Idempotency-Key": f"audited-{rental}"}
            returned = await client.post(f"/api/v1/rentals/{rental}/return", json={"staff_id": 1}, headers=once)
            money = {"rental_id": rental, "staff_id": 1, "amount": 3.99}
            paid = await client.post(
                "/api/v1/customers/4/payments", json=money, headers=once | {"Idempotency-Key": "p"}
            )
            assert (returned.status_code, paid.status_code) == (200, 201)
    told = audited(capsys)
    assert [(event["event"], event["rental_id"], event["payment_id"]) for event in told] == [
        ("rental_returned", rental, returned.json()["payment_id"]),
        ("payment_recorded", rental, paid.json()["id"]),
    ]
    assert (told[0]["days_late"], told[1]["customer_id"]) == (returned.json()["days_late"], 4)
    assert {event["address"] for event in told} == {HERE}


async def test_an_exceeded_rate_limit_is_audited_with_its_counter(capsys: pytest.CaptureFixture[str]) -> None:
    async with limited_to("1/minute") as app, client_of(app, CUSTOMER) as customer, client_at(app, HERE) as stranger:
        for client in (customer, stranger):
            assert [(await ask_nothing(client)).status_code for _ in range(2)] == [422, 429]
        told = audited(capsys)
    assert [(event["event"], event["limit"], event["counted_by"]) for event in told] == [
        ("rate_limit_exceeded", "ai", "account"),
        ("rate_limit_exceeded", "ai", "address"),
    ]
    assert (told[0]["account_id"], told[1]["address"]) == (CUSTOMER.account_id, HERE)


@pytest.mark.parametrize(
    ("client", "named"),
    [("2001:db8::1", "2001:db8::1"), ("fe80::1%" + "z" * 5000, "fe80::1"), ("z" * 5000, "unknown")],
    ids=["address", "zone", "nothing"],
)
async def test_an_address_in_the_audit_log_has_bounded_length(
    own_app: FastAPI, capsys: pytest.CaptureFixture[str], client: str, named: str
) -> None:
    configure_logging(own_app.state.settings)
    async with client_of(own_app, caller=None, address=client) as http:
        await http.get(f"{AUTH}/me", headers=bearer("no token"))
    assert [event["address"] for event in audited(capsys)] == [named]
