"""Common forms of DATABASE_URL: parameters are converted, dropped, or refused with an error."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.database.url import target_of
from app.core.settings import Settings

_BASE = "postgresql://ada:s3cret@db.example"


def arguments_of(url: str) -> dict[str, Any]:
    return target_of(Settings(database_url=url).database_url).connect_args


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql+psycopg2://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql+psycopg://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql+pg8000://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("POSTGRES://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        (" postgres://u:p@host/db\n", "postgresql+asyncpg://u:p@host/db"),
        ("sqlite+pysqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite3:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_urls_of_other_drivers_are_converted(given: str, used: str) -> None:
    assert Settings(database_url=given).database_url == used


def test_reading_a_url_twice_changes_nothing() -> None:
    """Alembic reads the converted URL again."""
    given = "postgres://u:p@one:5432,two:5433/db?sslmode=require&channel_binding=require"
    once = Settings(database_url=given).database_url
    assert Settings(database_url=once).database_url == once


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslmode=disable", {"ssl": False}),
        ("ssl=false", {"ssl": False}),
        ("sslmode=allow", {"dsn": "postgresql://?sslmode=allow"}),
        ("sslmode=prefer", {"dsn": "postgresql://?sslmode=prefer"}),
        ("sslmode=require", {"dsn": "postgresql://?sslmode=require"}),
        ("ssl=true", {"dsn": "postgresql://?sslmode=require"}),
        (
            "sslmode=require&sslnegotiation=direct",
            {"dsn": "postgresql://?sslmode=require&sslnegotiation=direct"},
        ),
        ("connect_timeout=7", {"timeout": 7.0}),
        ("connect_timeout=0", {}),
        ("application_name=till", {"server_settings": {"application_name": "till"}}),
        (
            "options=-c%20statement_timeout%3D5s",
            {"server_settings": {"options": "-c statement_timeout=5s"}},
        ),
        ("options=endpoint%3Dep-1", {"server_settings": {"options": "endpoint=ep-1"}}),
        ("schema=shop", {"server_settings": {"search_path": "shop"}}),
        ("pgbouncer=true", {"prepared_statement_cache_size": 0, "statement_cache_size": 0}),
        ("pgbouncer=false", {}),
        ("statement_cache_size=0", {"statement_cache_size": 0}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        ("sslmode=", {}),
    ],
)
def test_parameters_are_converted_to_asyncpgs_names(query: str, expected: dict[str, Any]) -> None:
    assert arguments_of(f"{_BASE}/pagila?{query}") == expected


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://u@one:5433,two:5434/db", ["one", "two"], [5433, 5434]),
        ("postgresql://u@one,two/db", ["one", "two"], [5432, 5432]),
        ("postgresql://u@[::1]:5433,two/db?sslmode=disable", ["::1", "two"], [5433, 5432]),
        ("postgresql:///db?host=one,two&port=5433,5434", ["one", "two"], [5433, 5434]),
        ("postgresql:///db?host=one&host=two:5434", ["one", "two"], [5432, 5434]),
        ("postgresql:///db?host=/var/run/postgresql", "/var/run/postgresql", 5432),
        ("postgresql:///db?host=/var/run/postgresql&port=5433", "/var/run/postgresql", 5433),
        ("postgresql://u:p@localhost/db?host=/cloudsql/a:b:c", "/cloudsql/a:b:c", 5432),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/db", "/var/run/postgresql", 5432),
        ("postgresql://one/db?port=5433", "one", 5433),
    ],
)
def test_hosts_are_those_that_libpq_would_use(url: str, host: str | list[str], port: int | list[int]) -> None:
    found = arguments_of(url)
    assert (found["host"], found["port"]) == (host, port)


def test_the_login_may_be_in_parameters() -> None:
    target = target_of(Settings(database_url="postgresql://one/?user=ada&password=x%26y&dbname=shop").database_url)
    assert (target.url.username, target.url.password, target.url.database) == ("ada", "x&y", "shop")


@pytest.mark.parametrize(
    "name", ["channel_binding", "keepalives_idle", "client_encoding", "connection_limit", "gssencmode", "sslsni"]
)
def test_parameters_without_an_equivalent_are_dropped_and_named(name: str) -> None:
    url = f"{_BASE}/pagila?{name}=prefer&sslmode=disable"
    target = target_of(Settings(database_url=url).database_url)
    assert (target.dropped, target.connect_args) == ([name], {"ssl": False})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"{_BASE}/pagila?frobnicate=1", "the unsupported parameter frobnicate"),
        (f"{_BASE}/pagila?require_auth=scram-sha-256", "the unsupported parameter require_auth"),
        (f"{_BASE}/pagila?sslmode=full", "sslmode must be one of disable, allow"),
        (f"{_BASE}/pagila?sslmode=require&sslmode=disable", "has the parameter ssl more than once"),
        (f"{_BASE}/pagila?sslmode=verify-full", "sslmode=verify-full needs sslrootcert"),
        (f"{_BASE}/pagila?sslrootcert=/nowhere/root.crt", "sslrootcert names /nowhere/root.crt"),
        (f"{_BASE}/pagila?sslcert=/nowhere/client.crt", "sslcert names /nowhere/client.crt"),
        (f"{_BASE}/pagila?ssl_min_protocol_version=SSLv3", "ssl_min_protocol_version must be one of"),
        (f"{_BASE}/pagila?sslnegotiation=direct", "sslnegotiation=direct needs sslmode=require"),
        (f"{_BASE}/pagila?connect_timeout=soon", "connect_timeout must be a number"),
        (f"{_BASE}/pagila?target_session_attrs=writable", "target_session_attrs must be one of"),
        (f"{_BASE}/pagila?gssencmode=require", "gssencmode must be one of disable, prefer"),
        (f"{_BASE}:70000/pagila", "port must be between 1 and 65535"),
        (f"{_BASE}:5432x/pagila", "must be a URL such as"),
        (f"{_BASE}/pagila?host=a,b&port=1,2,3", "port must be one number, or one for each host"),
        (f"{_BASE}/pagila?host=a:b", "host must be names or addresses"),
        ("postgresql://ada:x@y?s3cret=z@db.example/pagila", "must be a URL such as"),
        ("postgresql+aiopg://ada:s3cret@db.example/pagila", "must name a Postgres or SQLite database"),
        ("mysql://ada:s3cret@db.example/pagila", "must name a Postgres or SQLite database"),
        ("sqlite://x.db", "needs three slashes"),
        ("sqlite:///nowhere/x.db", "nowhere/x.db, which is a directory or in a directory that does not exist"),
        ("sqlite:////", "which is a directory"),
        ("sqlite:///x.db?journal_mode=wal", "the unsupported parameter journal_mode"),
        ("sqlite:///file:x.db?mode=ro&uri=true", "mode must be one of rw, rwc"),
        ("sqlite:///file::memory:?cache=shared&uri=true", "must be written as sqlite:///:memory:"),
        ("sqlite:///x.db?timeout=long", "timeout must be a number"),
    ],
)
def test_an_unusable_url_is_refused_with_a_sentence(
    url: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # without root certificates
    with pytest.raises(ValidationError) as refused:
        Settings(database_url=url)
    (error,) = refused.value.errors(include_input=False, include_context=False, include_url=False)
    assert says in error["msg"]
    assert "s3cret" not in str(refused.value)


def test_the_systems_authorities_can_be_trusted() -> None:
    context = arguments_of(f"{_BASE}/pagila?sslmode=verify-full&sslrootcert=system")["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    ("url", "database", "arguments"),
    [
        ("sqlite:///x.db?timeout=2", "x.db", {"timeout": 2.0}),
        ("sqlite:///x.db?check_same_thread=false", "x.db", {}),
        ("sqlite:///file:x.db?mode=rwc&uri=true", "file:x.db", {}),
        ("sqlite:////tmp/x.db", "/tmp/x.db", {}),
        ("sqlite://", None, {}),
    ],
)
def test_sqlite_has_parameters_too(url: str, database: str | None, arguments: dict[str, Any]) -> None:
    target = target_of(Settings(database_url=url).database_url)
    assert (target.url.database, target.connect_args) == (database, arguments)
