"""Authorization: every operation with every credential, as a table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

import httpx
import pytest

from app.api import system, v1
from app.api.authorization import GuardedRoute
from app.core.auth.identity import Scope
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import client_of, running, sample_database, sample_file, settings_for
from tests.fixtures.callers import CUSTOMER, PASSWORD, email_of
from tests.fixtures.credentials import BAD, GOOD, PREVIOUS_SECRET, headers_of
from tests.fixtures.postgres_server import drop_database

CREDENTIALS = ("nobody", *GOOD, *BAD)
NAME = "store_of_access"
CUSTOMERS = {"customer", "other customer", "newcomer"}

LET_IN = 0
"""Placeholder for the status of a request that is allowed."""
_OF_STAFF = {"staff": LET_IN, "admin": LET_IN, "previous secret": LET_IN, "key": LET_IN, "key without the scope": 403}
_ALL = dict.fromkeys(GOOD, LET_IN)
_ACCOUNTS = {**_ALL, "key": 403}
_STRANGERS = {"other customer": 404, "newcomer": 404}

RULES: dict[str, dict[str, int]] = {
    "public": dict.fromkeys(CREDENTIALS, LET_IN),
    "anybody": {"nobody": LET_IN, **_ALL},
    "signed in": _ALL,
    "accounts": {**_ACCOUNTS, "key without the scope": 403},
    "admin": {**dict.fromkeys(GOOD, 403), "admin": LET_IN, "previous secret": LET_IN},
    "staff": {"customer": 403, "other customer": 403, "newcomer": 403, **_OF_STAFF},
    "every customer": {"customer": LET_IN, "other customer": LET_IN, "newcomer": LET_IN, **_OF_STAFF},
    "customer 1": {"customer": LET_IN, **_STRANGERS, **_OF_STAFF},
    "staff for customer 1": {"customer": 403, **_STRANGERS, **_OF_STAFF},
}
"""Statuses by credential; 401 for credentials that are not listed."""


class Cell(NamedTuple):
    """An operation's rule, and a request whose status shows that it is allowed, without changing the store."""

    rule: str
    status: int
    scope: Scope | None = None
    json: Any = None
    other: dict[str, Any] | None = None


_CATALOGUE, _C_READ, _C_WRITE, _R_READ, _R_WRITE = (
    Scope.CATALOGUE_WRITE,
    Scope.CUSTOMERS_READ,
    Scope.CUSTOMERS_WRITE,
    Scope.RENTALS_READ,
    Scope.RENTALS_WRITE,
)
_FILE = {"file": ("films.csv", b"title,language\nDust,English\n", "text/csv")}
_SIGN_IN = {"username": email_of(CUSTOMER), "password": PASSWORD}
_OUT = {"inventory_id": "{out}", "customer_id": 1, "staff_id": 1}

EXPECTED: dict[str, Cell] = {
    **dict.fromkeys(("get_root", "get_health", "get_liveness", "get_readiness"), Cell("public", 200)),
    **dict.fromkeys(("list_films", "get_film", "get_film_availability", "export_films"), Cell("public", 200)),
    "search_films": Cell("public", 200, other={"params": {"q": "space"}}),
    **dict.fromkeys(("list_categories", "get_category", "list_actors", "get_actor"), Cell("public", 200)),
    **dict.fromkeys(("list_actor_films", "list_inventory", "get_inventory"), Cell("public", 200)),
    "import_films": Cell("staff", 200, _CATALOGUE, other={"files": _FILE, "params": {"dry_run": True}}),
    "create_film": Cell("staff", 422, _CATALOGUE, {"title": "Dust", "language_id": 99}),
    **dict.fromkeys(("update_film", "replace_film"), Cell("staff", 200, _CATALOGUE, {})),
    **dict.fromkeys(
        ("delete_film", "delete_category", "delete_actor", "delete_inventory"), Cell("staff", 409, _CATALOGUE)
    ),
    "create_category": Cell("staff", 409, _CATALOGUE, {"name": "Horror"}),
    "replace_category": Cell("staff", 409, _CATALOGUE, {"name": "Horror"}),
    "create_actor": Cell("staff", 422, _CATALOGUE, {"first_name": "Ada"}),
    "replace_actor": Cell("staff", 422, _CATALOGUE, {"first_name": "Ada"}),
    "create_inventory": Cell("staff", 422, _CATALOGUE, {"film_id": 1, "store_id": 99}),
    "list_customers": Cell("staff", 200, _C_READ),
    "create_customer": Cell("staff", 422, _C_WRITE, {"store_id": 99}),
    **dict.fromkeys(("get_customer", "get_customer_balance"), Cell("customer 1", 200, _C_READ)),
    **dict.fromkeys(("list_customer_payments", "list_customer_subscriptions"), Cell("customer 1", 200, _C_READ)),
    **dict.fromkeys(("update_customer", "replace_customer"), Cell("customer 1", 200, _C_WRITE, {})),
    "deactivate_customer": Cell("customer 1", 200, _C_WRITE),
    "create_customer_payment": Cell(
        "staff for customer 1", 422, _C_WRITE, {"rental_id": 999_999, "staff_id": 1, "amount": 1}
    ),
    "start_customer_subscription": Cell("customer 1", 409, _C_WRITE, {"plan_name": "Basic"}),
    "cancel_customer_subscription": Cell("customer 1", 409, _C_WRITE),
    "list_rentals": Cell("every customer", 200, _R_READ),
    "get_rental": Cell("customer 1", 200, _R_READ),
    "create_rental": Cell("customer 1", 409, _R_WRITE, _OUT),
    "return_rental": Cell("customer 1", 409, _R_WRITE),
    "update_rental": Cell("staff for customer 1", 422, _R_WRITE, {"return_date": "2001-01-01T00:00:00Z"}),
    "delete_rental": Cell("staff for customer 1", 409, _R_WRITE),
    "list_customer_rentals": Cell("customer 1", 200, _R_READ),
    "create_customer_rental": Cell("customer 1", 409, _R_WRITE, {"inventory_id": "{out}", "staff_id": 1}),
    "register": Cell("public", 409, json={"email": email_of(CUSTOMER), "password": PASSWORD}),
    "sign_in": Cell("public", 200, other={"data": _SIGN_IN}),
    "refresh_token": Cell("public", 422, json={"refresh_token": ""}),
    "sign_out": Cell("public", 204, json={"refresh_token": "none"}),
    "get_me": Cell("signed in", 200),
    "change_password": Cell("accounts", 422, json={"current_password": "wrong", "new_password": "something else"}),
    "list_api_keys": Cell("admin", 200),
    "create_api_key": Cell("admin", 201, json={"name": "one more", "scopes": ["rentals:read"]}),
    "revoke_api_key": Cell("admin", 204),
    "list_conversations": Cell("signed in", 200),
    "create_conversation": Cell("signed in", 201, json={}),
    **dict.fromkeys(("get_conversation", "delete_conversation", "list_turns"), Cell("signed in", 404)),
    "rename_conversation": Cell("signed in", 404, json={"title": "Mine"}),
    "create_turn": Cell("signed in", 404, json={"question": "Hello!"}),
    "list_confirmations": Cell("signed in", 200),
    "get_confirmation": Cell("signed in", 404),
    "decide_confirmation": Cell("signed in", 404, json={"decision": "approve"}),
    **dict.fromkeys(("get_turn", "cancel_turn", "get_turn_events"), Cell("signed in", 404)),
    "get_ai_info": Cell("anybody", 200),
    "ask_agents": Cell("anybody", 200, json={"question": "Hello!"}),
    "summarise_film": Cell("anybody", 200, json={"film_id": 1}),
    "ask_model": Cell("anybody", 200, other={"params": {"question": "Hello!"}}),
}

APP = create_app(Settings(ai_provider="offline"))
_RESOURCES = (import_module(module.name) for module in iter_modules(v1.__path__, f"{v1.__name__}."))
_DECLARED = [route for module in (system, *_RESOURCES) for route in module.router.routes]
ROUTES = {route.operation_id: route for route in _DECLARED if isinstance(route, GuardedRoute) and route.operation_id}
DOCUMENTATION = {"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/static-offline-docs"}


def test_every_route_declares_one_rule() -> None:
    assert len(ROUTES) == len(_DECLARED)
    operations = [operation for path in APP.openapi()["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == set(ROUTES)
    assert {route.path for route in APP.routes if hasattr(route, "path")} == DOCUMENTATION


def test_every_operation_has_its_row() -> None:
    assert set(EXPECTED) == set(ROUTES)


class Store(NamedTuple):
    """The service, the credentials of its callers, and ids for the requests."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    ids: dict[str, int]


@pytest.fixture(scope="module")
async def store(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    url = await (sample_database(server, NAME) if server else sample_file(tmp_path_factory))
    async with running(create_app(settings_for(url, secret_key_previous=PREVIOUS_SECRET))) as app:
        headers = await headers_of(app)
        async with client_of(app, caller=None) as client:
            yield Store(client, headers, await _ids(client, headers["admin"]))
    if server:
        await drop_database(server, NAME)


async def _ids(client: httpx.AsyncClient, admin: str) -> dict[str, int]:
    """Prepare: customer 1 has an ended and an active plan and a paid rental, and one item is rented out."""
    headers, one = {"Authorization": admin}, "/api/v1/customers/1"
    plan = {"plan_name": "Basic"}
    ended = (await client.post(f"{one}/subscriptions", json=plan, headers=headers)).json()["id"]
    await client.post(f"{one}/subscriptions/{ended}/cancel", headers=headers)
    assert (await client.post(f"{one}/subscriptions", json=plan, headers=headers)).status_code == 201
    rentals = (await client.get(f"{one}/rentals", headers=headers)).json()
    out = (await client.get("/api/v1/rentals", params={"active_only": True}, headers=headers)).json()
    closed = next(rental["id"] for rental in rentals if rental["return_date"])
    ids = {"film_id": 1, "category_id": 1, "actor_id": 1, "customer_id": 1, "inventory_id": out[0]["inventory_id"]}
    return {
        **ids,
        "subscription_id": ended,
        "rental_id": closed,
        "key_id": 2,
        "conversation_id": 999,
        "turn_id": 1,
        "confirmation_id": 999,
        "out": out[0]["inventory_id"],
    }


def _filled(json: Any, ids: dict[str, int], credential: str) -> Any:
    """Fill in the ids of a body: with a staff_id, except for customers, who must not send one."""
    if not json or json.get("inventory_id") != "{out}":
        return json
    filled = {**json, "inventory_id": ids["out"]}
    if credential in CUSTOMERS:
        filled.pop("staff_id")
    return filled


@pytest.mark.parametrize("operation", sorted(EXPECTED))
async def test_each_credential_is_allowed_only_the_operations_of_the_table(store: Store, operation: str) -> None:
    """All credentials in one test: four thousand would be busy with themselves."""
    cell = EXPECTED[operation]
    responses = {credential: await _called(store, operation, credential) for credential in CREDENTIALS}
    expected = {credential: RULES[cell.rule].get(credential, 401) or cell.status for credential in CREDENTIALS}
    assert {credential: response.status_code for credential, response in responses.items()} == expected
    for credential, response in responses.items():
        if response.status_code == 401:
            assert response.headers["www-authenticate"].startswith("Bearer"), credential
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json", credential


async def _called(store: Store, operation: str, credential: str) -> httpx.Response:
    cell, route = EXPECTED[operation], ROUTES[operation]
    sent = credential
    if credential == "key without the scope":
        sent = f"key without {cell.scope.value}" if cell.scope else "key"
    return await store.client.request(
        next(iter(route.methods or ())),
        route.path.format_map(store.ids),
        json=_filled(cell.json, store.ids, credential),
        headers={} if credential == "nobody" else {"Authorization": store.headers[sent]},
        **(cell.other or {}),
    )
