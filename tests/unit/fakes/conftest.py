"""A fake server for each module, which is reset for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.openai_server import FakeOpenAI, fake_openai


@pytest.fixture(scope="module")
def running_server() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture
def server(running_server: FakeOpenAI) -> FakeOpenAI:
    running_server.reset()
    return running_server
