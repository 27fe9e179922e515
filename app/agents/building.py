"""What the agents' builders share."""

from __future__ import annotations

from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.functions import KernelArguments, KernelFunctionFromPrompt

from app.agents.prompts import prompt_text, settings_of


def build_agent(
    name: str, kernel: Kernel, prompt: KernelFunctionFromPrompt, *, max_tool_calls: int, **values: str
) -> ChatCompletionAgent:
    """An agent on this kernel, whose plugins are all registered already; instructions and settings are the prompt's.

    `values` are the prompt's input variables, which are rendered as plain text: no caller's words belong there.
    One tool call more than is allowed may be tried, so that our limit ends the turn with an error: Semantic Kernel's
    own ends it with silence.
    """
    return ChatCompletionAgent(
        name=name,
        description=prompt.description,
        instructions=prompt_text(prompt),
        kernel=kernel,
        arguments=KernelArguments(settings=settings_of(prompt), **values),
        function_choice_behavior=FunctionChoiceBehavior.Auto(maximum_auto_invoke_attempts=max_tool_calls + 1),
    )
