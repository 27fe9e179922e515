"""Secrets are sent in every possible input, and then searched for in every output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Literal

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.exc import ProgrammingError

from app.core.auth.identity import Role
from app.core.database.engine import Database
from app.core.logging import configure_logging
from app.main import create_app
from app.services.accounts import AccountService
from tests.conftest import IN_MEMORY, client_of, migrate, running, settings_for
from tests.fixtures.callers import bearer
from tests.fixtures.postgres_server import create_database, drop_database
from tests.fixtures.signing_in import AUTH, change_password, new_email, refresh, register, sign_in

NAME = "store_of_leaks"
Level = Literal["DEBUG", "INFO"]

SECRETS = {
    "password": "planted: first password",
    "new password": "planted: second password",
    "reset password": "planted: third password",
    "wrong password": "planted: wrong password",
    "weak password": "plantedweak",
    "password typed as name": "planted: typed as name",
    "SECRET_KEY": "planted-secret-key-of-more-than-32-bytes",
    "SECRET_KEY_PREVIOUS": "planted-former-key-of-more-than-32-bytes",
    "OPENAI_API_KEY": "sk-planted-openai",
    "unknown key": "dvd_planted-and-never-made-by-this-service",
    "unknown refresh token": "planted-and-never-a-refresh-token",
    "malformed token": "planted.malformed.token",
    "basic": "cGxhbnRlZDpiYXNpYw==",
}


@dataclass
class Planting:
    """A service, the secrets that were planted in it, and its output."""

    app: FastAPI
    client: httpx.AsyncClient
    log: StringIO
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    said: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, response: httpx.Response, *shown: str) -> httpx.Response:
        """Record a response without the members that show a secret once; these are planted."""
        text = response.text
        for member in shown:
            self.secrets[f"{member} of {name}"] = response.json()[member]
            text = text.replace(json.dumps(response.json()[member]), "...")
        self.said[f"{len(self.said)}: {name}"] = f"{response.status_code} {response.headers} {text}"
        return response

    def leaks(self, said: dict[str, str]) -> list[str]:
        """Return each planted secret that an output contains, with the output's name."""
        return [
            f"{name} in {where}"
            for where, text in said.items()
            for name, secret in self.secrets.items()
            if secret in text
        ]


@pytest.fixture(scope="module")
async def url(server: str | None) -> AsyncIterator[str]:
    if server is None:
        yield IN_MEMORY
        return
    yield await create_database(server, NAME)
    await drop_database(server, NAME)


@contextmanager
def logged() -> Iterator[StringIO]:
    """Yield the log output of services that are created meanwhile."""
    written = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        yield written
    # As other tests expect it.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    configure_logging(settings_for())


@pytest.fixture(params=["DEBUG", "INFO"])
async def planting(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Planting]:
    """A planted service; in debug mode it also logs statements."""
    level: Level = request.param
    settings = settings_for(
        url,
        log_level=level,
        debug=level == "DEBUG",
        secret_key=SECRETS["SECRET_KEY"],
        secret_key_previous=SECRETS["SECRET_KEY_PREVIOUS"],
        openai_api_key=SECRETS["OPENAI_API_KEY"],
    )
    with logged() as log:
        app = create_app(settings)
        async with running(app), client_of(app, caller=None) as client:
            await migrate(app.state.database)
            yield Planting(app, client, log)


async def use_everything(planting: Planting) -> None:
    """Use every flow of authentication, with valid and invalid credentials."""
    client, note = planting.client, planting.note
    email = await sign_in_and_out(planting)
    accounts = AccountService(planting.app.state.database, planting.app.state.security)
    await accounts.update(email, {"role": Role.ADMIN}, SECRETS["reset password"])
    signed_in = await sign_in(client, email, SECRETS["reset password"])
    admin = note("admin", signed_in, "access_token", "refresh_token").json()
    headers = bearer(admin["access_token"])
    body = {"name": "till", "scopes": ["rentals:read"]}
    made = note("key", await client.post(f"{AUTH}/api-keys", json=body, headers=headers), "key").json()
    note("keys", await client.get(f"{AUTH}/api-keys", headers=headers))
    note("use of a key", await client.get("/api/v1/rentals", headers=bearer(made["key"])))
    misplaced = {**body, "key": made["key"]}
    note("key in a body", await client.post(f"{AUTH}/api-keys", json=misplaced, headers=headers))
    note("key as a name", await client.post(f"{AUTH}/api-keys", json={**body, "scopes": made["key"]}, headers=headers))
    for path in ("/api/v1/films", "/api/v1/rentals", "/health", "/nowhere"):
        query = {"token": admin["access_token"], "api_key": made["key"], "access_token": admin["refresh_token"]}
        note(f"query of {path}", await client.get(path, params=query))
    for given in (
        f"Basic {SECRETS['basic']}",
        SECRETS["malformed token"],
        f"Bearer {SECRETS['malformed token']}",
        f"Bearer {SECRETS['unknown key']}",
        f"Token {made['key']}",
        f"Bearer {made['key']} {admin['access_token']}",
        f"Bearer {admin['access_token'][:-1]}",
    ):
        note("authorization", await client.get(f"{AUTH}/me", headers={"Authorization": given}))
    note("revocation", await client.delete(f"{AUTH}/api-keys/{made['id']}", headers=headers))


async def sign_in_and_out(planting: Planting) -> str:
    """Register, sign in and change the password; return the e-mail address."""
    client, note, email = planting.client, planting.note, new_email()
    note("register", await register(client, email, SECRETS["password"]))
    note("register again", await register(client, email, SECRETS["password"]))
    note("weak", await register(client, new_email(), SECRETS["weak password"]))
    note("no address", await register(client, SECRETS["password typed as name"], SECRETS["password"]))
    note("wrong", await sign_in(client, email, SECRETS["wrong password"]))
    note("no form", await client.post(f"{AUTH}/token", json={"password": SECRETS["password"]}))
    note("swapped", await sign_in(client, SECRETS["password typed as name"], email))
    tokens = note("sign-in", await sign_in(client, email, SECRETS["password"]), "access_token", "refresh_token").json()
    note("me", await client.get(f"{AUTH}/me", headers=bearer(tokens["access_token"])))
    note("refresh", await refresh(client, tokens["refresh_token"]), "access_token", "refresh_token")
    note("reuse", await refresh(client, tokens["refresh_token"]))
    note("unknown", await refresh(client, SECRETS["unknown refresh token"]))
    await sign_out(planting, email)
    changing = (tokens["access_token"], SECRETS["new password"])
    note("not mine", await change_password(client, *changing, current=SECRETS["wrong password"]))
    weak = (tokens["access_token"], SECRETS["weak password"])
    note("weaker", await change_password(client, *weak, current=SECRETS["password"]))
    note("password", await change_password(client, *changing, current=SECRETS["password"]))
    return email


async def sign_out(planting: Planting, email: str) -> None:
    client, note = planting.client, planting.note
    tokens = note("again", await sign_in(client, email, SECRETS["password"]), "access_token", "refresh_token").json()
    body = {"refresh_token": tokens["refresh_token"]}
    note("logout", await client.post(f"{AUTH}/logout", json=body))
    note("logout with more", await client.post(f"{AUTH}/logout", json={**body, "password": SECRETS["password"]}))


async def dump(database: Database) -> dict[str, str]:
    """Every row of every table."""
    async with database.reading() as connection:
        tables = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        return {
            table: str((await connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))).all())
            for table in tables
        }


async def test_no_secret_comes_out_anywhere(planting: Planting, capsys: pytest.CaptureFixture[str]) -> None:
    await use_everything(planting)
    for path in ("/openapi.json", "/docs", "/metrics", "/health/ready", "/api/v1/ai/info"):
        planting.note(path, await planting.client.get(path))
    kept = await dump(planting.app.state.database)
    log, printed = planting.log.getvalue(), capsys.readouterr()
    assert "signed_in" in log
    assert "Logging error" not in log + printed.err
    assert "bcrypt" in kept["user_account"]
    assert len(planting.secrets) > len(SECRETS) + 6
    assert planting.leaks({"log": log, "output": printed.out + printed.err, **planting.said, **kept}) == []


async def test_stored_hashes_are_not_logged(planting: Planting) -> None:
    await use_everything(planting)
    async with planting.app.state.database.reading() as connection:
        hashes = "SELECT password_hash FROM user_account UNION SELECT token_hash FROM refresh_token"
        kept = (await connection.scalars(sa.text(f"{hashes} UNION SELECT key_hash FROM api_key"))).all()
    assert len(kept) > 5
    assert [hashed for hashed in kept if hashed in planting.log.getvalue()] == []


class Broken:
    """A database whose every use raises an unexpected error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def reading(self) -> None:
        raise self._error

    async def transaction(self, _work: object) -> None:
        raise self._error


def statement_that_failed() -> Exception:
    return ProgrammingError("SELECT 1", {"token_hash": "a hash"}, Exception("no such table"), hide_parameters=True)


@pytest.mark.parametrize("make", [statement_that_failed, lambda: ZeroDivisionError("ours")], ids=["database", "ours"])
async def test_an_unexpected_error_shows_none(planting: Planting, make: Callable[[], Exception]) -> None:
    planting.app.state.database = Broken(make())
    await fail_everywhere(planting, 500)
    log = planting.log.getvalue()
    assert log.count("unhandled_error") == 4
    assert "Traceback" in log
    assert planting.leaks({"log": log, **planting.said}) == []


async def test_a_database_that_is_away_shows_none(planting: Planting) -> None:
    planting.secrets["database password"] = "planted-database-password"
    own = planting.app.state.settings
    nowhere = "postgresql+asyncpg://someone:planted-database-password@127.0.0.1:1/store"
    database = Database(own.model_copy(update={"database_url": nowhere}))
    planting.app.state.database = database
    await fail_everywhere(planting, 503)
    planting.note("readiness", await planting.client.get("/health/ready"))
    log = planting.log.getvalue()
    assert log.count("database_unreachable") == 4
    assert planting.leaks({"log": log, **planting.said}) == []


async def fail_everywhere(planting: Planting, status: int) -> None:
    """Send each kind of secret in requests that fail."""
    client = planting.client
    for response in (
        await register(client, new_email(), SECRETS["password"]),
        await sign_in(client, SECRETS["password typed as name"], SECRETS["wrong password"]),
        await refresh(client, SECRETS["unknown refresh token"]),
        await client.get("/api/v1/rentals", headers=bearer(SECRETS["unknown key"])),
    ):
        assert planting.note("failure", response).status_code == status


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
async def test_a_statement_that_the_database_rejects_is_logged_without_its_values(url: str, level: Level) -> None:
    """The schema is missing, so every query fails in the driver, which has its values."""
    bare = url if url == IN_MEMORY else url.replace(NAME, "postgres")
    with logged() as log:
        app = create_app(settings_for(bare, log_level=level, debug=level == "DEBUG"))
        async with running(app), client_of(app, caller=None) as client:
            response = await sign_in(client, SECRETS["password typed as name"], SECRETS["wrong password"])
    assert response.status_code == 500
    assert "unhandled_error" in log.getvalue()
    for name in ("password typed as name", "wrong password"):
        assert SECRETS[name] not in log.getvalue() + response.text
