"""TLS to Postgres, in libpq's words: `sslmode`, `sslrootcert`, `sslcert` and the like."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SYNONYMS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
"""What drivers of other languages write for `ssl`."""
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_FILES = {"sslrootcert", "sslcert", "sslkey", "sslcrl"}
PARAMETERS = {
    *("ssl", "sslmode", "sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version"),
    *_FILES,
}
_SYSTEM = "system"
"""As `sslrootcert`: the certificate authorities that the operating system trusts."""


def connect_args(parameters: Mapping[str, str]) -> dict[str, Any]:
    """asyncpg's arguments; raises ValueError for a mode that there is not and for files that cannot be used.

    asyncpg reads the files anew for each connection, from a DSN: this looks at them once, to tell at the start.
    """
    if not parameters:
        return {}
    given = {"sslmode" if name == "ssl" else name: value for name, value in parameters.items()}
    _check_choices(given)
    mode = given.get("sslmode", "prefer")
    if mode == "disable":
        return {"ssl": False}
    if given.get("sslrootcert") == _SYSTEM:
        context = ssl.create_default_context()
        _load_certificate(context, given)
        return {"ssl": context, **_negotiation(given)}
    _check_files(given, mode)
    return {"dsn": f"postgresql://?{urlencode({**given, 'sslmode': mode})}"}


def _check_choices(given: dict[str, str]) -> None:
    mode = given.get("sslmode", "prefer")
    given["sslmode"] = _SYNONYMS.get(mode.lower(), mode)
    if given["sslmode"] not in _MODES:
        raise ValueError(f"sslmode must be one of {', '.join(_MODES)}")
    if given.get("sslnegotiation", "postgres") not in ("postgres", "direct"):
        raise ValueError("sslnegotiation must be postgres or direct")
    if given.get("sslnegotiation") == "direct" and _MODES.index(given["sslmode"]) < _MODES.index("require"):
        raise ValueError("sslnegotiation=direct needs sslmode=require or stricter")
    for name in ("ssl_min_protocol_version", "ssl_max_protocol_version"):
        if given.get(name, _VERSIONS[0]) not in _VERSIONS:
            raise ValueError(f"{name} must be one of {', '.join(_VERSIONS)}")


def _negotiation(given: Mapping[str, str]) -> dict[str, bool]:
    return {"direct_tls": True} if given.get("sslnegotiation") == "direct" else {}


def _check_files(given: Mapping[str, str], mode: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    roots = given.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    if roots is None and mode.startswith("verify") and not _default_roots().is_file():
        raise ValueError(
            f"sslmode={mode} needs sslrootcert: a file, or {_SYSTEM} for the certificates that the system trusts"
        )
    for name, path in {"sslrootcert": roots, "sslcrl": given.get("sslcrl")}.items():
        if path:
            try:
                context.load_verify_locations(cafile=path)
            except OSError:  # ssl.SSLError is one
                raise ValueError(f"{name} names {path}, which is not a readable certificate file") from None
    _load_certificate(context, given)


def _default_roots() -> Path:
    return Path("~/.postgresql/root.crt").expanduser()


def _load_certificate(context: ssl.SSLContext, given: Mapping[str, str]) -> None:
    certificate = given.get("sslcert")
    if certificate is None:
        return
    try:
        context.load_cert_chain(certificate, given.get("sslkey"), password=given.get("sslpassword", ""))
    except OSError:
        raise ValueError(f"sslcert names {certificate}, which cannot be used with sslkey and sslpassword") from None
