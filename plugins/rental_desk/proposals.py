"""Proposals of the rental desk: tools with which a model suggests a change, without making it.

The person who receives a proposal confirms or declines it in a separate request.
"""

from __future__ import annotations

from typing import Annotated

from semantic_kernel.functions import kernel_function

from app.core.auth.identity import Caller, Scope
from plugins.rental_desk.proposer import Proposer
from plugins.results import as_json, clean

_Title = Annotated[str, "The film's title, as the person wrote it"]
_StoreId = Annotated[int | None, "The store's id; left out, the person's own store or else any"]
_Plan = Annotated[str, "The name of the streaming plan, as the person wrote it"]
_CustomerId = Annotated[int, "The customer's customer_id, as find_customer tells it"]


class CustomerProposals:
    """Tools that propose changes for the caller, the customer `customer_id`."""

    def __init__(self, proposer: Proposer, customer_id: int) -> None:
        self._proposer = proposer
        self._customer_id = customer_id

    @kernel_function(name="propose_rent")
    async def propose_rent(self, title: _Title, store_id: _StoreId = None) -> str:
        """For customers: propose to rent a film. Nothing is rented before the person confirms it."""
        return as_json(await self._proposer.rent(self._customer_id, clean(title), store_id))

    @kernel_function(name="propose_return")
    async def propose_return(self, title: _Title) -> str:
        """For customers: propose to return a disc. Nothing is returned before the person confirms it."""
        return as_json(await self._proposer.give_back(self._customer_id, clean(title)))

    @kernel_function(name="propose_start_plan")
    async def propose_start_plan(self, plan_name: _Plan) -> str:
        """For customers: propose to start a streaming plan. It does not start before the person confirms it."""
        return as_json(await self._proposer.start_plan(self._customer_id, clean(plan_name)))

    @kernel_function(name="propose_end_plan")
    async def propose_end_plan(self) -> str:
        """For customers: propose to end the streaming plan. It does not end before the person confirms it."""
        return as_json(await self._proposer.end_plan(self._customer_id))


class StaffProposals:
    """Tools that propose changes for any customer."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer

    @kernel_function(name="propose_rent")
    async def propose_rent(self, customer_id: _CustomerId, title: _Title, store_id: _StoreId = None) -> str:
        """For staff: propose to rent a film to a customer. Nothing is rented before you confirm it."""
        return as_json(await self._proposer.rent(customer_id, clean(title), store_id))

    @kernel_function(name="propose_return")
    async def propose_return(self, customer_id: _CustomerId, title: _Title) -> str:
        """For staff: propose to take a customer's disc back. Nothing is returned before you confirm it."""
        return as_json(await self._proposer.give_back(customer_id, clean(title)))

    @kernel_function(name="propose_start_plan")
    async def propose_start_plan(self, customer_id: _CustomerId, plan_name: _Plan) -> str:
        """For staff: propose to start a customer's streaming plan. It does not start before you confirm it."""
        return as_json(await self._proposer.start_plan(customer_id, clean(plan_name)))

    @kernel_function(name="propose_end_plan")
    async def propose_end_plan(self, customer_id: _CustomerId) -> str:
        """For staff: propose to end a customer's streaming plan. It does not end before you confirm it."""
        return as_json(await self._proposer.end_plan(customer_id))


def proposals_for(caller: Caller, proposer: Proposer | None) -> CustomerProposals | StaffProposals | None:
    """Return the proposal tools of this caller, or None if the caller has none."""
    if proposer is None or not (caller.has(Scope.RENTALS_WRITE) and caller.has(Scope.CUSTOMERS_WRITE)):
        return None
    if caller.is_staff:
        return StaffProposals(proposer)
    return None if caller.customer_id is None else CustomerProposals(proposer, caller.customer_id)
