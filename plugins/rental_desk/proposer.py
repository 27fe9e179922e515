"""Interface for proposals; services implement it. Does not import Semantic Kernel."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Protocol


class Proposer(Protocol):
    """Checks a change as if it were made, and keeps it for the person to confirm; returns what the model is told."""

    async def rent(self, customer_id: int, title: str, store_id: int | None) -> Mapping[str, Any]: ...

    async def give_back(self, customer_id: int, title: str) -> Mapping[str, Any]: ...

    async def start_plan(self, customer_id: int, plan_name: str) -> Mapping[str, Any]: ...

    async def end_plan(self, customer_id: int) -> Mapping[str, Any]: ...


current_proposer: ContextVar[Proposer | None] = ContextVar("current_proposer", default=None)
"""The current turn's proposer; None outside a conversation, where nothing can be confirmed."""
