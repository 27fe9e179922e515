"""Models behind OpenAI's protocol: OpenAI itself, any compatible server, Azure."""

from __future__ import annotations

from openai import AsyncAzureOpenAI, AsyncOpenAI
from pydantic import SecretStr
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase

from app.agents.supervision import Supervised
from app.agents.webrtc import without_webrtc
from app.core.settings import Settings

with without_webrtc():
    from semantic_kernel.connectors.ai.open_ai import AzureChatCompletion, OpenAIChatCompletion


class OpenAIChat(Supervised, OpenAIChatCompletion):
    """OpenAI, or any server that speaks its protocol."""


class AzureChat(Supervised, AzureChatCompletion):
    """A deployment on Azure OpenAI."""


def build_openai_chat(settings: Settings) -> ChatCompletionClientBase:
    """The chat service of `openai`.

    Retrying is left to our caller, who knows what a wait is worth: a 429 has to reach them at once.
    Every value is passed explicitly, for Semantic Kernel would read any `.env` for what is missing.
    """
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


def build_azure_chat(settings: Settings) -> ChatCompletionClientBase:
    """The chat service of `azure`; as above."""
    deployment = str(settings.azure_openai_deployment)
    client = AsyncAzureOpenAI(
        api_key=_secret(settings.azure_openai_api_key),
        azure_endpoint=str(settings.azure_openai_endpoint),
        azure_deployment=deployment,
        api_version=settings.azure_openai_api_version,
        timeout=settings.ai_timeout_seconds,
        max_retries=0,
    )
    return AzureChat(deployment_name=deployment, async_client=client)  # type: ignore[call-arg]  # as above


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""
