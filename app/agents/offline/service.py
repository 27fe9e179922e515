"""The offline model as the process's chat service."""

from __future__ import annotations

from app.agents.chat_services.supervised import Supervised
from app.agents.offline.connector import OfflineChatCompletion


class OfflineChat(Supervised, OfflineChatCompletion):
    """The offline model."""
