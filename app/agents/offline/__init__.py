"""The model that needs no key and no network: understands questions about films by their form."""

from __future__ import annotations

from app.agents.offline.model import OfflineChatCompletion
from app.agents.offline.settings import OfflinePromptExecutionSettings

__all__ = ["OfflineChatCompletion", "OfflinePromptExecutionSettings"]
