"""Whether the service answers, for HEALTHCHECK: exit status 0, or 1. Needs nothing but Python."""

from __future__ import annotations

import http.client
import ipaddress
import os
import sys

SECONDS = 4
LOOPBACK = {4: "127.0.0.1", 6: "::1"}


def reachable(host: str) -> str:
    """An address that leads to a server which listens on `host`: one that means all addresses leads nowhere."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return LOOPBACK[address.version] if address.is_unspecified else host


def is_alive() -> bool:
    """Ask, without the proxy that http_proxy may name."""
    host = os.environ.get("HOST") or "0.0.0.0"  # noqa: S104  # nosec B104
    port = int(os.environ.get("APP_PORT") or 8000)
    server = http.client.HTTPConnection(reachable(host), port, timeout=SECONDS)
    try:
        server.request("GET", "/health/live")
        return server.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(not is_alive())
