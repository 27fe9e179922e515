"""Providers' errors in our words: nothing of the upstream's text, which may quote keys and questions, gets out."""

from __future__ import annotations

import math

import openai

from app.core.errors import AppError, RateLimited, UpstreamFailed, UpstreamTimeout

_DEFAULT_RETRY_AFTER = 30


def upstream_error(error: BaseException) -> AppError:
    """The AppError that tells what went wrong at the provider."""
    for cause in _causes(error):
        if isinstance(cause, AppError):
            return cause
        if isinstance(cause, openai.RateLimitError):
            return RateLimited("The model provider is rate limiting this service.", retry_after=_retry_after(cause))
        if isinstance(cause, openai.APITimeoutError):
            return UpstreamTimeout("The model provider did not answer in time.")
        if isinstance(cause, (openai.AuthenticationError, openai.PermissionDeniedError)):
            return UpstreamFailed("The model provider refused this service's credentials.")
        if isinstance(cause, openai.APIConnectionError):
            return UpstreamFailed("The model provider could not be reached.")
        if isinstance(cause, openai.APIStatusError):
            return UpstreamFailed(f"The model provider answered with status {cause.status_code}.")
    return UpstreamFailed("The model provider's answer could not be understood.")


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was raised from, the outermost first."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__
    return causes


def _retry_after(error: openai.RateLimitError) -> int:
    """Seconds, rounded up; a date or nonsense counts as 30."""
    try:
        seconds = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return _DEFAULT_RETRY_AFTER
    return max(1, math.ceil(seconds)) if math.isfinite(seconds) else _DEFAULT_RETRY_AFTER
