"""Who checks and keeps what a model proposes. Free of Semantic Kernel: services fill it in."""

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
"""Of the turn that the running code works for; None where nothing can be confirmed: outside of a conversation."""
