"""The agent for everything else."""

from __future__ import annotations

from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelFunctionFromPrompt

from app.agents.building import build_agent
from app.agents.desk import RentalDesk
from app.agents.handoffs import LLM_AGENT


def build_llm_agent(
    kernel: Kernel, prompt: KernelFunctionFromPrompt, desk: RentalDesk, *, max_tool_calls: int
) -> ChatCompletionAgent:
    """Answers from what the model knows; has no tools but the handoffs."""
    return build_agent(LLM_AGENT, kernel.clone(), prompt, max_tool_calls=max_tool_calls, rental_desk=desk.value)
