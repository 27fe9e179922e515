"""Clients' addresses: which of them a request counts for, and which the audit log names."""

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
    """What one subscriber has addresses in. Of IPv6 the second half of an address is the subscriber's to choose."""

    narrow: str
    """An IPv4 address, or the IPv6 address's /64."""
    wide: str
    """The same IPv4 address, or the /48, which is as much as providers give to one subscriber."""


def addresses_of(scope: Scope, settings: Settings) -> tuple[str, ...]:
    """The client's address, and this machine's as well when the client may have made the first one up.

    Servers put the address that X-Forwarded-For names in the place of the peer's where they trust the peer, and by
    default they trust programs on this machine. Without a proxy in the settings, an address that is in the header is
    counted as this machine's, where it must come from. The peer may have sent its own address, though: it has a port.
    """
    host, port = scope.get("client") or ("", 0)
    if settings.forwarded_allow_ips or not host or not _is_named(host, scope):
        return (_plain(host),)
    return (_plain(host), _THIS_MACHINE) if port else (_THIS_MACHINE,)


def networks_of(address: str) -> Networks:
    """The networks that an address counts for."""
    if ":" not in address:
        return Networks(address, address)
    number = int(ipaddress.IPv6Address(address))
    narrow, wide = (str(ipaddress.IPv6Network((number, length), strict=False)) for length in (64, 48))
    return Networks(narrow, wide)


def _is_named(host: str, scope: Scope) -> bool:
    return host in ",".join(Headers(scope=scope).getlist("x-forwarded-for"))


def _plain(host: str) -> str:
    """The address in its one form, whoever wrote it: a header's may have a zone of any length."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return _THIS_MACHINE if address == ipaddress.IPv6Address("::1") else str(address)


class ClientAddressMiddleware:
    """Has the audit log name the client's address."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with events_from(lambda: addresses_of(scope, self._settings)[0]):
            await self._app(scope, receive, send)
