"""Terminal events: how a turn ended."""

from __future__ import annotations

from typing import Any

from app.agents.events import Event, EventLog
from app.schemas.ai import HandoffResponse, Usage
from app.schemas.conversations import TurnRead
from app.services.turn_errors import described

INTERRUPTED_AT = 2**31 - 1
"""The number of the terminal event of a turn that lost its process: greater than any event's."""


def terminal_of(turn: TurnRead, request_id: str | None = None) -> Event:
    """Return the terminal event of a turn that has ended."""
    if turn.error is not None:
        return run_error(turn.error.detail, turn.error.code, request_id)
    return run_finished(str(turn.conversation_id), str(turn.id), _outcome_of(turn), turn.usage, turn)


def run_finished(
    thread_id: str, run_id: str, outcome: dict[str, Any], usage: Usage, result: TurnRead | HandoffResponse
) -> Event:
    """Return the terminal event of a turn that did not fail; `result` is the body of a JSON response."""
    tokens = {
        "inputTokens": usage.prompt_tokens,
        "outputTokens": usage.completion_tokens,
        "totalTokens": usage.prompt_tokens + usage.completion_tokens,
    }
    return {
        "type": "RUN_FINISHED",
        "threadId": thread_id,
        "runId": run_id,
        "outcome": outcome,
        "usage": [tokens],
        "result": result.model_dump(mode="json"),
    }


def run_error(detail: str, code: str, request_id: str | None) -> Event:
    """Return the terminal event of a turn that failed."""
    metadata = {"metadata": {"requestId": request_id}} if request_id else {}
    return {"type": "RUN_ERROR", "message": detail, "code": code, **metadata}


def answered(status: str, run_id: str, answer: str) -> dict[str, Any]:
    """Return the outcome of an answer, or of a question to the user."""
    if status != "input_required":
        return {"type": "success"}
    interrupt = {"id": f"{run_id}-question", "reason": "input_required", "message": answer}
    return {"type": "interrupt", "interrupts": [interrupt]}


def end_ephemeral(log: EventLog, answer: HandoffResponse | None, error: Exception | None, request_id: str) -> None:
    """Write the terminal event of a turn that is not stored."""
    log.close()
    if answer is not None:
        outcome = answered(answer.status, log.run_id, answer.answer)
        log.end(run_finished(log.thread_id, log.run_id, outcome, answer.usage, answer))
    elif error is not None:
        log.end(run_error(**described(error), request_id=request_id))


def _outcome_of(turn: TurnRead) -> dict[str, Any]:
    if turn.status == "cancelled":
        return {"type": "cancelled"}
    if turn.status == "confirmation_required":
        waiting = [confirmation for confirmation in turn.confirmations if confirmation.status == "pending"]
        return {
            "type": "interrupt",
            "interrupts": [
                {
                    "id": str(confirmation.id),
                    "reason": "confirmation_required",
                    "message": confirmation.summary,
                    "expiresAt": confirmation.expires_at.isoformat(),
                }
                for confirmation in waiting
            ],
        }
    return answered(turn.status, str(turn.id), turn.answer or "")
