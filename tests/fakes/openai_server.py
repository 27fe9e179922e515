"""An OpenAI-compatible server on a real socket, for tests and by hand.

`with fake_openai() as server:` gives a server in its own thread.
`python -m tests.fakes.openai_server --port 9999` runs one in the foreground.
With FAKE_OPENAI_SEED=7 in the environment, all tests' servers mix harmless quirks into what would be normal answers.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import os
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.fakes.openai_answers import error_plan, plan_for, unauthorized
from tests.fakes.openai_errors import openai_error
from tests.fakes.openai_exchange import Exchange, GoneError
from tests.fakes.openai_groups import draw
from tests.fakes.openai_modes import Behaviour, Mode
from tests.fakes.openai_plan import Ask, Plan
from tests.fakes.openai_recording import RecordedRequest, key_of, parsed
from tests.fakes.openai_refusals import RefusalForm
from tests.fakes.openai_validation import invalid_messages
from tests.fakes.openai_wire import Json, Reply, ToolCall

__all__ = ["Behaviour", "FakeOpenAI", "Mode", "RecordedRequest", "RefusalForm", "Reply", "ToolCall", "fake_openai"]

_START_SECONDS = 60.0
_KEEP_ALIVE_SECONDS = 120


class FakeOpenAI:
    """The server's switches and its memory; everything may be set while it runs, from any thread.

    latency      seconds before the first byte
    chunk_delay  seconds between two chunks of a stream, or the halves of a plain body
    retry_after  header of a 429, None for none
    api_key      the only key that is let in, None for any
    also         quirks on top of the mode, for all requests that no script answers
    seed         of Mode.HARMLESS_QUIRKS: the same seed and the same question draw the same quirks
    refusal_form shape of the errors that refuse a parameter by name, None for the mode's own

    With a number for `mixed`, Mode.NORMAL is Mode.HARMLESS_QUIRKS and that number the seed.
    """

    def __init__(self, *, record: bool = True, mixed: int | None = None) -> None:
        self.port = 0
        self._mixed = mixed
        self._record = record
        self._changed = threading.Condition()
        self._watchers: set[asyncio.Task[None]] = set()
        self._serial = itertools.count(1)
        self._run = uuid.uuid4().hex[:12]
        self.reset()

    def reset(self) -> None:
        """Forget all requests and go back to the normal mode, without delays, letting any key in."""
        with self._changed:
            self.mode = Mode.NORMAL
            self.latency = 0.0
            self.chunk_delay = 0.0
            self.retry_after: str | None = "7"
            self.api_key: str | None = None
            self.refusal_form: RefusalForm | None = None
            self.also: tuple[Mode, ...] = ()
            self.seed = self._mixed or 0
            self.calls = 0
            self.requests: list[RecordedRequest] = []
            self._script: deque[Behaviour] = deque()

    def script(self, steps: Iterable[Mode | Reply | Behaviour]) -> None:
        """Behave like this, one step a request, and then in the mode that is set."""
        with self._changed:
            self._script = deque(_behaviour(step) for step in steps)

    @property
    def base_url(self) -> str:
        """For `AsyncOpenAI(base_url=...)`."""
        return f"{self.azure_endpoint}/v1"

    @property
    def azure_endpoint(self) -> str:
        """For `AsyncAzureOpenAI(azure_endpoint=...)`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def disconnects(self) -> int:
        """How many clients went away before their response was complete."""
        return sum(request.disconnected for request in self.requests)

    def wait_until(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        """Block this thread until a request that arrives or ends makes it true. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(f"not within {timeout} s; {self.calls} calls, {self.disconnects} disconnects")

    async def wait_for_calls(self, count: int, timeout: float = 30.0) -> None:
        """Until so many requests have arrived (answered or not)."""
        await asyncio.to_thread(self.wait_until, lambda: self.calls >= count, timeout)

    async def wait_for_disconnect(self, timeout: float = 30.0, count: int = 1) -> None:
        """Until so many clients have gone away in the middle."""
        await asyncio.to_thread(self.wait_until, lambda: self.disconnects >= count, timeout)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application behind both routes."""
        exchange = Exchange(receive, send, self._watchers)
        record: RecordedRequest | None = None
        try:
            raw = await exchange.read_body()
            record, behaviour = self._begin(scope, raw)
            record.sent = exchange.sent
            await exchange.pause(self.latency if behaviour.latency is None else behaviour.latency)
            plan = self._plan(record, len(raw), scope["path_params"].get("deployment"), behaviour)
            await exchange.play(plan, self.chunk_delay if behaviour.chunk_delay is None else behaviour.chunk_delay)
        except GoneError:
            pass  # recorded below; there is nobody left to tell
        finally:
            exchange.close()
            if record is not None:
                self._end(record, exchange.client_left)

    def release(self) -> None:
        """End the exchanges that wait. Runs in the server's own loop."""
        for watcher in tuple(self._watchers):
            watcher.cancel()

    def _begin(self, scope: Scope, raw: bytes) -> tuple[RecordedRequest, Behaviour]:
        headers = dict(Headers(scope=scope))
        record = RecordedRequest(scope["path"], headers, parsed(raw), time.monotonic())
        with self._changed:
            self.calls += 1
            if self._record:
                self.requests.append(record)
            behaviour = self._script.popleft() if self._script else Behaviour(self.mode, also=self.also)
            record.modes = self._modes(behaviour, record.body)
            self._changed.notify_all()
        return record, behaviour

    def _modes(self, behaviour: Behaviour, body: Json) -> tuple[Mode, ...]:
        mode = behaviour.mode
        if mode is Mode.HARMLESS_QUIRKS or (mode is Mode.NORMAL and self._mixed is not None):
            return (Mode.HARMLESS_QUIRKS, *draw(self.seed, body), *behaviour.also)
        return (mode, *behaviour.also)

    def _end(self, record: RecordedRequest, client_left: bool) -> None:
        with self._changed:
            record.ended = time.monotonic()
            record.disconnected = client_left
            self._changed.notify_all()

    def _plan(self, request: RecordedRequest, size: int, deployment: str | None, behaviour: Behaviour) -> Plan:
        key = key_of(request.headers, azure=deployment is not None)
        if self.api_key is not None and key != self.api_key:
            return unauthorized(key)
        invalid = invalid_messages(request.body)
        if invalid is not None:
            return error_plan(openai_error(400, invalid.message, "invalid_request_error", None, invalid.param))
        model = deployment or str(request.body.get("model"))
        completion_id = f"{self._run}{next(self._serial):08x}"
        ask = Ask(request.body, size, model, completion_id, key, self.retry_after, self.refusal_form)
        return plan_for(request.modes, ask, behaviour.reply)


class _Endpoint:
    """Makes Starlette hand over the bare ASGI call: its `receive` is what tells of a disconnect."""

    def __init__(self, server: FakeOpenAI) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._server.handle(scope, receive, send)


class _QuietProtocol(HttpToolsProtocol):
    """Keeps uvicorn's complaints about broken responses, which are meant here, out of the tests' logs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = logging.getLogger("tests.fakes.openai_server.protocol")
        self.logger.setLevel(logging.CRITICAL + 1)


class _ThreadedServer(uvicorn.Server):
    """A uvicorn server that says when it is ready and does not wait for exchanges that hang."""

    def __init__(self, config: uvicorn.Config, fake: FakeOpenAI) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._fake = fake

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._fake.release()
        await super().shutdown(sockets)


@contextmanager
def fake_openai(*, plain: bool = False) -> Iterator[FakeOpenAI]:
    """A running server on a free port of this machine; stopped at the end, also when clients still hang.

    A plain one takes no notice of FAKE_OPENAI_SEED.
    """
    seed = os.environ.get("FAKE_OPENAI_SEED")
    fake = FakeOpenAI(mixed=None if plain or not seed else int(seed))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    fake.port = listener.getsockname()[1]
    server = _ThreadedServer(_config(fake), fake)
    thread = threading.Thread(target=server.run, args=([listener],), name="fake-openai", daemon=True)
    thread.start()
    if not server.ready.wait(_START_SECONDS):
        raise RuntimeError("the fake OpenAI server did not start")
    try:
        yield fake
    finally:
        server.should_exit = True
        thread.join()


def _config(fake: FakeOpenAI, port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        _application(fake),
        host="127.0.0.1",
        port=port,
        http=_QuietProtocol,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )


def _application(fake: FakeOpenAI) -> Router:
    endpoint = _Endpoint(fake)
    paths = ("/v1/chat/completions", "/openai/deployments/{deployment}/chat/completions")
    return Router([Route(path, endpoint, methods=["POST"]) for path in paths])


def _behaviour(step: Mode | Reply | Behaviour) -> Behaviour:
    if isinstance(step, Behaviour):
        return step
    return Behaviour(reply=step) if isinstance(step, Reply) else Behaviour(step)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.openai_server", description=__doc__)
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before the first byte")
    parser.add_argument("--chunk-delay", type=float, default=0.0, help="seconds between two chunks")
    parser.add_argument("--mode", type=Mode, default=Mode.NORMAL, help=", ".join(mode.value for mode in Mode))
    parser.add_argument("--seed", type=int, default=0, help="of --mode harmless_quirks")
    options = parser.parse_args()
    fake = FakeOpenAI(record=False)
    fake.port, fake.mode, fake.seed = options.port, options.mode, options.seed
    fake.latency, fake.chunk_delay = options.latency, options.chunk_delay
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _ThreadedServer(_config(fake, options.port), fake).run()


if __name__ == "__main__":
    _main()
