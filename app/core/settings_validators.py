"""Validators of settings. Each raises ValueError with a message that says what is wrong."""

from __future__ import annotations

import ipaddress
import json
import re
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from pydantic import SecretStr

OFF = "off"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ASYMMETRIC = re.compile(
    r"----[- ]BEGIN |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)|-cert-v01@openssh\.com[ \t]"
)
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")


def rate_limit(text: str) -> str:
    """Validate a rate limit such as `30/minute` or `5 per 2 hours`, or `off`."""
    limit_of(text)
    return text


def limit_of(text: str) -> RateLimitItem | None:
    """Parse a rate limit; return None for `off`."""
    if text.strip().lower() == OFF:
        return None
    try:
        (item,) = parse_many(text)
    except ValueError:
        raise ValueError("must be one limit such as 30/minute, or off") from None
    if item.amount < 1:
        raise ValueError("must allow at least one request; use off for no limit")
    return item


def signing_problem(secret: str) -> str | None:
    """Return why the token library cannot sign with this key, or None. The library itself fails only at a sign-in."""
    try:
        secret.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    if _ASYMMETRIC.search(secret):
        return "is a certificate or a PEM or SSH key, which cannot sign tokens here"
    return None


def redis_url(secret: SecretStr | None) -> SecretStr | None:
    """Validate a Redis URL such as `redis://host:6379/0`, or `rediss://` for TLS."""
    if secret is None:
        return None
    try:
        url = urlsplit(secret.get_secret_value())
        valid = url.scheme in ("redis", "rediss") and url.hostname and url.port != 0
    except ValueError:
        valid = False
    if not valid or not re.fullmatch(r"/?\d*", url.path):
        raise ValueError("must be a URL such as redis://host:6379/0")
    return secret


def proxies(text: str) -> str:
    """Validate comma-separated addresses and networks of proxies, in the format that uvicorn reads.

    A network of all addresses is refused: uvicorn would trust the first address of X-Forwarded-For, which a client
    can forge.
    """
    named = [part.strip() for part in text.split(",") if part.strip()]
    for part in named:
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(f"must name addresses or networks such as 10.0.0.5, 172.16.0.0/12, not {part!r}") from None
        if network.prefixlen == 0:
            raise ValueError("must name the proxies, not every address: clients could forge theirs")
    return ",".join(named)


def listed(value: object) -> object:
    """Parse a list from the environment: JSON, or comma-separated."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON list or comma-separated") from None
    return [part.strip() for part in value.split(",") if part.strip()]


def web_origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins as browsers send them (RFC 6454): in lower case, without the scheme's default port."""
    if "*" in given and len(given) > 1:
        raise ValueError("must be either * or a list of origins")
    return given if given == ("*",) else tuple(map(_origin, given))


def _origin(text: str) -> str:
    wrong = ValueError(f"must be origins such as https://shop.example or http://localhost:3000, not {text!r}")
    try:
        url = urlsplit(text.lower())
        port = url.port
    except ValueError:
        raise wrong from None
    if url.netloc and (url.path or url.query or url.fragment):
        raise ValueError(f"must be origins without a path or a trailing slash, not {text!r}")
    host = url.netloc.removesuffix(f":{port}")
    if url.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise wrong
    return f"{url.scheme}://{host}" if port in (None, _DEFAULT_PORTS[url.scheme]) else f"{url.scheme}://{host}:{port}"
