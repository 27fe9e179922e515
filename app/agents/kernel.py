"""Settings -> a kernel with the chat service that answers."""

from __future__ import annotations

from openai import AsyncAzureOpenAI, AsyncOpenAI
from pydantic import SecretStr
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.open_ai import AzureChatCompletion, OpenAIChatCompletion
from semantic_kernel.filters import FilterTypes

from app.agents.filters import limit_tool_calls, mask_failures
from app.agents.offline import OfflineChatCompletion
from app.agents.supervision import Supervised
from app.core.errors import NotConfigured
from app.core.settings import Settings


class OpenAIChat(Supervised, OpenAIChatCompletion):
    """OpenAI, or any server that speaks its protocol."""


class AzureChat(Supervised, AzureChatCompletion):
    """A deployment on Azure OpenAI."""


class OfflineChat(Supervised, OfflineChatCompletion):
    """The model that needs nobody else."""


def build_chat_service(settings: Settings) -> ChatCompletionClientBase:
    """The process's one chat service; raises NotConfigured.

    Retrying is left to our caller, who knows what a wait is worth: a 429 has to reach them at once.
    Every value is passed explicitly, for Semantic Kernel would read any `.env` for what is missing.
    """
    if problem := settings.provider_problem:
        raise NotConfigured(problem)
    if settings.provider == "openai":
        client = AsyncOpenAI(
            api_key=_secret(settings.openai_api_key),
            base_url=settings.openai_base_url,
            organization=settings.openai_org_id,
            timeout=settings.ai_timeout_seconds,
            max_retries=0,
        )
        return OpenAIChat(  # type: ignore[call-arg]  # pydantic's plugin hides the inherited signature
            ai_model_id=settings.openai_model, async_client=client
        )
    if settings.provider == "azure":
        deployment = str(settings.azure_openai_deployment)
        azure_client = AsyncAzureOpenAI(
            api_key=_secret(settings.azure_openai_api_key),
            azure_endpoint=str(settings.azure_openai_endpoint),
            azure_deployment=deployment,
            api_version=settings.azure_openai_api_version,
            timeout=settings.ai_timeout_seconds,
            max_retries=0,
        )
        return AzureChat(deployment_name=deployment, async_client=azure_client)  # type: ignore[call-arg]  # as above
    return OfflineChat(ai_model_id="offline")


def build_kernel(service: ChatCompletionClientBase) -> Kernel:
    """A kernel with this service and our filters, and no plugins yet."""
    kernel = Kernel(services=service)
    kernel.add_filter(FilterTypes.AUTO_FUNCTION_INVOCATION, limit_tool_calls)
    kernel.add_filter(FilterTypes.FUNCTION_INVOCATION, mask_failures)
    return kernel


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""
