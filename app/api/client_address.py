"""Client addresses for rate limits and the audit log."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.audit import events_from
from app.core.settings import Settings

_UNKNOWN = "unknown"
_THIS_MACHINE = "127.0.0.1"


class Networks(NamedTuple):
    """The networks of one subscriber, who is free to choose the second half of an IPv6 address."""

    narrow: str
    """An IPv4 address, or the IPv6 address's /64."""
    wide: str
    """The same IPv4 address, or the /48, the most that providers give to one subscriber."""


def addresses_of(scope: Scope, settings: Settings) -> tuple[str, ...]:
    """Return the client's address, and this machine's as well when the client may have forged the first one.

    Servers replace a trusted peer's address with the one in X-Forwarded-For, and by default trust programs on this
    machine. Without a proxy in the settings, an address that is in the header therefore counts as this machine's.
    With a port, it may also be the address of a peer that named itself in the header: then both count.
    """
    host, port = scope.get("client") or ("", 0)
    if settings.forwarded_allow_ips or not host or not _is_named(host, scope):
        return (_plain(host),)
    return (_plain(host), _THIS_MACHINE) if port else (_THIS_MACHINE,)


def networks_of(address: str) -> Networks:
    """Return the networks of an address."""
    if ":" not in address:
        return Networks(address, address)
    number = int(ipaddress.IPv6Address(address))
    narrow, wide = (str(ipaddress.IPv6Network((number, length), strict=False)) for length in (64, 48))
    return Networks(narrow, wide)


def _is_named(host: str, scope: Scope) -> bool:
    return host in ",".join(Headers(scope=scope).getlist("x-forwarded-for"))


def _plain(host: str) -> str:
    """Return the address in canonical form, without its zone, which can be of any length."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return _THIS_MACHINE if address == ipaddress.IPv6Address("::1") else str(address)


class ClientAddressMiddleware:
    """Adds the client's address to audit events."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with events_from(lambda: addresses_of(scope, self._settings)[0]):
            await self._app(scope, receive, send)
