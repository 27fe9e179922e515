"""Errors that do not depend on the request: statuses and bodies as OpenAI, Azure and Ollama send them."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any, NamedTuple

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_wire import Json

_INVALID = "invalid_request_error"
_AN_HOUR = 3600


class Error(NamedTuple):
    """An error of a provider: JSON, or the text of a web page."""

    status: int
    body: Json | str


def openai_error(status: int, message: str, kind: str, code: str | None, param: str | None = None) -> Error:
    """An error in the shape of OpenAI's."""
    return Error(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def retry_after(mode: Mode, configured: str | None) -> str | None:
    """The Retry-After header of a mode's error, if it has one."""
    if mode is Mode.RATE_LIMITED:
        return configured
    if mode is Mode.RETRY_AFTER_DATE:
        return formatdate(time.time() + _AN_HOUR, usegmt=True)
    return {Mode.RETRY_AFTER_HUGE: "86400000", Mode.RETRY_AFTER_NAN: "nan"}.get(mode)


def error_of(mode: Mode, model: str) -> Error | None:
    """The error that a mode answers with; None when the mode is not one of errors."""
    error = ERRORS.get(mode)
    if error is None:
        return None
    return Error(error.status, _with_model(error.body, model))


def _with_model(value: Any, model: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_model(item, model) for key, item in value.items()}
    return value.replace("MODEL", model) if isinstance(value, str) else value


_RATE_LIMIT = openai_error(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded")
_FILTER_RESULT = {
    "hate": {"filtered": False, "severity": "safe"},
    "jailbreak": {"filtered": True, "detected": True},
    "violence": {"filtered": False, "severity": "safe"},
}
_PROMPT_FILTERED: Json = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
        "Please modify your prompt and retry.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": _FILTER_RESULT},
    }
}
_DEPLOYMENT: Json = {
    "error": {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist. If you created the deployment within the "
        "last 5 minutes, please wait a moment and try again.",
    }
}
_VLLM: Json = {
    "object": "error",
    "message": "The model `MODEL` does not exist.",
    "type": "NotFoundError",
    "param": None,
    "code": 404,
}
_CONTEXT = (
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. "
    "Please reduce the length of the messages."
)
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this "
    "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_IN_STREAM = "The server had an error while processing your request. Sorry about that!"

ERRORS = {
    Mode.RATE_LIMITED: _RATE_LIMIT,
    Mode.RETRY_AFTER_HUGE: _RATE_LIMIT,
    Mode.RETRY_AFTER_NAN: _RATE_LIMIT,
    Mode.RETRY_AFTER_DATE: _RATE_LIMIT,
    Mode.SERVER_ERROR: openai_error(500, _IN_STREAM, "server_error", None),
    Mode.UNAVAILABLE: openai_error(503, "The engine is currently overloaded.", "server_error", "overloaded"),
    Mode.MODEL_NOT_FOUND: openai_error(
        404, "The model `MODEL` does not exist or you do not have access to it.", _INVALID, "model_not_found"
    ),
    Mode.MODEL_NOT_FOUND_OLLAMA: openai_error(404, 'model "MODEL" not found, try pulling it first', "api_error", None),
    Mode.MODEL_NOT_FOUND_VLLM: Error(404, _VLLM),
    Mode.DEPLOYMENT_NOT_FOUND: Error(404, _DEPLOYMENT),
    Mode.INSUFFICIENT_QUOTA: openai_error(429, _QUOTA, "insufficient_quota", "insufficient_quota"),
    Mode.CONTEXT_LENGTH_EXCEEDED: openai_error(400, _CONTEXT, _INVALID, "context_length_exceeded", "messages"),
    Mode.PROMPT_FILTERED: Error(400, _PROMPT_FILTERED),
    Mode.BAD_REQUEST: openai_error(400, "We could not parse your request.", _INVALID, None),
    Mode.ERROR_TEXT: Error(400, {"error": "the request could not be read"}),
    Mode.ERROR_PAGE: Error(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
    Mode.ERROR_FIRST: openai_error(200, _IN_STREAM, "server_error", "server_error"),
    Mode.ERROR_IN_THE_MIDDLE: openai_error(200, _IN_STREAM, "server_error", "server_error"),
}
