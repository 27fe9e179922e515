"""Build the kernel and its chat service."""

from __future__ import annotations

from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase

from app.agents.tools import AgentKernel, add_filters
from app.core.errors import NotConfigured
from app.core.settings import Settings


def build_chat_service(settings: Settings) -> ChatCompletionClientBase:
    """Build the configured chat service, or raise NotConfigured."""
    if problem := settings.provider_problem:
        raise NotConfigured(problem)
    if settings.provider == "offline":
        from app.agents.offline.service import OfflineChat

        return OfflineChat(ai_model_id="offline")
    from app.agents.chat_services.clients import build_azure_chat, build_openai_chat

    return build_openai_chat(settings) if settings.provider == "openai" else build_azure_chat(settings)


def build_kernel(service: ChatCompletionClientBase) -> Kernel:
    """Build a kernel with the service and filters, and without plugins."""
    kernel = AgentKernel(services=service)
    add_filters(kernel)
    return kernel
