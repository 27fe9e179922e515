"""Settings -> a kernel with the chat service that answers."""

from __future__ import annotations

from importlib import import_module

from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.filters import FilterTypes

from app.agents.filters import limit_tool_calls, mask_failures
from app.agents.offline import OfflineChatCompletion
from app.agents.supervision import Supervised
from app.core.errors import NotConfigured
from app.core.settings import Settings


class OfflineChat(Supervised, OfflineChatCompletion):
    """The model that needs nobody else."""


def build_chat_service(settings: Settings) -> ChatCompletionClientBase:
    """The process's one chat service; raises NotConfigured."""
    if problem := settings.provider_problem:
        raise NotConfigured(problem)
    if settings.provider == "offline":
        return OfflineChat(ai_model_id="offline")
    # Imported only where it is used: OpenAI's connector is the costliest of Semantic Kernel's parts.
    hosted = import_module("app.agents.hosted")
    build = hosted.build_openai_chat if settings.provider == "openai" else hosted.build_azure_chat
    service: ChatCompletionClientBase = build(settings)
    return service


class SharedKernel(Kernel):
    """A kernel whose clones share its functions; Semantic Kernel deep-copies them for every agent of every turn.

    A clone is still free to add plugins and filters of its own, which is all that an orchestration does to it.
    """

    def clone(self) -> Kernel:
        return SharedKernel(
            plugins=dict(self.plugins),
            services=dict(self.services),
            ai_service_selector=self.ai_service_selector,
            function_invocation_filters=list(self.function_invocation_filters),
            prompt_rendering_filters=list(self.prompt_rendering_filters),
            auto_function_invocation_filters=list(self.auto_function_invocation_filters),
        )


def build_kernel(service: ChatCompletionClientBase) -> Kernel:
    """A kernel with this service and our filters, and no plugins yet."""
    kernel = SharedKernel(services=service)
    kernel.add_filter(FilterTypes.AUTO_FUNCTION_INVOCATION, limit_tool_calls)
    kernel.add_filter(FilterTypes.FUNCTION_INVOCATION, mask_failures)
    return kernel
