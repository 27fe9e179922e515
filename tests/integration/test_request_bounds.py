"""Limits of the size and the time of requests, over sockets, with the service as deployments start it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.fakes.openai_server import FakeOpenAI, fake_openai
from tests.fixtures.callers import ADMIN, bearer, token_of
from tests.fixtures.entrypoint import started
from tests.fixtures.raw_http import RawConnection, RawResponse, connected, exchanged
from tests.fixtures.served import served
from tests.fixtures.serving import UVICORN, Service, serving

pytestmark = pytest.mark.servers

SERVE = ("app", "serve")
LIMIT = 64 * 1024
SECONDS = 1.0
"""RECEIVE_TIMEOUT_SECONDS of the impatient service."""
VARIABLES = {"AI_PROVIDER": "offline", "DATABASE_URL": "sqlite:///store.db"}
CLOSE = b"Connection: close\r\n"
LOGOUT = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

ENDLESS = {
    "headers": (b"GET /health HTTP/1.1\r\nHost: a\r\n", b"X-Name: value\r\n"),
    "a header": (b"GET /health HTTP/1.1\r\nHost: a\r\nX-Name: ", b"value"),
    "a header's name": (b"GET /health HTTP/1.1\r\nHost: a\r\nX", b"-name"),
    "a path": (b"GET /", b"path"),
    "trailers": (LOGOUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X-Name: value\r\n"),
    "a trailer": (LOGOUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Name: ", b"value"),
    "a chunk's extension": (LOGOUT + b"Transfer-Encoding: chunked\r\n\r\n2;name=", b"value"),
}
"""The beginning of a request, and the part that is repeated endlessly."""


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with serving(*SERVE, folder=tmp_path_factory.mktemp("bounded"), **VARIABLES) as running:
        yield running


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.fixture(scope="module")
async def impatient(tmp_path_factory: pytest.TempPathFactory, provider: FakeOpenAI) -> AsyncIterator[Service]:
    model = {"AI_PROVIDER": "openai", "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url}
    variables = {**VARIABLES, **model, "RECEIVE_TIMEOUT_SECONDS": str(SECONDS)}
    async with serving(*SERVE, folder=tmp_path_factory.mktemp("impatient"), **variables) as running:
        yield running


def assert_refused(response: RawResponse, status: int) -> None:
    assert response.status == status, response
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["connection"] == "close"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json["status"] == status
    assert response.json["detail"]
    assert response.json["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("kind", ENDLESS)
async def test_an_endless_head_is_refused_after_64_kib_and_a_buffer(service: Service, kind: str) -> None:
    start, endless = ENDLESS[kind]
    async with connected(service.url) as connection:
        await connection.send(start)
        await connection.send((endless * LIMIT)[: 2 * LIMIT])
        assert_refused(await connection.until_closed(), 431)


@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_head_may_have_64_kib_and_no_more(service: Service, pieces: int) -> None:
    start, end = b"GET /health HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"X-Long: ", b"\r\n\r\n"
    for size, status in ((LIMIT, 200), (LIMIT + 1, 431)):
        head = start + b"x" * (size - len(start) - len(end)) + end
        async with connected(service.url) as connection:
            for piece in range(pieces):
                await connection.send(head[piece * size // pieces : (piece + 1) * size // pieces])
            assert (await connection.until_closed()).status == status


async def test_a_large_body_does_not_count_as_head(service: Service) -> None:
    body = b'{"refresh_token": "' + b"x" * 900_000 + b'"}'
    request = LOGOUT + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with connected(service.url) as connection:
        for _ in range(2):
            await connection.send(request)
            assert (await connection.response()).status == 422  # too long for a token, and read


async def test_pipelined_requests_do_not_count_as_one_head(service: Service) -> None:
    one = b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n"
    async with connected(service.url) as connection:
        await connection.send(one * 100)
        for _ in range(100):
            assert (await connection.response()).status == 200


async def _flood(url: str) -> int:
    sent = 0
    async with connected(url) as connection:
        with suppress(ConnectionError):
            await connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n")
            for _ in range(200):
                await connection.send(b"X-Name: value\r\n" * 4096)
                sent += 15 * 4096
    return sent


async def test_memory_does_not_grow_with_headers_that_never_end(service: Service) -> None:
    await _flood(service.url)
    before = _resident_mb(service)
    await asyncio.gather(*(_flood(service.url) for _ in range(20)))
    assert _resident_mb(service) - before < 40
    assert (await exchanged(service.url, b"GET /health HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"\r\n")).status == 200


async def _pipeline(url: str) -> None:
    """Send requests endlessly and read the responses."""
    async with connected(url) as connection:
        reading = asyncio.create_task(connection.until_closed())
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(connection.send(b"GET /a HTTP/1.1\r\nHost:a\r\n\r\n" * 10_000), 0.5)
        reading.cancel()


async def test_memory_does_not_grow_with_endless_requests(service: Service) -> None:
    before = _resident_mb(service)
    await asyncio.gather(*(_pipeline(service.url) for _ in range(3)))
    assert _resident_mb(service) - before < 60


async def test_requests_with_bodies_may_be_sent_at_once(service: Service) -> None:
    """The responses have the order of the requests, however the bytes are divided."""
    bodies = [b"x" * size for size in (10, 20_000, 1, 300_000, 5)]
    starts = [LOGOUT, LOGOUT.replace(b"logout", b"nothing")] * 3
    requests = [
        start + b"Content-Length: %d\r\n\r\n" % len(body) + body for start, body in zip(starts, bodies, strict=False)
    ]
    chunked = LOGOUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n"
    health = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    async with connected(service.url) as connection:
        sending = asyncio.create_task(connection.send(b"".join([*requests, chunked, health]) * 3))
        for _ in range(3):
            answers = [(await connection.response()).status for _ in range(7)]
            assert answers == [422, 404, 422, 404, 422, 422, 200]
        await sending


def _resident_mb(service: Service) -> float:
    peak = Path(f"/proc/{service.process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    return int(peak) / 1024


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /health HTTP/1.1\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        (b"GET /health HTTP/1.0\r\nHost: a\r\nHost: a\r\n", 400),
        (b"GET /health HTTP/1.0\r\n", 200),
        (LOGOUT + b"Content-Length: " + b"0" * 4999 + b"2\r\n", 400),
        (LOGOUT + b"Content-Length: " + b"9" * 5000 + b"\r\n", 400),
        (LOGOUT + b"Content-Length: +2\r\n", 400),
        (LOGOUT + b"Content-Length: 2\r\nContent-Length: 3\r\n", 400),
        (LOGOUT + b"Content-Length: 18446744073709551615\r\n", 413),
        (b"GET /health SPDY/3\r\nHost: a\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n", 400),
    ],
)
async def test_unusual_and_malformed_requests_have_their_status(service: Service, request_: bytes, status: int) -> None:
    response = await exchanged(service.url, request_ + CLOSE + b"\r\n")
    assert response.status == status
    if status != 200:
        assert_refused(response, status)


async def test_a_credential_in_a_trailer_does_not_count(app: FastAPI) -> None:
    credential = f"Authorization: {bearer(token_of(ADMIN))['Authorization']}\r\n".encode()
    start = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    async with served(app, lifespan="off") as url:
        trailing = await exchanged(url, start + b"\r\n0\r\n" + credential + b"\r\n")
        leading = await exchanged(url, start + credential + b"\r\n0\r\n\r\n")
    assert (trailing.status, leading.status) == (401, 200)


async def test_offers_to_speak_something_else_are_passed_over(service: Service) -> None:
    offers = (b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: \r\n", b"Upgrade: websocket\r\n")
    for offer in offers:
        async with connected(service.url) as connection:
            await connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" + offer + b"\r\n")
            assert (await connection.response()).status == 200


async def _dribbled(connection: RawConnection, start: bytes) -> RawResponse:
    """Send this, and then single bytes slowly; return the response once the connection closes."""
    await connection.send(start)
    closed = asyncio.create_task(connection.until_closed())
    with suppress(ConnectionError):
        while not closed.done():
            await connection.send(b" ")
            await asyncio.sleep(SECONDS / 20)
    return await closed


@pytest.mark.alone
async def test_headers_that_come_too_slowly_are_ended(impatient: Service) -> None:
    begun = time.monotonic()
    async with connected(impatient.url) as connection:
        response = await _dribbled(connection, b"GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    assert SECONDS <= time.monotonic() - begun < 4 * SECONDS
    assert_refused(response, 408)


@pytest.mark.parametrize(("sent", "status"), [(b"", 0), (b"\r\n", 0), (b"G", 408)], ids=repr)
async def test_a_connection_on_which_nothing_comes_is_closed(impatient: Service, sent: bytes, status: int) -> None:
    async with connected(impatient.url) as connection:
        await connection.send(sent)
        assert (await connection.until_closed()).status == status


@pytest.mark.parametrize(("sent", "status"), [(b"", 0), (b"\r\n", 0), (b"GET /health", 408)], ids=repr)
async def test_a_connection_that_is_silent_after_a_request_is_closed(
    impatient: Service, sent: bytes, status: int
) -> None:
    async with connected(impatient.url) as connection:
        await connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await connection.response()).status == 200
        await connection.send(sent)
        assert (await connection.until_closed()).status == status


@pytest.mark.alone
async def test_a_body_that_comes_too_slowly_is_ended(impatient: Service) -> None:
    begun = time.monotonic()
    async with connected(impatient.url) as connection:
        response = await _dribbled(connection, LOGOUT + b"Content-Length: 1000\r\n\r\n")
    assert SECONDS <= time.monotonic() - begun < 4 * SECONDS
    assert_refused(response, 408)


@pytest.mark.alone
async def test_a_slow_body_that_the_route_does_not_read_is_ended(impatient: Service) -> None:
    begun = time.monotonic()
    async with connected(impatient.url) as connection:
        await connection.send(b"POST /api/v1/films/import HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
        assert (await connection.response()).status == 401
        assert time.monotonic() - begun < SECONDS
        assert (await _dribbled(connection, b" ")).status == 0
    assert time.monotonic() - begun < 4 * SECONDS


@pytest.mark.parametrize("keep", [b"", CLOSE], ids=["kept", "closed"])
@pytest.mark.parametrize(("size", "status"), [(9_000_000, 401), (11_000_000, 413)])
async def test_a_client_that_sends_everything_before_reading_gets_the_response(
    service: Service, keep: bytes, size: int, status: int
) -> None:
    head = b"POST /api/v1/films/import HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % size
    async with connected(service.url) as connection:
        await connection.send(head + keep + b"\r\n")
        await connection.send(b"x" * size)
        assert (await connection.response()).status == status
        if not keep:
            await connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await connection.response()).status == 200


@pytest.mark.alone
async def test_an_answer_may_take_longer_than_its_request_may(impatient: Service, provider: FakeOpenAI) -> None:
    provider.latency = 2.5 * SECONDS
    asking = b"GET /api/v1/ai/ask?question=Hello HTTP/1.1\r\nHost: a\r\n\r\n"
    begun = time.monotonic()
    # The next request is sent already, in part: it has to wait, and is not too slow.
    async with connected(impatient.url) as connection:
        await connection.send(asking + b"GET /health HTTP/1.1\r\nHost: a\r\n" + CLOSE)
        assert (await connection.reader.readline()).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - begun > 2 * SECONDS
        await connection.send(b"\r\n")
        assert b"HTTP/1.1 200" in (await connection.until_closed()).body


async def test_the_entrypoint_has_the_same_bounds(tmp_path: Path) -> None:
    async with started(tmp_path, RECEIVE_TIMEOUT_SECONDS=str(SECONDS), **VARIABLES) as service:
        await service.ready()
        await _assert_bounded(f"http://127.0.0.1:{service.port}")


@pytest.mark.debugger
async def test_a_service_with_a_debugger_has_the_same_limits(tmp_path: Path) -> None:
    async with started(tmp_path, RECEIVE_TIMEOUT_SECONDS=str(SECONDS), DEBUG_MODE="true", **VARIABLES) as service:
        await service.ready()
        await _assert_bounded(f"http://127.0.0.1:{service.port}")


async def test_uvicorns_own_command_has_the_limits_with_uvicorn_http(tmp_path: Path) -> None:
    told = {"UVICORN_HTTP": "app.api.protocol:BoundedHttpProtocol", "RECEIVE_TIMEOUT_SECONDS": str(SECONDS)}
    async with serving(*UVICORN, folder=tmp_path, **told, **VARIABLES) as service:
        await _assert_bounded(service.url)


async def test_uvicorns_own_command_refuses_what_it_has_read(tmp_path: Path) -> None:
    async with serving(*UVICORN, folder=tmp_path, **VARIABLES) as service:
        request = b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * LIMIT + b"\r\n" + CLOSE + b"\r\n"
        assert_refused(await exchanged(service.url, request), 431)


async def _assert_bounded(url: str) -> None:
    start, endless = ENDLESS["a header"]
    assert_refused(await exchanged(url, (start + endless * LIMIT)[: LIMIT + 1]), 431)
    assert_refused(await exchanged(url, b"GET /health HTTP/1.1\r\n"), 408)
