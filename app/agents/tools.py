"""Handling of tool calls: bind arguments, apply limits, hide failures from the model."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog
from pydantic_core import to_jsonable_python
from semantic_kernel import Kernel
from semantic_kernel.contents import ChatHistory, FunctionCallContent, FunctionResultContent
from semantic_kernel.filters import (
    AutoFunctionInvocationContext,
    FilterTypes,
    FunctionInvocationContext,
)
from semantic_kernel.functions import FunctionResult, KernelFunction

from app.agents.arguments import ArgumentError, bind
from app.agents.chat_services.tool_calls import INVALID_ARGUMENTS, arguments_of
from app.agents.transcript import (
    COMPLETE_TASK,
    HANDOFF_PLUGIN,
    TRANSFER,
    InputRequired,
    Transcript,
    current_transcript,
)
from app.core.database.engine import is_unreachable
from app.core.errors import UpstreamFailed, database_away

log = structlog.get_logger("app.agents")

ASK_USER_PLUGIN = "ask_user"
MAX_QUESTION_BACK = 2000
"""Maximum characters of a question to the person."""
TOOL_FAILED = json.dumps({"error": "The store could not be asked just now."})
"""The result of a failed tool for the model, without the exception."""
_SHOWN = 500
"""Maximum logged characters of a value."""


class AgentKernel(Kernel):
    """A kernel with its own argument binding, whose clones share its functions.

    Semantic Kernel reads null as the text "None" and "false" as true, and deep-copies all functions for each agent of
    each turn. Sharing is safe: orchestrations only add plugins and filters, and each clone has its own lists of these.
    """

    def clone(self) -> Kernel:
        return AgentKernel(
            plugins=dict(self.plugins),
            services=dict(self.services),
            ai_service_selector=self.ai_service_selector,
            function_invocation_filters=list(self.function_invocation_filters),
            prompt_rendering_filters=list(self.prompt_rendering_filters),
            auto_function_invocation_filters=list(self.auto_function_invocation_filters),
        )

    async def invoke_function_call(
        self, function_call: FunctionCallContent, chat_history: ChatHistory, **options: Any
    ) -> AutoFunctionInvocationContext | None:
        """Run a tool call, or tell the model why it is invalid. The calls of a completion run concurrently."""
        transcript = current_transcript.get()
        if transcript is None:
            return await self._run(function_call, chat_history, options)
        with transcript.running(asyncio.current_task()):
            transcript.on_tool_call(is_handoff=function_call.plugin_name == HANDOFF_PLUGIN)
            return await self._run(function_call, chat_history, options, transcript)

    async def _run(
        self,
        call: FunctionCallContent,
        history: ChatHistory,
        options: Mapping[str, Any],
        transcript: Transcript | None = None,
    ) -> AutoFunctionInvocationContext | None:
        function = self._offered(call)
        if function is None:  # Semantic Kernel tells the model that the tool does not exist
            return await super().invoke_function_call(call, history, **options)
        try:
            bound = _bound(function, call)
        except ArgumentError as error:
            log.debug("tool_arguments_refused", tool=call.name, arguments=_shown(call.arguments), detail=str(error))
            _tell(call, history, {"error": str(error)})
            return None
        # The history is sent to the provider and the steps to the caller, both as JSON.
        arguments: dict[str, Any] = to_jsonable_python(bound)
        call.arguments = arguments
        noted = None
        if transcript is not None and call.plugin_name != HANDOFF_PLUGIN:
            noted = transcript.on_tool(str(call.name), arguments)
        copy = call.model_copy(update={"arguments": bound})
        context = await super().invoke_function_call(copy, history, **options)
        if transcript is not None and noted is not None:
            transcript.on_tool_result(noted, _result_of(call, history))
        return context

    def _offered(self, call: FunctionCallContent) -> KernelFunction | None:
        plugin = self.plugins.get(call.plugin_name or "")
        return plugin.functions.get(call.function_name) if plugin is not None else None


def add_filters(kernel: Kernel) -> None:
    """Add the filters. They are functions, because Semantic Kernel deep-copies filters with each kernel."""
    kernel.add_filter(FilterTypes.AUTO_FUNCTION_INVOCATION, follow_calls)
    kernel.add_filter(FilterTypes.FUNCTION_INVOCATION, mask_failures)


async def follow_calls(
    context: AutoFunctionInvocationContext,
    next: Callable[[AutoFunctionInvocationContext], Awaitable[None]],  # noqa: A002
) -> None:
    """End the turn if the agent asks a question or the database is unavailable; record a completed handoff."""
    transcript = current_transcript.get()
    if context.function.plugin_name == ASK_USER_PLUGIN and (question := _question_back(context)):
        raise InputRequired(question)
    await next(context)
    if transcript is None:
        return
    if transcript.store_unavailable:
        raise database_away()
    if context.function.plugin_name == HANDOFF_PLUGIN:
        _note_handoff(context, transcript)


def _question_back(context: AutoFunctionInvocationContext) -> str:
    question = _argument(context, "question").strip()
    if len(question) > MAX_QUESTION_BACK:
        raise UpstreamFailed("The model's question to the user is too long.")
    return question


def _argument(context: AutoFunctionInvocationContext, name: str) -> str:
    return str(context.arguments.get(name, "")) if context.arguments is not None else ""


def _note_handoff(context: AutoFunctionInvocationContext, transcript: Transcript) -> None:
    name = context.function.name
    if name.startswith(TRANSFER):
        target = name.removeprefix(TRANSFER)
        log.debug("handoff_completed", source=transcript.agent, target=target, reason=context.function.description)
        transcript.on_transfer(target)
        context.function_result = FunctionResult(
            function=context.function.metadata, value=f"The conversation was handed over to {target}."
        )
    elif name == COMPLETE_TASK:
        transcript.on_complete(_argument(context, "task_summary"))


async def mask_failures(
    context: FunctionInvocationContext,
    next: Callable[[FunctionInvocationContext], Awaitable[None]],  # noqa: A002
) -> None:
    """Log a tool's exception and replace its result by a fixed text, so that the model does not see the exception."""
    if context.function.is_prompt:
        await next(context)
        return
    started = time.perf_counter()
    try:
        await next(context)
    except Exception as error:
        if is_unreachable(error) and (transcript := current_transcript.get()) is not None:
            transcript.store_unavailable = True
        log.exception("tool_failed", tool=context.function.fully_qualified_name)
        context.result = FunctionResult(function=context.function.metadata, value=TOOL_FAILED)
        return
    if context.function.plugin_name != HANDOFF_PLUGIN:
        log.debug(
            "tool_called",
            tool=context.function.fully_qualified_name,
            arguments=_shown(_own_arguments(context)),
            result=_shown(context.result),
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )


def _given(call: FunctionCallContent) -> Mapping[str, Any]:
    if call.arguments is None or isinstance(call.arguments, str):
        given = None if call.metadata.get(INVALID_ARGUMENTS) else arguments_of(call.arguments or "")
        if given is None:
            raise ArgumentError("The arguments must be one JSON object.")
        return given
    return call.arguments


def _own_arguments(context: FunctionInvocationContext) -> dict[str, Any]:
    """Return the tool's arguments without those of the prompt, which Semantic Kernel adds."""
    names = {parameter.name for parameter in context.function.parameters}
    return {name: value for name, value in context.arguments.items() if name in names}


def _bound(function: KernelFunction, call: FunctionCallContent) -> dict[str, Any]:
    method = getattr(function, "method", None)
    given = _given(call)
    # Semantic Kernel's transfer functions are partials and accept no further arguments.
    return bind(None if method is None or isinstance(method, partial) else method, given)


def _result_of(call: FunctionCallContent, history: ChatHistory) -> str:
    """Return the call's result from the last messages."""
    for message in reversed(history.messages):
        for item in message.items:
            if isinstance(item, FunctionResultContent) and item.id == call.id:
                return str(item.result)
    return ""


def _shown(value: object) -> str:
    return str(value)[:_SHOWN]


def _tell(call: FunctionCallContent, history: ChatHistory, result: Mapping[str, str]) -> None:
    text = json.dumps(result, ensure_ascii=False)
    answer = FunctionResultContent.from_function_call_content_and_result(function_call_content=call, result=text)
    history.add_message(answer.to_chat_message_content())
