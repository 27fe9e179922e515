"""The image's HEALTHCHECK: exits with 0 if the service answers, else with 1. Needs only Python's standard library."""

from __future__ import annotations

import http.client
import ipaddress
import os
import sys

SECONDS = 4
LOOPBACK = {4: "127.0.0.1", 6: "::1"}


def reachable(host: str) -> str:
    """Return an address for connecting to a server that listens on `host`: loopback if `host` means all addresses."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return LOOPBACK[address.version] if address.is_unspecified else host


def is_alive() -> bool:
    """Return whether the service answers with 200. Proxy variables such as http_proxy are ignored."""
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
