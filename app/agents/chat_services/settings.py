"""The execution settings of all chat services: those that config.json may set, and those that Semantic Kernel adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings

PARAMETERS = (
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "reasoning_effort",
    "parallel_tool_calls",
)
"""Settings that are sent under these names if set. The output limit and the response format have other names."""

PROMPT_SETTINGS = frozenset({*PARAMETERS, "max_tokens", "max_completion_tokens"})
"""Settings that config.json may contain in `execution_settings.default`."""


@dataclass(frozen=True)
class Refusal:
    """An agent that is not available to the caller, the questions it receives, and the answer to them instead."""

    agent: str
    receives: str
    answer: str


class ChatExecutionSettings(PromptExecutionSettings):
    """All settings are unset by default: only configured values are sent.

    `response_format` is a pydantic model; the model is to answer with JSON in its form.
    """

    ai_model_id: str | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: Any = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    reasoning_effort: str | None = None
    refusals: tuple[Refusal, ...] = ()
    """For the offline model only, never sent: other models read the refusals in the agent's instructions."""

    @property
    def tool_names(self) -> list[str]:
        """The full names of the tools that are offered to the model."""
        return [str(tool.get("function", {}).get("name", "")) for tool in self.tools or ()]
