"""Benchmark of the service against hand-written equivalents: python -m tests.load

Exit status 1 when a requirement is missed or an answer was wrong. Only the ratios mean something elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from tests.fakes.openai_server import fake_openai
from tests.fixtures.callers import ADMIN, CUSTOMER, token_of
from tests.fixtures.ports import free_port
from tests.load.client import Call, Load, Request, drive
from tests.load.protocol import seconds_for_bounds
from tests.load.servers import Server, api_key, python, sample_store, seconds_to_load_agents, uvicorn

_OURS = "app.main:app"
_TURN = Request("POST /api/v1/ai/handoff", {"question": "What is the rental rate for the film Alien?"})
_FILM = Request("GET /api/v1/films/1")
_FILMS = [Request(f"GET /api/v1/films/{number}") for number in range(1, 101)]
_LIST = Request("GET /api/v1/films?limit=100")
_RENTALS = [Request(f"GET /api/v1/customers/{number}/rentals", credential=token_of(ADMIN)) for number in range(1, 101)]
_AGENTS = Request("GET /api/v1/ai/info")
"""Answered as soon as the agents are loaded."""
_VARIES = b',"usage":'
"""Where the part of a turn's answer begins that is not always the same: tokens and duration."""
_STARTS = 3
_TURNS = 1000
_MANY = 64
"""Clients, many more than database connections."""
_WARM_UP = 0.5
"""Seconds before each measured window."""


@dataclass(frozen=True)
class Options:
    """How long to measure: windows per side and comparison, and seconds of each."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """The same requests to the service and to the reference; `at_least` is the ratio required of their rates."""

    name: str
    ours: Server
    reference: Server
    requests: list[Request]
    at_least: float | None = None


class Report:
    """Prints results as they come; remembers whether all were as required."""

    def __init__(self) -> None:
        self.ok = True

    def say(self, line: str) -> None:
        """A line of the report."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def compared(self, comparison: Comparison, ours: Sequence[Load], reference: Sequence[Load]) -> None:
        """The medians of both sides' rates."""
        rates = [median(load.rate for load in loads) for loads in (ours, reference)]
        ratio, required = rates[0] / rates[1], comparison.at_least
        at_least, verdict = ("-", "") if required is None else (f"{required:.2f}", self._verdict(ratio >= required))
        self.say(f"{comparison.name:34}{rates[0]:9.1f}{rates[1]:9.1f}{ratio:9.2f}{at_least:>9}  {verdict}".rstrip())
        self.answered(*ours, *reference)

    def answered(self, *loads: Load) -> None:
        """Says so if any answer was wrong."""
        if wrong := sum(load.wrong for load in loads):
            self.say(f"{wrong} of {sum(load.total for load in loads)} answers were wrong  {self._verdict(False)}")

    def measured(self, name: str, value: float, unit: str, at_most: float | None = None) -> None:
        """A number by itself."""
        limit = "" if at_most is None else f"at most {at_most:g} {unit}  {self._verdict(value <= at_most)}"
        self.say(f"{name:34}{value:9.3g} {unit:8} {limit}".rstrip())

    def _verdict(self, ok: bool) -> str:
        self.ok = self.ok and ok
        return "ok" if ok else "FAIL"


def main() -> int:
    """Measure everything; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measured windows of each side (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a window (default: %(default)s)")
    options = Options(**vars(parser.parse_args()))
    report = Report()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
        database = stack.enter_context(sample_store())
        _measure(report, options, stack, folder, database)
    return 0 if report.ok else 1


def _measure(report: Report, options: Options, stack: ExitStack, folder: Path, database: str) -> None:
    call = folder / "model_call.json"
    call.write_text(json.dumps(_model_call(folder, database)))
    _starts(report, folder, database)
    port = free_port()
    stack.enter_context(python(["-m", "tests.fakes.openai_server", "--port", str(port)], folder, port, {}))
    model = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "any"}
    by_hand = stack.enter_context(
        uvicorn("tests.load.reference:app", folder, DATABASE_URL=database, MODEL_CALL=str(call), **model)
    )
    openai = stack.enter_context(uvicorn(_OURS, folder, DATABASE_URL=database, **model))
    offline = stack.enter_context(uvicorn(_OURS, folder, DATABASE_URL=database, AI_PROVIDER="offline"))
    for server in (openai, offline):
        server.fetch(_AGENTS)
    naive = stack.enter_context(uvicorn("tests.load.naive:app", folder, DATABASE_URL=database))
    key = api_key(database)
    by_key = [replace(request, credential=key) for request in _RENTALS]
    by_customer = replace(_TURN, credential=token_of(CUSTOMER))
    report.say(f"\n{'answers a second':34}{'ours':>9}{'theirs':>9}{'ratio':>9}{'at least':>9}")
    for comparison in (
        Comparison("film", offline, by_hand, _FILMS, 0.25),
        Comparison("10 films", offline, by_hand, [Request("GET /api/v1/films?limit=10")], 0.25),
        Comparison("100 films", offline, by_hand, [_LIST], 0.25),
        Comparison("films of a category", offline, by_hand, [Request("GET /api/v1/films?category=action")], 0.25),
        Comparison("a customer's rentals, with a token", offline, by_hand, _RENTALS, 0.25),
        Comparison("a customer's rentals, with a key", offline, by_hand, by_key, 0.25),
        Comparison("100 films, beside a naive ORM", offline, naive, [_LIST], 1.5),
        Comparison("handoff, openai over a socket", openai, by_hand, [_TURN], 0.45),
        Comparison("the same for a customer", openai, by_hand, [by_customer], 0.4),
        # 150 turns a second on the machine where the loop, with its model over a socket, makes 170.
        Comparison("handoff, offline", offline, by_hand, [_TURN], 150 / 170),
    ):
        report.compared(comparison, *_compare(options, comparison))
    report.say("")
    _waits(report, options, offline)
    (films,) = _calls(_FILMS, offline)
    film = 1 / drive(offline.port, films, seconds=options.seconds, warm_up=_WARM_UP).rate
    share = 100 * seconds_for_bounds(_FILM.encoded) / film
    report.measured("bounds on requests, of a film", share, "%", at_most=3)
    for name, server in (("openai", openai), ("offline", offline)):
        (turns,) = _calls([_TURN], server)
        report.answered(drive(server.port, turns, seconds=0, at_least=_TURNS))
        report.measured(f"memory after {_TURNS} turns, {name}", server.resident_mb, "MB", at_most=200)


def _model_call(folder: Path, database: str) -> dict[str, Any]:
    """What the service asks of the model first. As a side effect, its bytecode is cached from here on."""
    with (
        fake_openai() as model,
        uvicorn(_OURS, folder, DATABASE_URL=database, OPENAI_BASE_URL=model.base_url, OPENAI_API_KEY="any") as ours,
    ):
        ours.fetch(_TURN)
        return model.requests[0].body


def _waits(report: Report, options: Options, server: Server) -> None:
    """How much longer than half of the answers the slowest take: clients wait for connections in their turn."""
    (films,) = _calls([_LIST], server)
    load = drive(server.port, films, seconds=options.seconds, warm_up=_WARM_UP, connections=_MANY)
    report.answered(load)
    report.measured(f"100 films, {_MANY} clients, p50", load.wait(0.5), "s")
    report.measured("p99 by p50", load.wait(0.99) / load.wait(0.5), "times", at_most=5)


def _starts(report: Report, folder: Path, database: str) -> None:
    healthy, film, slowest, ready, memory = [], [], [], [], []
    for _ in range(_STARTS):
        with uvicorn(_OURS, folder, DATABASE_URL=database, AI_PROVIDER="offline") as server:
            server.fetch(Request("GET /health"))
            healthy.append(time.perf_counter() - server.started)
            film.append(_seconds_for(server, _FILM))
            slowest.append(_slowest_while_loading(server))
            ready.append(time.perf_counter() - server.started)
            memory.append(server.resident_mb)
    loading = median(seconds_to_load_agents(folder) for _ in range(_STARTS))
    report.measured("start to first /health", median(healthy), "s", at_most=1.5)
    report.measured("then a film", median(film), "s")
    report.measured("slowest film while agents load", median(slowest), "s")
    report.measured("start to agents ready", median(ready), "s")
    report.measured("loading the agents", loading, "s")
    report.measured("memory when they are loaded", median(memory), "MB", at_most=150)


def _slowest_while_loading(server: Server) -> float:
    with ThreadPoolExecutor(1) as other:
        agents = other.submit(server.fetch, _AGENTS)
        seconds = [0.0]
        while not agents.done():
            seconds.append(_seconds_for(server, _FILM))
        agents.result()
    return max(seconds)


def _seconds_for(server: Server, request: Request) -> float:
    started = time.perf_counter()
    server.fetch(request)
    return time.perf_counter() - started


def _compare(options: Options, comparison: Comparison) -> tuple[list[Load], list[Load]]:
    """Both sides' loads, measured by turns: what else the machine does hits both alike."""
    servers = comparison.ours, comparison.reference
    ours, reference = _calls(comparison.requests, *servers)
    loads: tuple[list[Load], list[Load]] = [], []
    for _ in range(options.rounds):
        for server, calls, side in zip(servers, (ours, reference), loads, strict=True):
            side.append(drive(server.port, calls, seconds=options.seconds, warm_up=_WARM_UP))
    return loads


def _calls(requests: Sequence[Request], *servers: Server) -> list[list[Call]]:
    """The requests for each server, expecting what it answers now. Raises RuntimeError unless all answer the same."""
    calls: list[list[Call]] = [[] for _ in servers]
    for request in requests:
        bodies = [server.fetch(request) for server in servers]
        if any(_comparable(body) != _comparable(bodies[0]) for body in bodies):
            raise RuntimeError(f"{request.line} is answered differently: {bodies}")
        for side, body in zip(calls, bodies, strict=True):
            side.append(Call(request.encoded, body.partition(_VARIES)[0]))
    return calls


def _comparable(body: bytes) -> Any:
    answer = json.loads(body)
    if "answer" in answer:
        # The offline model looks things up in its own way.
        del answer["usage"], answer["duration_ms"], answer["steps"]
    return answer


if __name__ == "__main__":
    sys.exit(main())
