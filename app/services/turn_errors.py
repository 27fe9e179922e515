"""Convert the error of a failed turn to its stored form, and back."""

from __future__ import annotations

from app.core.errors import (
    INTERNAL_ERROR,
    AppError,
    Interrupted,
    NoAnswer,
    NotConfigured,
    RateLimited,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
    code_of,
)
from app.schemas.conversations import TurnRead

_KINDS: dict[type[AppError], str] = {
    kind: code_of(kind)
    for kind in (RateLimited, UpstreamTimeout, NoAnswer, UpstreamFailed, NotConfigured, Interrupted, Unavailable)
}
_CODES = {code: kind for kind, code in _KINDS.items() if kind is not Interrupted}
_CRASHED = {"code": "internal_error", "detail": INTERNAL_ERROR}


def described(error: Exception) -> dict[str, str]:
    """Return the code and detail to store."""
    code = next((_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS), None)
    return {"code": code, "detail": error.detail} if code and isinstance(error, AppError) else _CRASHED


def error_of(turn: TurnRead) -> Exception | None:
    """Return the exception for the stored error of a turn; None if the turn did not fail."""
    if turn.error is None:
        return None
    if turn.error.code == code_of(Interrupted):
        return Interrupted()
    kind = _CODES.get(turn.error.code)
    return kind(turn.error.detail) if kind else RuntimeError("the turn crashed")
