"""Servers that refuse a parameter by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.test_agents import assert_all_right, some_films
from tests.conftest import client_of
from tests.fakes.openai_groups import (
    REFUSALS,
)
from tests.fakes.openai_server import FakeOpenAI, Mode, RefusalForm
from tests.fixtures.model_questions import (
    FILM,
    OTHER,
    QUESTIONS,
    SUMMARY,
    TEXT,
    Question,
    app_with,
    ask_film,
    assert_answered,
)

pytestmark = pytest.mark.servers


class TestRefusedParameters:
    """Servers that refuse a parameter by name."""

    @pytest.fixture
    async def configured(self, provider: FakeOpenAI, store: str) -> AsyncIterator[httpx.AsyncClient]:
        """An application with a value for each parameter that a server may reject."""
        settings = {"ai_max_tokens": 500, "ai_temperature": 0.3, "openai_reasoning_effort": "low"}
        async with app_with(provider, store, **settings) as application, client_of(application) as http:
            yield http

    @pytest.mark.parametrize("question", QUESTIONS)
    @pytest.mark.parametrize("mode", REFUSALS)
    async def test_rejected_parameters_are_removed_or_replaced_and_remembered(
        self,
        configured: httpx.AsyncClient,
        provider: FakeOpenAI,
        mode: Mode,
        question: Question,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        provider.mode = mode
        assert_answered(question, await question.ask(configured))
        first = provider.calls
        warnings = [record for record in caplog.records if "model_parameter_refused" in record.getMessage()]
        assert_answered(question, await question.ask(configured))
        needed = 2 if question.agent is not None else 1
        assert provider.calls - first == needed
        assert len(warnings) == first - needed

    @pytest.mark.parametrize("form", RefusalForm)
    async def test_every_form_of_a_refusal_is_understood(
        self, configured: httpx.AsyncClient, provider: FakeOpenAI, form: RefusalForm
    ) -> None:
        provider.mode, provider.refusal_form = Mode.STRICT_SERVER, form
        for question in (FILM, OTHER, TEXT, SUMMARY):
            assert_answered(question, await question.ask(configured))

    async def test_fifty_at_once_learn_it_once(
        self, new_client: httpx.AsyncClient, provider: FakeOpenAI, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.mode = Mode.TOOLS_WANT_NO_REASONING
        await assert_all_right(new_client, await some_films(new_client, 50))
        warned = [record for record in caplog.records if "model_parameter_refused" in record.getMessage()]
        assert len(warned) == 1

    async def test_unset_parameters_are_not_sent(self, new_client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
        for question in (FILM, TEXT, SUMMARY):
            await question.ask(new_client)
        sent = {name for request in provider.requests for name in request.body}
        assert sent == {"model", "messages", "tools", "stream", "stream_options", "response_format"}

    async def test_configured_parameters_are_sent(self, configured: httpx.AsyncClient, provider: FakeOpenAI) -> None:
        await ask_film(configured)
        body = provider.requests[0].body
        assert (body["max_tokens"], body["temperature"], body["reasoning_effort"]) == (500, 0.3, "low")

    async def test_a_rejected_request_that_cannot_be_changed_is_502(
        self, new_client: httpx.AsyncClient, provider: FakeOpenAI
    ) -> None:
        provider.mode = Mode.BAD_REQUEST
        assert (await ask_film(new_client)).status_code == 502
        assert provider.calls == 1
