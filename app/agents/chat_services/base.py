"""The methods that Semantic Kernel requires of a chat service with tool calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.function_call_choice_configuration import FunctionCallChoiceConfiguration
from semantic_kernel.connectors.ai.function_calling_utils import update_settings_from_function_call_configuration
from semantic_kernel.connectors.ai.function_choice_type import FunctionChoiceType
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings

from app.agents.chat_services.settings import ChatExecutionSettings


class ToolCallingChat(ChatCompletionClientBase):
    """Base class of the chat services. Subclasses implement the completions."""

    SUPPORTS_FUNCTION_CALLING: ClassVar[bool] = True

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return ChatExecutionSettings."""
        return ChatExecutionSettings

    async def close(self) -> None:
        """Close the connections to the provider, if there are any."""

    def _update_function_choice_settings_callback(
        self,
    ) -> Callable[[FunctionCallChoiceConfiguration, PromptExecutionSettings, FunctionChoiceType], None]:
        return update_settings_from_function_call_configuration

    def _reset_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        own = chat_settings(settings)
        own.tool_choice = None
        own.tools = None


def chat_settings(settings: PromptExecutionSettings) -> ChatExecutionSettings:
    """Return the settings as ChatExecutionSettings: the same object if it is one, else a converted copy."""
    if isinstance(settings, ChatExecutionSettings):
        return settings
    return ChatExecutionSettings.from_prompt_execution_settings(settings)
