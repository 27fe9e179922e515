"""Rate limits: a caller over the limit is told when to retry, and other callers are not affected."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from app.core.auth.identity import Caller, Role, Scope
from app.schemas.auth import ApiKeyCreate
from app.services.api_keys import ApiKeyService
from tests.conftest import migrate
from tests.fixtures.callers import CUSTOMER, STAFF, bearer, token_of
from tests.fixtures.limited import ask_nothing, client_at, limited_to
from tests.fixtures.redis_server import RedisServer

ASK = "/api/v1/ai/ask"
LIMITED = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


async def test_of_fifty_at_once_ten_are_answered(storage: str | None) -> None:
    async with limited_to("10/minute", storage) as app, client_at(app) as client:
        responses = await asyncio.gather(*(ask_nothing(client) for _ in range(50)))
    assert Counter(response.status_code for response in responses) == {422: 10, 429: 40}
    answered = sorted(int(r.headers["RateLimit-Remaining"]) for r in responses if r.status_code == 422)
    assert answered[0] == 0
    assert answered[-1] <= 9


async def test_one_too_many_is_a_problem_that_says_when_to_try_again(storage: str | None) -> None:
    async with limited_to("2/minute", storage) as app, client_at(app) as client:
        responses = [await ask_nothing(client) for _ in range(3)]
    assert [response.headers["RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]
    refused = responses[-1]
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["RateLimit-Limit"] == "2"
    wait = refused.headers["Retry-After"]
    assert 58 <= int(wait) <= 61
    assert refused.headers["RateLimit-Reset"] == wait
    assert refused.json()["detail"] == f"Rate limit of 2 in 60 seconds exceeded: try again in {wait} seconds."


async def test_a_request_after_retry_after_is_answered(storage: str | None) -> None:
    async with limited_to("1/second", storage) as app, client_at(app) as client:
        assert (await ask_nothing(client)).status_code == 422
        refused = await ask_nothing(client)
        await asyncio.sleep(int(refused.headers["Retry-After"]))
        assert (await ask_nothing(client)).status_code == 422


async def test_asking_in_vain_does_not_lengthen_the_wait(storage: str | None) -> None:
    async with limited_to("1/minute", storage) as app, client_at(app) as client:
        waits = [int((await ask_nothing(client)).headers["RateLimit-Reset"]) for _ in range(20)]
    assert waits == sorted(waits, reverse=True)


async def test_all_routes_that_call_a_model_share_a_limit_and_report_it(storage: str | None) -> None:
    async with limited_to("10/minute", storage) as app, client_at(app) as client:
        responses = [
            await client.get(ASK, params={"question": "Hello?"}),
            await client.get(ASK, params={"question": "Hello?"}, headers={"Accept": "text/event-stream"}),
            await client.post("/api/v1/ai/summary", json={"film_id": "x"}),
            await ask_nothing(client),
        ]
        assert [response.status_code for response in responses] == [200, 200, 422, 422]
        assert [response.headers["RateLimit-Remaining"] for response in responses] == ["9", "8", "7", "6"]
        info = await client.get("/api/v1/ai/info")
    assert info.status_code == 200
    assert not LIMITED & set(info.headers)


async def test_a_limit_that_is_off_does_not_refuse_or_report() -> None:
    async with limited_to("off") as app, client_at(app) as client:
        responses = [await ask_nothing(client) for _ in range(100)]
    assert {response.status_code for response in responses} == {422}
    assert not any(LIMITED & set(response.headers) for response in responses)


async def test_known_callers_are_counted_by_account_from_any_address() -> None:
    async with limited_to("1/minute") as app:
        await migrate(app.state.database)
        command = ApiKeyCreate(name="till", scopes=[Scope.RENTALS_READ])
        key = (await ApiKeyService(app.state.database).create(command, None)).key
        async with client_at(app, "198.51.100.1") as here, client_at(app, "198.51.100.2") as there:
            for credential in (token_of(CUSTOMER), token_of(STAFF), key):
                first = await ask_nothing(here, bearer(credential))
                second = await ask_nothing(there, bearer(credential))
                assert (first.status_code, second.status_code) == (422, 429)
            assert [(await ask_nothing(client)).status_code for client in (here, there)] == [422, 422]


async def test_registering_accounts_does_not_raise_the_limit_of_an_address(storage: str | None) -> None:
    accounts = [Caller(Role.CUSTOMER, account_id=number) for number in range(100, 110)]
    async with limited_to("3/minute", storage) as app, client_at(app) as here, client_at(app, "198.51.100.2") as there:
        responses = [await ask_nothing(here, bearer(token_of(account))) for account in accounts]
        assert [response.status_code for response in responses] == [422] * 3 + [429] * 7
        assert (await ask_nothing(here)).status_code == 429
        # An account's own limit is the same wherever it is, and what was refused here did not use it up.
        responses = [await ask_nothing(there, bearer(token_of(accounts[0]))) for _ in range(3)]
        assert [response.status_code for response in responses] == [422, 422, 429]
        assert (await ask_nothing(there, bearer(token_of(accounts[9])))).status_code == 422


async def test_a_whole_48_gets_twice_as_much_as_one_64(storage: str | None) -> None:
    async with limited_to("2/minute", storage) as app:
        answered = []
        for number in range(4):
            async with client_at(app, f"2001:db8:0:{number:x}::1") as client:
                answered.append([(await ask_nothing(client)).status_code for _ in range(3)])
        async with client_at(app, "2001:db8:1::1") as client:
            answered.append([(await ask_nothing(client)).status_code for _ in range(3)])
    assert answered == [[422, 422, 429], [422, 422, 429], [429] * 3, [429] * 3, [422, 422, 429]]


async def test_a_client_that_names_its_own_address_is_not_another_one() -> None:
    claims = ["198.51.100.1", "198.51.100.1:4711", "203.0.113.9", "127.0.0.1", "198.51.100.1, 203.0.113.9"]
    async with limited_to("2/minute") as app, client_at(app, "198.51.100.1") as client:
        responses = [await ask_nothing(client) for _ in range(2)]
        responses += [await ask_nothing(client, {"X-Forwarded-For": claim}) for claim in claims]
    assert [response.status_code for response in responses] == [422] * 2 + [429] * 5


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("198.51.100.1", "198.51.100.2", False),
        ("198.51.100.1", "::ffff:198.51.100.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),  # one customer's, who can have any of them
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("127.0.0.1", "::1", True),
        ("a socket", "another socket", True),
    ],
)
async def test_addresses_of_one_subscriber_are_counted_together(one: str, other: str, together: bool) -> None:
    async with limited_to("1/minute") as app, client_at(app, one) as first, client_at(app, other) as second:
        assert (await ask_nothing(first)).status_code == 422
        assert (await ask_nothing(second)).status_code == (429 if together else 422)


async def test_processes_with_one_redis_count_together(redis: RedisServer) -> None:
    storage = redis.empty_database()
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(limited_to("10/minute", storage)) for _ in range(2)]
        clients = [await stack.enter_async_context(client_at(app)) for app in apps]
        responses = await asyncio.gather(*(ask_nothing(client) for client in clients for _ in range(10)))
    assert Counter(response.status_code for response in responses) == {422: 10, 429: 10}


async def test_while_redis_is_unavailable_each_process_counts_separately(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    def logged(event: str) -> int:
        return sum(event in record.getMessage() for record in caplog.records)

    storage = redis.empty_database()
    async with limited_to("5/minute", storage) as app, client_at(app) as client:
        assert (await ask_nothing(client)).headers["RateLimit-Remaining"] == "4"
        redis.stop()
        try:
            alone = [await ask_nothing(client) for _ in range(6)]
        finally:
            redis.start()
        assert [response.status_code for response in alone] == [422] * 5 + [429]
        assert logged("rate_limit_storage_unavailable") == 1
        deadline = time.monotonic() + 20
        while not logged("rate_limit_storage_recovered") and time.monotonic() < deadline:
            await ask_nothing(client)
            await asyncio.sleep(0.05)
        assert logged("rate_limit_storage_recovered") == 1
        assert logged("rate_limit_storage_unavailable") == 1


@pytest.mark.alone
async def test_a_redis_that_never_answers_delays_no_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        async with limited_to("100/minute", storage) as app, client_at(app) as client:
            started = time.perf_counter()
            responses = await asyncio.gather(*(ask_nothing(client) for _ in range(20)))
            seconds = time.perf_counter() - started
    assert {response.status_code for response in responses} == {422}
    assert seconds < 2
