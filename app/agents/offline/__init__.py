"""The model that needs no key and no network: understands questions about films by their form."""

from __future__ import annotations

from app.agents.offline.model import OfflineChatCompletion

__all__ = ["OfflineChatCompletion"]
