"""A fake server without added quirks, and applications that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import client_of, sample_file
from tests.fakes.openai_server import FakeOpenAI, fake_openai
from tests.fixtures.model_questions import (
    KEY,
    app_with,
)


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(provider: FakeOpenAI) -> None:
    provider.reset()


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample store that all applications of these tests read."""
    return await sample_file(tmp_path_factory)


@pytest.fixture(scope="module")
async def app(provider: FakeOpenAI, store: str) -> AsyncIterator[FastAPI]:
    async with app_with(provider, store) as application:
        await application.state.assistant.get()
        yield application


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


@pytest.fixture
async def new_app(provider: FakeOpenAI, store: str) -> AsyncIterator[FastAPI]:
    """An application that has not yet learnt which parameters the server rejects."""
    async with app_with(provider, store) as application:
        yield application


@pytest.fixture
async def new_client(new_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(new_app) as http:
        yield http


@pytest.fixture(scope="module")
async def azure(provider: FakeOpenAI, store: str) -> AsyncIterator[httpx.AsyncClient]:
    """The application with a deployment on Azure."""
    settings = {
        "ai_provider": "azure",
        "azure_openai_api_key": KEY,
        "azure_openai_endpoint": provider.azure_endpoint,
        "azure_openai_deployment": "store-gpt",
    }
    async with app_with(provider, store, **settings) as application, client_of(application) as http:
        yield http
