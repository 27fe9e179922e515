"""Errors of providers: masking for the log, and conversion to AppErrors."""

from __future__ import annotations

import pytest

from app.agents.chat_services.compatibility import Compatibility
from app.agents.chat_services.provider_errors import ProviderError, from_body, masked
from app.core.errors import AppError, NotConfigured, Unavailable, UpstreamFailed

QUESTION = "What does a lost umbrella dream of in the rain?"


def told(error: ProviderError) -> AppError:
    return error.as_app_error("OPENAI_MODEL", "OPENAI_BASE_URL")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Incorrect API key: my-key-1.", "Incorrect API key: ***."),
        ("Incorrect API key: sk-proj-abc***xyz given", "Incorrect API key: *** given"),
        ("Header was Bearer abcdef", "Header was ***"),
        (f"Blocked: {QUESTION}", "Blocked: [...]"),
        ("Blocked: 'a lost umbrella dream of' ...", "Blocked: '[...]' ..."),
        ("line\none\ttwo", "line one two"),
        ("x" * 9000, "x" * 500),
    ],
)
def test_a_message_is_masked(message: str, shown: str) -> None:
    assert masked(message, ["my-key-1"], [QUESTION]) == shown


@pytest.mark.parametrize(
    ("body", "message", "code", "param"),
    [
        ({"error": {"message": "m", "code": "C", "param": "p"}}, "m", "c", "p"),
        ({"error": {"message": "m", "type": "t", "code": None}}, "m", "t", None),
        ({"error": "m"}, "m", None, None),
        ({"object": "error", "message": "m", "code": 404}, "m", None, None),
        ({"detail": [{"loc": ["body", "x"]}]}, "", None, None),
        ("m", "m", None, None),
        (None, "", None, None),
        ([1], "", None, None),
    ],
)
def test_every_form_of_an_error_is_read(body: object, message: str, code: str | None, param: str | None) -> None:
    error = from_body(body, status=400)
    assert (error.message, error.code, error.param) == (message, code, param)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ProviderError(404, "model_not_found"), NotConfigured, "OPENAI_MODEL"),
        (ProviderError(403, "model_not_found"), NotConfigured, "OPENAI_MODEL"),
        (ProviderError(404, message="The model `x` does not exist."), NotConfigured, "OPENAI_MODEL"),
        (ProviderError(404, message="404 page not found"), NotConfigured, "OPENAI_BASE_URL"),
        (ProviderError(400, message="x does not support tools"), NotConfigured, "cannot call tools"),
        (ProviderError(400, param="tools"), NotConfigured, "cannot call tools"),
        (
            ProviderError(400, message='"auto" tool choice requires --enable-auto-tool-choice'),
            NotConfigured,
            "cannot call tools",
        ),
        (ProviderError(402), Unavailable, "quota"),
        (ProviderError(429, "insufficient_quota"), Unavailable, "quota"),
        (ProviderError(400, message="This model's maximum context length is 9 tokens."), UpstreamFailed, "context"),
        (ProviderError(400, "content_filter"), UpstreamFailed, "content policy"),
        (ProviderError(422), UpstreamFailed, "status 422"),
        (ProviderError(None), UpstreamFailed, "reported an error"),
    ],
)
def test_each_kind_of_provider_error_becomes_its_app_error(
    error: ProviderError, kind: type[AppError], words: str
) -> None:
    app_error = told(error)
    assert type(app_error) is kind
    assert words in app_error.detail


def test_an_error_about_the_context_length_does_not_count_as_rejection_of_max_tokens() -> None:
    error = ProviderError(400, message="maximum context length is 8192, max_tokens is 9000", text="max_tokens")
    body = {"messages": [], "max_tokens": 9000}
    assert not Compatibility().learn(error, body, {}, {})


def test_names_of_messages_are_left_out_where_they_are_refused() -> None:
    compatibility = Compatibility()
    body = {"messages": [{"role": "system", "content": "x", "name": "SearchAgent"}]}
    text = '{"detail": [{"loc": ["body", "messages", 0, "system", "name"], "msg": "Extra inputs"}]}'
    assert compatibility.learn(ProviderError(422, text=text), body, {}, {})
    adapted, _ = compatibility.apply(body)
    assert adapted["messages"] == [{"role": "system", "content": "x"}]
