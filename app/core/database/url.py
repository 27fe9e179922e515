"""Translate DATABASE_URL, in the forms of libpq, SQLAlchemy and others, for asyncpg and aiosqlite.

Each parameter is translated, dropped (with a warning when the database is opened) or refused with a ValueError, whose
message contains no value of the URL except the name of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from app.core.database import tls

_EXAMPLE = "must be a URL such as postgresql+asyncpg://user:password@host:5432/name"
_ENCODE = "special characters of the user name and the password must be percent-encoded"
_BACKENDS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite3": "sqlite+aiosqlite",
}
_DRIVERS = {
    "postgresql+asyncpg": {"", "asyncpg", "psycopg", "psycopg2", "psycopg2cffi", "psycopg_async", "pg8000"},
    "sqlite+aiosqlite": {"", "aiosqlite", "pysqlite"},
}

_HOST_AND_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.%]+)\](?::(?P<p6>\d+))?|(?P<host>[^:/\[\]]+)(?::(?P<port>\d+))?")

_CHOICES = {
    "target_session_attrs": {"any", "primary", "standby", "read-write", "read-only", "prefer-standby"},
    "gssencmode": {"disable", "prefer"},
    "pgbouncer": {"true", "false"},
    "uri": {"true", "false"},
    "mode": {"rw", "rwc"},
}
_INTEGERS = {"prepared_statement_cache_size", "statement_cache_size"}
_SECONDS = {"connect_timeout", "timeout", "command_timeout"}
_SERVER_SETTINGS = {"application_name": "application_name", "options": "options", "schema": "search_path"}
"""Parameters that are settings of the session; `schema` is Prisma's."""
_PASSED_ON = {"target_session_attrs", "passfile", "krbsrvname", "gsslib", *_INTEGERS}
_PLACES = {"host", "port", "user", "password", "dbname"}
_DROPPED = {
    # Of libpq, without an equivalent in asyncpg
    *("channel_binding", "client_encoding", "fallback_application_name", "gssdelegation", "gssencmode"),
    *("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "load_balance_hosts"),
    *("sslcertmode", "sslcompression", "sslsni", "tcp_user_timeout"),
    # Of Prisma and of hosting platforms: the pool has settings of its own here
    *("connection_limit", "pool_timeout", "socket_timeout", "supa", "workaround"),
}
_SQLITE_URI = {"uri", "mode", "cache", "vfs", "nolock", "psow"}
_KNOWN = {
    "postgresql": {
        *(*_PLACES, *_SECONDS, *_SERVER_SETTINGS, *_PASSED_ON, *_DROPPED),
        *(*tls.PARAMETERS, "pgbouncer"),
    },
    "sqlite": {*_SQLITE_URI, "timeout", "check_same_thread"},
}


@dataclass
class Target:
    """A database to connect to: the URL without parameters, and the driver's arguments that replace them."""

    url: URL
    connect_args: dict[str, Any] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Names of parameters without an equivalent."""

    def put(self, name: str, value: str) -> None:
        """Translate a parameter of Postgres, except those of TLS and of the address."""
        _check_choice(name, value)
        if name in _SERVER_SETTINGS:
            self.connect_args.setdefault("server_settings", {})[_SERVER_SETTINGS[name]] = value
        elif name in _SECONDS:
            self._put_seconds("timeout" if name == "connect_timeout" else name, _number(name, value))
        elif name == "pgbouncer":
            if value == "true":
                self.connect_args |= NOTHING_PREPARED
        elif name in _DROPPED:
            self.dropped.append(name)
        else:
            self.connect_args[name] = int(_number(name, value)) if name in _INTEGERS else value

    def _put_seconds(self, name: str, seconds: float) -> None:
        """Set a timeout. 0 means no limit in libpq; then the limits of Settings apply."""
        if seconds > 0:
            self.connect_args[name] = seconds


NOTHING_PREPARED = {"prepared_statement_cache_size": 0, "statement_cache_size": 0}
"""Disables the statement caches of SQLAlchemy and asyncpg: each execution parses an unnamed statement."""


def normalised(text: str) -> str:
    """Return the URL with its async driver, or raise ValueError with a sentence that says what is wrong."""
    scheme, separator, rest = text.strip().partition("://")
    backend, _, driver = scheme.lower().partition("+")
    if not separator or not backend:
        raise ValueError(_EXAMPLE)
    if (known := _BACKENDS.get(backend)) is None or driver not in _DRIVERS[known]:
        raise ValueError("must name a Postgres or SQLite database: postgresql://... or sqlite:///...")
    if known.startswith("postgresql"):
        rest = _with_hosts_as_parameters(rest)
        rest = rest.replace("?sslmode=", "?ssl=").replace("&sslmode=", "&ssl=")
    url = f"{known}://{rest}"
    target = target_of(url)
    if known.startswith("sqlite"):
        _check_file(target.url.database or "")
    return url


def target_of(text: str) -> Target:
    """Return where and how to connect, or raise ValueError with a sentence that says what is wrong."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"{_EXAMPLE}; {_ENCODE}") from None
    parameters = dict(_parameters(url))
    for name in parameters.keys() - _KNOWN[url.get_backend_name()]:
        # What looks like a parameter may be the rest of a password with ? in it.
        encode = any("@" in value for value in parameters.values())
        raise ValueError(f"{_EXAMPLE}; {_ENCODE}" if encode else f"has the unsupported parameter {name}: remove it")
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, parameters)
    return _postgres(url, parameters)


def _with_hosts_as_parameters(rest: str) -> str:
    """Convert several hosts before the path, as in libpq, to several parameters `host`, as in SQLAlchemy."""
    authority, slash, tail = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    if "," not in hosts:
        return rest
    path, _, query = tail.partition("?")
    named = "&".join([*(f"host={host}" for host in hosts.split(",")), *([query] if query else [])])
    return f"{login}{at}{slash or '/'}{path}?{named}"


def _parameters(url: URL) -> Iterator[tuple[str, str]]:
    """Yield the parameters that have a value. Only `host` may occur several times."""
    for name, value in url.query.items():
        if isinstance(value, tuple):
            if name != "host":
                raise ValueError(f"has the parameter {name} more than once")
            value = ",".join(value)
        if value:
            yield name, value


def _postgres(url: URL, parameters: Mapping[str, str]) -> Target:
    places = {name: value for name, value in parameters.items() if name in _PLACES}
    of_tls = {name: value for name, value in parameters.items() if name in tls.PARAMETERS}
    target = Target(_with_login(url, places))
    for name, value in parameters.items():
        if name not in places and name not in of_tls:
            target.put(name, value)
    target.connect_args |= _address(url, places) | tls.connect_args(of_tls)
    return target


def _with_login(url: URL, places: Mapping[str, str]) -> URL:
    return url.set(
        query={},
        username=places.get("user", url.username),
        password=places.get("password", url.password),
        database=places.get("dbname", url.database),
    )


def _address(url: URL, places: Mapping[str, str]) -> dict[str, Any]:
    """Return asyncpg's `host` and `port`, or nothing if SQLAlchemy can read them from the URL."""
    if "host" in places:
        named = [_host_and_port(part.strip()) for part in places["host"].split(",")]
    elif url.host and ("port" in places or "%" in url.host):
        named = [(unquote(url.host), url.port)]
    else:
        _check_port(url.port)
        return {}
    ports = _ports(places.get("port", ""), [port for _, port in named])
    if len(named) == 1:
        return {"host": named[0][0], "port": ports[0]}
    return {"host": [host for host, _ in named], "port": ports}


def _ports(text: str, own: list[int | None]) -> list[int]:
    """Return the port of each host: that of the parameter, else its `own`."""
    given = [int(_number("port", part)) for part in text.split(",") if part]
    if len(given) not in (0, 1, len(own)):
        raise ValueError("port must be one number, or one for each host")
    ports = given if len(given) == len(own) else [(given[0] if given else port or 5432) for port in own]
    for port in ports:
        _check_port(port)
    return ports


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("/"):  # the directory of a socket, such as /cloudsql/project:region:name
        return text, None
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        raise ValueError("host must be names or addresses, such as host1:5432,host2:5432, or a socket's directory")
    port = match["port"] or match["p6"]
    return match["host"] or match["v6"], int(port) if port else None


def _check_choice(name: str, value: str) -> None:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"{name} must be one of {', '.join(sorted(_CHOICES[name]))}")


def _check_port(number: int | None) -> None:
    if number is not None and not 0 < number < 65536:
        raise ValueError("port must be between 1 and 65535")


def _sqlite(url: URL, parameters: Mapping[str, str]) -> Target:
    if url.host or url.username or url.password:
        raise ValueError("needs three slashes before a relative path and four before an absolute one: sqlite:///x.db")
    target = Target(url)
    for name, value in parameters.items():
        if name == "check_same_thread":  # aiosqlite has one thread for each connection
            target.dropped.append(name)
        elif name == "timeout":
            target.put(name, value)
        else:
            _check_choice(name, value)
    target.url = url.set(query={name: value for name, value in parameters.items() if name in _SQLITE_URI})
    return target


def _check_file(name: str) -> None:
    """Raise ValueError for a file that cannot be created."""
    if name in ("", ":memory:"):
        return
    if ":memory:" in name:
        raise ValueError("must be written as sqlite:///:memory: for an in-memory database")
    path = Path(name.removeprefix("file:"))
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"names {path}, which is a directory or in a directory that does not exist")


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{name} must be a number") from None
