"""The cost of requests in a large store and deep in a list: python -m tests.load.scale [--scale 100]

Exit status 1 when it does not. Seeding a hundred times Pagila takes some minutes.
"""

from __future__ import annotations

import argparse
import http.client
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.fixtures.callers import ADMIN, bearer, token_of
from tests.load.client import Call, Request, drive
from tests.load.servers import Server, sample_store, uvicorn

_AT_MOST = 1.5
"""Times the cost."""
_ROUNDS, _SECONDS, _WARM_UP = 5, 2.0, 0.5
_PAGES = 20
"""Pages whose median counts as the first or the last one's time."""
_NEXT = re.compile(r'<[^>]*?(/api/[^>]*)>; rel="next"')
_REQUESTS = {
    "100 films": [Request("GET /api/v1/films?limit=100")],
    "a customer's rentals": [
        Request(f"GET /api/v1/customers/{number}/rentals", credential=token_of(ADMIN)) for number in range(1, 101)
    ],
}
_WALKS = ("/api/v1/rentals?limit=1000", "/api/v1/rentals?limit=1000&sort=-rental_date")


def main() -> int:
    """Measure; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.scale", description=__doc__)
    parser.add_argument("--scale", type=int, default=100, help="of the large store (default: %(default)s)")
    scale = parser.parse_args().scale
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-")))
        small, large = (_served(stack, folder, number) for number in (1, scale))
        ratios = [_compare(name, requests, small, large) for name, requests in _REQUESTS.items()]
        ratios += [_walk(path, large) for path in _WALKS]
    return 0 if max(ratios) <= _AT_MOST else 1


def _served(stack: ExitStack, folder: Path, scale: int) -> Server:
    url = stack.enter_context(sample_store(scale))
    return stack.enter_context(uvicorn("app.main:app", folder, DATABASE_URL=url, AI_PROVIDER="offline"))


def _compare(name: str, requests: list[Request], small: Server, large: Server) -> float:
    """The cost of a request in the large store, in that of the small one."""
    calls = [Call(request.encoded, b"[{") for request in requests]
    rates: tuple[list[float], list[float]] = [], []
    for _ in range(_ROUNDS):
        for server, side in zip((small, large), rates, strict=True):
            load = drive(server.port, calls, seconds=_SECONDS, warm_up=_WARM_UP)
            if load.wrong:
                raise RuntimeError(f"{name}: {load.wrong} of {load.total} answers were wrong")
            side.append(load.rate)
    ratio = median(rates[0]) / median(rates[1])
    _say(f"{name}: {median(rates[0]):.0f} and {median(rates[1]):.0f} a second", ratio)
    return ratio


def _walk(path: str, server: Server) -> float:
    """The cost of the last page of a list, in that of the first; the short page at the end does not count."""
    seconds = list(_pages(path, server))[:-1]
    first, last = median(seconds[:_PAGES]), median(seconds[-_PAGES:])
    _say(f"{path}: {len(seconds)} pages, from {first * 1000:.1f} to {last * 1000:.1f} ms", last / first)
    return last / first


def _pages(path: str, server: Server) -> Iterator[float]:
    """Seconds that each page took, following the links."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    following: str | None = path
    while following:
        started = time.perf_counter()
        connection.request("GET", following, headers=bearer(token_of(ADMIN)))
        response = connection.getresponse()
        response.read()
        yield time.perf_counter() - started
        link = _NEXT.search(response.headers["Link"])
        following = link[1] if link else None
    connection.close()


def _say(line: str, ratio: float) -> None:
    verdict = "ok" if ratio <= _AT_MOST else "FAIL"
    sys.stdout.write(f"{line}: {ratio:.2f} times the cost, at most {_AT_MOST}  {verdict}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
