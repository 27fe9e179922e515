"""What several modules of these tests need."""

from __future__ import annotations

import pytest

from tests.fixtures.redis_server import RedisServer


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def storage(request: pytest.FixtureRequest) -> str | None:
    """Where requests are counted: a database of a Redis server, or None for the process's memory."""
    if request.param == "memory":
        return None
    server: RedisServer = request.getfixturevalue("redis")
    return server.empty_database()
