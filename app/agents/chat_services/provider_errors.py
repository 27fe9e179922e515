"""Errors of providers: fixed messages for the caller; the original text for the log, with keys and questions masked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai

from app.core.errors import AppError, NotConfigured, RateLimited, Unavailable, UpstreamFailed, UpstreamTimeout

_DEFAULT_RETRY_AFTER = 30
_MAX_RETRY_AFTER = 3600
_MAX_TEXT = 4000
_MAX_MESSAGE = 500
_MASKED_RUN = 12
"""Minimum characters of a quotation from the question for it to be masked."""

_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"}
_MODEL_CODES = {"model_not_found", "model_deprecated", "model_not_available", "deploymentnotfound"}
_CONTEXT_CODES = {"context_length_exceeded", "exceed_context_size_error"}
_FILTER_CODES = {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}

_CONTEXT_WORDS = re.compile(
    r"maximum context|context (length|window|size)|too many (input )?tokens|prompt is too long", re.IGNORECASE
)
_MODEL_WORDS = re.compile(r"\b(model|deployment)\b.*\b(not (found|exist)|unknown|deprecated|retired)", re.IGNORECASE)
_NO_TOOLS_WORDS = re.compile(r"does not support (tools|function)|tool choice requires", re.IGNORECASE)
_KEYS = re.compile(r"\b(?:sk|dvd|gsk|key|pk)[-_][\w*.-]{6,}|(?i:bearer)\s+\S+")


@dataclass(frozen=True)
class ProviderError:
    """A provider's error. `status` is None for an error inside a stream."""

    status: int | None
    code: str | None = None
    param: str | None = None
    message: str = ""
    text: str = ""
    """The whole error, truncated to 4000 characters."""
    retry_after: str | None = None

    @property
    def is_about_content(self) -> bool:
        """Whether the provider rejects the content, so that a request with other parameters fails as well."""
        return bool(self._is_model or self._is_quota or self._is_filter or self._is_context)

    @property
    def _is_quota(self) -> bool:
        return self.code in _QUOTA_CODES or self.status == 402

    @property
    def _is_model(self) -> bool:
        if self.code in _MODEL_CODES or self.status == 410:
            return True
        return self.status in (400, 404) and bool(_MODEL_WORDS.search(self.message))

    @property
    def _is_filter(self) -> bool:
        return self.code in _FILTER_CODES or '"content_filter_result"' in self.text

    @property
    def _is_context(self) -> bool:
        return self.code in _CONTEXT_CODES or bool(_CONTEXT_WORDS.search(self.message))

    def as_app_error(self, model_setting: str, address_setting: str) -> AppError:
        """Return the error for the caller, without the provider's text. It names a setting that is the likely cause."""
        if self._is_model:
            return NotConfigured(
                f"The model provider does not know the model: set {model_setting} to one that it serves."
            )
        if self._is_quota:
            return Unavailable("The quota at the model provider is exhausted.")
        if self._is_filter:
            return UpstreamFailed("The question was filtered by the provider's content policy.")
        if self._is_context:
            return UpstreamFailed("The conversation is longer than the model's context.")
        if self.param == "tools" or _NO_TOOLS_WORDS.search(self.message):
            return NotConfigured(
                f"The model cannot call tools: set {model_setting} to one that can, and check its server's options."
            )
        if self.status == 404:
            return NotConfigured(f"The model provider has no such path: check {address_setting}.")
        return self._by_status()

    def _by_status(self) -> AppError:
        if self.status == 429:
            return RateLimited(
                "The model provider is rate limiting this service.", retry_after=_retry_after(self.retry_after)
            )
        if self.status in (401, 403):
            return UpstreamFailed("The model provider refused this service's credentials.")
        if self.status in (400, 413, 422):
            return UpstreamFailed(f"The model provider refused the request with status {self.status}.")
        if self.status is None:
            return UpstreamFailed("The model provider reported an error in the middle of its answer.")
        return UpstreamFailed(f"The model provider answered with status {self.status}.")

    def for_log(self, secrets: Iterable[str], texts: Iterable[str]) -> dict[str, Any]:
        """Return status, code, parameter and message, with keys and questions masked."""
        message = masked(self.message or self.text, secrets, texts)
        return {"status": self.status, "code": self.code, "param": self.param, "message": message}


def from_openai(error: openai.APIStatusError) -> ProviderError:
    """Return the error of a rejected request."""
    return from_body(error.body, status=error.status_code, retry_after=error.response.headers.get("retry-after"))


def from_body(body: object, *, status: int | None = None, retry_after: str | None = None) -> ProviderError:
    """Return the error in a body. Servers send an object, an object in `error` or `detail`, or a text."""
    inner = body
    if isinstance(body, Mapping):
        inner = next((body[key] for key in ("error", "detail") if body.get(key)), body)
    fields = inner if isinstance(inner, Mapping) else {}
    message = next((value for key in ("message", "msg") if isinstance(value := fields.get(key), str)), None)
    code = next((value for key in ("code", "type") if isinstance(value := fields.get(key), str)), None)
    param = fields.get("param")
    text = body if isinstance(body, str) else json.dumps(body, default=str)
    return ProviderError(
        status=status,
        code=code.lower()[:100] if code else None,
        param=param[:100] if isinstance(param, str) and param else None,
        message=message if message is not None else inner if isinstance(inner, str) else "",
        text=text[:_MAX_TEXT],
        retry_after=retry_after,
    )


def unreachable(error: BaseException) -> AppError:
    """Return the error for a missing or incomplete answer."""
    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException)):
        return UpstreamTimeout("The model provider did not answer in time.")
    return UpstreamFailed("The model provider is unreachable or aborted its answer.")


def masked(message: str, secrets: Iterable[str], texts: Iterable[str]) -> str:
    """Return the message in one line of at most 500 characters, without the secrets and quotations of the texts."""
    line = " ".join(message[:_MAX_TEXT].split())
    for secret in filter(None, secrets):
        line = line.replace(secret, "***")
    line = _KEYS.sub("***", line)
    return _without_quotations(line, texts)[:_MAX_MESSAGE]


def _without_quotations(line: str, texts: Iterable[str]) -> str:
    runs: set[tuple[int, str]] = set()
    for text in texts:
        flat = " ".join(text.split())
        size = min(_MASKED_RUN, len(flat))
        if size >= 4:
            runs.update((size, flat[start : start + size]) for start in range(len(flat) - size + 1))
    hidden = [False] * len(line)
    for size in {size for size, _ in runs}:
        for start in range(len(line) - size + 1):
            if (size, line[start : start + size]) in runs:
                hidden[start : start + size] = [True] * size
    kept = "".join("\0" if hide else char for char, hide in zip(line, hidden, strict=True))
    return re.sub("\0+", "[...]", kept)


def _retry_after(header: str | None) -> int:
    """Return the seconds of Retry-After, rounded up, at most an hour; 30 if it has neither seconds nor a date."""
    seconds = _seconds(header or "")
    return min(max(1, math.ceil(seconds)), _MAX_RETRY_AFTER) if math.isfinite(seconds) else _DEFAULT_RETRY_AFTER


def _seconds(header: str) -> float:
    try:
        return float(header)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return math.nan
    return (at.replace(tzinfo=at.tzinfo or timezone.utc) - datetime.now(timezone.utc)).total_seconds()
