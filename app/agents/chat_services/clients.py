"""openai's clients for OpenAI, compatible servers and Azure, built from the settings."""

from __future__ import annotations

import os

import httpx2
import openai
from openai import AsyncAzureOpenAI, AsyncOpenAI
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase

from app.agents.chat_services.openai_chat import OpenAIChat
from app.agents.chat_services.transport import bounded_client
from app.core.errors import NotConfigured
from app.core.settings import Settings
from app.core.settings_providers import secret_value

OPENAI_URL = "https://api.openai.com/v1"
_PROXY_VARIABLES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def build_openai_chat(settings: Settings) -> ChatCompletionClientBase:
    """Build the chat service of the provider `openai`, or raise NotConfigured.

    The client does not retry: the API's caller decides whether to wait, so a 429 is reported at once. Each value is
    passed explicitly, because the client reads missing values from the environment.
    """
    http_client = _http_client(settings)
    try:
        client = AsyncOpenAI(
            api_key=secret_value(settings.openai_api_key),
            base_url=settings.openai_base_url or OPENAI_URL,
            organization=settings.openai_org_id or "",
            http_client=http_client,
            max_retries=0,
        )
    except (ValueError, TypeError, httpx2.InvalidURL, openai.OpenAIError) as error:
        raise NotConfigured("The OpenAI client cannot be built: check OPENAI_BASE_URL.") from error
    client.organization = settings.openai_org_id
    return _service(settings, client)


def build_azure_chat(settings: Settings) -> ChatCompletionClientBase:
    """Build the chat service of the provider `azure`, in the same way as `build_openai_chat`."""
    http_client = _http_client(settings)
    try:
        client = AsyncAzureOpenAI(
            api_key=secret_value(settings.azure_openai_api_key),
            azure_endpoint=str(settings.azure_openai_endpoint),
            azure_deployment=settings.azure_openai_deployment,
            api_version=settings.azure_openai_api_version,
            http_client=http_client,
            max_retries=0,
        )
    except (ValueError, TypeError, httpx2.InvalidURL, openai.OpenAIError) as error:
        raise NotConfigured("The Azure OpenAI client cannot be built: check AZURE_OPENAI_ENDPOINT.") from error
    return _service(settings, client)


def _service(settings: Settings, client: AsyncOpenAI) -> ChatCompletionClientBase:
    return OpenAIChat(settings, client)  # type: ignore[call-arg]  # pydantic's plugin hides the signature


def _http_client(settings: Settings) -> httpx2.AsyncClient:
    """Build the HTTP client, or raise NotConfigured if it cannot use the proxies that the environment sets."""
    try:
        return bounded_client(settings.ai_timeout_seconds)
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        names = sorted(name for name in os.environ if name.upper() in _PROXY_VARIABLES)
        raise NotConfigured(f"The HTTP client cannot be built: check {', '.join(names)}.") from error
