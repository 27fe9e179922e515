"""What stands between a model and our tools. Plain functions: Semantic Kernel deep-copies filters with each kernel."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable

import structlog
from semantic_kernel.filters import AutoFunctionInvocationContext, FunctionInvocationContext
from semantic_kernel.functions import FunctionResult, KernelArguments

from app.agents.transcript import HANDOFF_PLUGIN, InputRequired, current_transcript
from app.core.db import is_unreachable
from app.core.errors import database_away

log = structlog.get_logger("app.agents")

ASK_USER_PLUGIN = "ask_user"
TOOL_FAILED = json.dumps({"error": "The store could not be asked just now."})
"""What a model is told of a failed tool: never the exception's text."""


async def limit_tool_calls(
    context: AutoFunctionInvocationContext,
    next: Callable[[AutoFunctionInvocationContext], Awaitable[None]],  # noqa: A002
) -> None:
    """Count the turn's tool calls; end the turn when an agent asks the person something, or the store is away."""
    plugin = context.function.plugin_name
    transcript = current_transcript.get()
    if transcript is not None and plugin != HANDOFF_PLUGIN:
        transcript.on_tool_call()
    if plugin == ASK_USER_PLUGIN:
        raise InputRequired(str((context.arguments or KernelArguments()).get("question", "")))
    await next(context)
    if transcript is not None and transcript.store_away:
        raise database_away()


async def mask_failures(
    context: FunctionInvocationContext,
    next: Callable[[FunctionInvocationContext], Awaitable[None]],  # noqa: A002
) -> None:
    """The tool-call boundary: log a failure with its cause, tell the model only that there was one."""
    if context.function.is_prompt:
        await next(context)
        return
    started = time.perf_counter()
    try:
        await next(context)
    except Exception as error:
        if is_unreachable(error) and (transcript := current_transcript.get()) is not None:
            transcript.store_away = True
        log.exception("tool_failed", tool=context.function.fully_qualified_name)
        context.result = FunctionResult(function=context.function.metadata, value=TOOL_FAILED)
        return
    log.debug(
        "tool",
        tool=context.function.fully_qualified_name,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )
