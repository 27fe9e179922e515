"""Semantic Kernel's runtime logs messages only if AI_DIAGNOSTICS is set."""

from __future__ import annotations

import logging

import pytest

from app.agents.runtime import TurnRuntime
from app.core.logging import configure_logging
from tests.fixtures.settings import settings_for

LOGGERS = ("semantic_kernel", "in_process_runtime", "agent_runtime")


@pytest.mark.parametrize(("diagnostics", "told"), [(False, False), (True, True)])
async def test_messages_are_in_the_runtimes_log_on_request(diagnostics: bool, told: bool) -> None:
    runtime = TurnRuntime(diagnostics=diagnostics)
    assert bool(runtime._try_serialize("Who is it?")) == told


@pytest.mark.parametrize(("diagnostics", "level"), [(True, logging.INFO), (False, logging.CRITICAL)])
def test_semantic_kernel_logs_on_request(diagnostics: bool, level: int) -> None:
    try:
        configure_logging(settings_for(ai_diagnostics=diagnostics, log_level="INFO"))
        assert {logging.getLogger(name).getEffectiveLevel() for name in LOGGERS} == {level}
    finally:
        configure_logging(settings_for())
