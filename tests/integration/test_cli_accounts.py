"""Commands for accounts and API keys."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from tests.conftest import client_of, running, sample_database, sample_file, settings_for
from tests.fixtures.callers import CUSTOMER, NEWCOMER, PASSWORD, bearer, email_of
from tests.fixtures.command_line import run
from tests.fixtures.postgres_server import drop_database
from tests.fixtures.serving import serving
from tests.fixtures.signing_in import ANOTHER_PASSWORD, AUTH, refresh, registered, sign_in, tokens_of, until_refused

pytestmark = pytest.mark.servers

NAME = "store_of_commands"
KEY = re.compile(r"dvd_[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
async def url(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    if server:
        yield await sample_database(server, NAME)
        await drop_database(server, NAME)
    else:
        yield await sample_file(tmp_path_factory)


@pytest.fixture(scope="module")
async def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store for tests in which the kind of database is irrelevant."""
    return await sample_file(tmp_path_factory)


@pytest.fixture(scope="module")
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous client of a running service on the store that the commands change."""
    app = create_app(settings_for(url))
    async with running(app), client_of(app, caller=None) as http:
        yield http


def command(url: str, folder: Path, *arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
    ended = run(*arguments, cwd=folder, given=f"{password}\n", DATABASE_URL=url, PASSWORD_ROUNDS="4")
    assert "Traceback" not in ended.stderr
    assert not password or password not in ended.stdout + ended.stderr
    return ended


async def test_a_customer_gets_an_account_with_the_password_from_a_pipe(
    url: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    made = command(url, tmp_path, "create-user", "Elena@Example.org", "--customer-id", "1", password=PASSWORD)
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"Created account \d+ for elena@example\.org with the role customer\.\n", made.stdout)
    tokens = await tokens_of(client, "elena@example.org")
    me = (await client.get(f"{AUTH}/me", headers=bearer(tokens["access_token"]))).json()
    assert (me["role"], me["account"]["customer_id"]) == ("customer", 1)
    again = command(url, tmp_path, "create-user", "elena@example.org", password=PASSWORD)
    assert (again.returncode, again.stderr) == (1, "Error: An account with this e-mail address already exists.\n")


async def test_an_admin_is_created_and_demoted(url: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    email = "boss@example.org"
    assert command(url, tmp_path, "create-user", email, "--role", "admin", password=PASSWORD).returncode == 0
    tokens = await tokens_of(client, email)
    assert (await client.get(f"{AUTH}/api-keys", headers=bearer(tokens["access_token"]))).status_code == 200
    changed = command(url, tmp_path, "update-user", email, "--role", "staff")
    assert (changed.returncode, changed.stdout) == (0, f"{email} has the role staff and is active.\n")
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401
    lesser = await tokens_of(client, email)
    assert (await client.get(f"{AUTH}/api-keys", headers=bearer(lesser["access_token"]))).status_code == 403
    ended = command(url, tmp_path, "update-user", email, "--deactivate")
    assert (ended.returncode, ended.stdout) == (0, f"{email} has the role staff and is inactive.\n")
    assert (await sign_in(client, email)).status_code == 401
    assert command(url, tmp_path, "update-user", email, "--activate").returncode == 0
    assert (await sign_in(client, email)).status_code == 200


@pytest.mark.parametrize(
    ("change", "given"),
    [
        (["--customer-id", "2"], ANOTHER_PASSWORD),
        (["--customer-id", "2"], ""),
        (["--role", "staff", "--staff-id", "1"], ""),
        (["--role", "admin"], ANOTHER_PASSWORD),
    ],
    ids=str,
)
async def test_only_the_new_password_gives_access_to_new_rights(
    url: str, client: httpx.AsyncClient, tmp_path: Path, change: list[str], given: str
) -> None:
    email = await registered(client)
    strangers = await tokens_of(client, email)
    changed = command(url, tmp_path, "update-user", f" {email.upper()} ", *change, password=given)
    assert changed.returncode == 0, changed.stderr
    role = change[1] if change[0] == "--role" else "customer"
    told = rf"{re.escape(email)} has the role {role} and is active\."
    told += "" if given else r" New password, shown only once: (?P<password>[A-Za-z0-9_-]{43})"
    match = re.fullmatch(told + "\n", changed.stdout)
    assert match, changed.stdout
    assert (await sign_in(client, email)).status_code == 401
    assert (await refresh(client, strangers["refresh_token"])).status_code == 401
    for path, status in (("/api/v1/customers/2", 404), (f"{AUTH}/api-keys", 403)):
        assert (await client.get(path, headers=bearer(strangers["access_token"]))).status_code == status
    owners = await tokens_of(client, email, given or match["password"])
    me = (await client.get(f"{AUTH}/me", headers=bearer(owners["access_token"]))).json()
    assert me["role"] == role
    if role == "customer":
        assert (await client.get("/api/v1/customers/2", headers=bearer(owners["access_token"]))).status_code == 200


async def test_an_admin_who_becomes_a_customer_loses_all_keys(
    url: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    email = "chief@example.org"
    assert command(url, tmp_path, "create-user", email, "--role", "admin", password=PASSWORD).returncode == 0
    token = (await tokens_of(client, email))["access_token"]
    wanted = {"name": "till", "scopes": ["rentals:read"]}
    key = (await client.post(f"{AUTH}/api-keys", json=wanted, headers=bearer(token))).json()["key"]
    assert (await client.get("/api/v1/rentals", headers=bearer(key))).status_code == 200
    linked = command(url, tmp_path, "update-user", email, "--staff-id", "2", password=ANOTHER_PASSWORD)
    assert linked.returncode == 0, linked.stderr
    await until_refused(client, key)
    assert (await client.get(f"{AUTH}/api-keys", headers=bearer(token))).status_code == 401


async def test_removing_rights_needs_no_password(url: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    email = "clerk@example.org"
    assert command(url, tmp_path, "create-user", email, "--role", "admin", password=PASSWORD).returncode == 0
    for change in (["--role", "staff"], ["--role", "customer"], ["--deactivate"], ["--activate"]):
        changed = command(url, tmp_path, "update-user", email, *change, password=ANOTHER_PASSWORD)
        assert changed.returncode == 0
        assert "password" not in changed.stdout
    assert (await sign_in(client, email)).status_code == 200


def test_an_invalid_change_does_not_prompt_for_a_password(file: str, tmp_path: Path) -> None:
    email = email_of(NEWCOMER)
    for change, says in (
        (["--customer-id", "999999"], "There is no customer 999999."),
        (["--staff-id", "1"], "A customer_id requires the role customer"),
    ):
        ended = command(file, tmp_path, "update-user", email, *change, password="short")
        assert (ended.returncode, ended.stdout) == (1, "")
        assert says in ended.stderr
    ended = command(file, tmp_path, "update-user", email, "--customer-id", "2", password="too short")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "password: String should have at least 12 characters" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "password", "status", "says"),
    [
        (["create-user", "new@example.org"], "too short", 1, "password: String should have at least 12 characters"),
        (["create-user", "new@example.org"], "Password1234", 1, "is too common; choose another"),
        (["create-user", "nobody"], PASSWORD, 1, "email: must be an e-mail address such as ada@example.org"),
        (["create-user", "new@example.org", "--customer-id", "999999"], PASSWORD, 1, "There is no customer 999999."),
        (["create-user", "new@example.org", "--customer-id", "9" * 20], PASSWORD, 2, "must be from 0 to 2147483647"),
        (
            ["create-user", "new@example.org", "--staff-id", "1"],
            PASSWORD,
            1,
            "A customer_id requires the role customer",
        ),
        (["update-user", "no@example.org", "--deactivate"], "", 1, "Account no@example.org does not exist."),
        (
            ["update-user", email_of(CUSTOMER)],
            "",
            1,
            "No change given: use --role, --customer-id, --staff-id, --activate or --deactivate.",
        ),
        (["create-api-key", "till", "--days", "0"], "", 1, "expires_at must be in the future."),
        (["create-api-key", "till", "--days", "999999999"], "", 2, "must be from 0 to 36500"),
    ],
)
def test_a_mistake_is_a_one_line_error(
    file: str, tmp_path: Path, arguments: list[str], password: str, status: int, says: str
) -> None:
    ended = command(file, tmp_path, *arguments, password=password)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert says in ended.stderr


async def test_a_key_is_all_that_is_printed_and_works(url: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    made = command(url, tmp_path, "create-api-key", "till 7", "--scope", "rentals:read", "--days", "90")
    assert made.returncode == 0
    key = made.stdout.removesuffix("\n")
    assert KEY.fullmatch(key)
    assert key not in made.stderr
    me = (await client.get(f"{AUTH}/me", headers=bearer(key))).json()
    assert (me["kind"], me["scopes"]) == ("api_key", ["rentals:read"])
    assert (await client.get("/api/v1/rentals", headers=bearer(key))).status_code == 200
    assert (await client.get("/api/v1/customers", headers=bearer(key))).status_code == 403


async def test_a_sample_store_has_a_key_until_the_next_start(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        async with (
            serving("app", "--embedded", "serve", "--sample", folder=tmp_path) as service,
            httpx.AsyncClient(base_url=service.url, timeout=60) as http,
        ):
            keys += KEY.findall(service.log)
            statuses = [(await http.get("/api/v1/rentals", headers=bearer(key))).status_code for key in keys]
            service.stop()
            assert await service.ended(30) == 0
    assert len(set(keys)) == 2
    assert statuses == [401, 200]
