"""The interface for proposals, which services implement. This module does not import Semantic Kernel."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Protocol


class Proposer(Protocol):
    """Checks a change without making it, and stores it for confirmation. Returns the result for the model."""

    async def rent(self, customer_id: int, title: str, store_id: int | None) -> Mapping[str, Any]: ...

    async def give_back(self, customer_id: int, title: str) -> Mapping[str, Any]: ...

    async def start_plan(self, customer_id: int, plan_name: str) -> Mapping[str, Any]: ...

    async def end_plan(self, customer_id: int) -> Mapping[str, Any]: ...


current_proposer: ContextVar[Proposer | None] = ContextVar("current_proposer", default=None)
"""The current turn's proposer; None outside of a conversation, where changes cannot be confirmed."""
