"""Logs: JSON lines with the request id, or readable text in debug mode."""

from __future__ import annotations

import json

import pytest

from app.core.logging import configure_logging
from app.main import create_app
from tests.conftest import client_of, fill, running, settings_for

QUESTION = "What is the rental rate for the film Alien?"


async def lines_of_a_turn(capture: pytest.CaptureFixture[str], level: str) -> str:
    app = create_app(settings_for(log_level=level))
    async with running(app), client_of(app) as client:
        await fill(app.state.database)
        await client.get("/api/v1/ai/info")
        capture.readouterr()
        headers = {"X-Request-ID": "turn-1"}
        await client.post("/api/v1/ai/handoff", json={"question": QUESTION}, headers=headers)
        return capture.readouterr().err


async def test_a_turn_is_two_json_lines_with_one_id(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in (await lines_of_a_turn(capsys, "INFO")).splitlines()]
    assert [(line["event"], line["level"], line["request_id"]) for line in lines] == [
        ("turn_completed", "info", "turn-1"),
        ("request_completed", "info", "turn-1"),
    ]
    turn, request = lines
    assert turn["path"] == ["SearchAgent"]
    assert turn["tools"] == ["film_search-find_mentions"]
    assert turn["model_calls"] == 2
    assert turn["prompt_tokens"] > 0
    assert turn["duration_ms"] > 0
    assert (request["method"], request["path"], request["status"]) == ("POST", "/api/v1/ai/handoff", 200)
    assert "Alien" not in str(lines)


async def test_debug_is_readable_and_shows_the_question_and_the_tools(capsys: pytest.CaptureFixture[str]) -> None:
    text = await lines_of_a_turn(capsys, "DEBUG")
    configure_logging(settings_for())
    assert not text.startswith("{")
    assert QUESTION in text
    tool_line = next(line for line in text.splitlines() if "film_search-find_mentions" in line and "tool=" in line)
    assert "turn-1" in tool_line
