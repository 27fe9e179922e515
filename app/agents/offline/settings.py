"""The offline model's execution settings: what other models take, of which it reads the tools and the format."""

from __future__ import annotations

from typing import Any

from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class OfflinePromptExecutionSettings(PromptExecutionSettings):
    """Tolerates every setting; `tools` decides the role, `response_format` asks for JSON."""

    ai_model_id: str | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: Any = None
    max_tokens: int | None = None
    temperature: float | None = None
