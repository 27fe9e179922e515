"""Proposals of one turn: each is tried in a transaction, rolled back, and kept for the user to confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.agents.record import Proposal, TurnRecord
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import AppError, InvalidInput
from app.repositories.film_search import FilmSearchRepository
from app.repositories.inventory import INVENTORY
from app.repositories.pagination import PageSelection, fetch
from app.repositories.rental_desk import RentalDeskRepository
from app.repositories.rentals import RENTALS, RentalRepository
from app.repositories.subscriptions import SubscriptionRepository
from app.schemas.inventory import InventoryRead
from app.schemas.rentals import RentalRead, ReturnRead
from app.services.actions import Action, Actions, Result, preconditions_of

MAX_PROPOSALS = 5
"""Maximum per turn."""
_MOST = 200
_BY_ID = (("id", False),)


class _Tried(Exception):
    """Rolls back the transaction in which an action was tried."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__("an action was tried")
        self.proposal = proposal


class ProposalDesk:
    """Tries and records the proposals that the agents of one turn make for its caller."""

    def __init__(self, database: Database, caller: Caller, record: TurnRecord, *, max_open: int) -> None:
        self._database = database
        self._caller = caller
        self._record = record
        self._actions = Actions(database, caller, max_open=max_open)

    async def rent(self, customer_id: int, title: str, store_id: int | None) -> Mapping[str, Any]:
        """Propose to rent a disc of the film that is in stock, preferably in the caller's own store."""

        async def work(connection: AsyncConnection) -> None:
            film_id, named = await _film(connection, title)
            own = store_id
            if own is None:
                desk = RentalDeskRepository(connection)
                own = await desk.store_of(customer_id=self._caller.customer_id, staff_id=self._caller.staff_id)
            disc = await _disc(connection, film_id, named, own, only=store_id is not None)
            arguments = {"inventory_id": disc.id, "customer_id": customer_id, **await self._staff(connection, disc)}
            await self._try(connection, Action.RENT, arguments, store_id=disc.store_id)

        return await self._propose(work)

    async def give_back(self, customer_id: int, title: str) -> Mapping[str, Any]:
        """Propose to return the customer's disc of this title."""

        async def work(connection: AsyncConnection) -> None:
            wanted = PageSelection(_BY_ID, _MOST, filters={"customer_id": customer_id, "active_only": True})
            rentals = (await fetch(connection, RENTALS, wanted)).rows
            rental = _one_of(rentals, title)
            await self._try(connection, Action.RETURN, {"rental_id": rental.id}, title=rental.film_title)

        return await self._propose(work)

    async def start_plan(self, customer_id: int, plan_name: str) -> Mapping[str, Any]:
        """Propose to start a streaming plan."""

        async def work(connection: AsyncConnection) -> None:
            arguments = {"customer_id": customer_id, "plan_name": plan_name}
            await self._try(connection, Action.START_PLAN, arguments, title=plan_name)

        return await self._propose(work)

    async def end_plan(self, customer_id: int) -> Mapping[str, Any]:
        """Propose to end the customer's streaming plan."""

        async def work(connection: AsyncConnection) -> None:
            plan = await SubscriptionRepository(connection).find_active(customer_id)
            if plan is None or not self._caller.may_see(customer_id):
                raise InvalidInput("There is no streaming plan to end.")
            arguments = {"customer_id": customer_id, "subscription_id": plan.id}
            await self._try(connection, Action.END_PLAN, arguments, title=plan.plan_name)

        return await self._propose(work)

    async def _staff(self, connection: AsyncConnection, disc: InventoryRead) -> dict[str, int | None]:
        """Return the staff_id of a rental that staff propose: the caller's, else that of the store's manager."""
        if not self._caller.is_staff:
            return {}
        own = self._caller.staff_id
        return {"staff_id": await RentalRepository(connection).manager_of(disc.id) if own is None else own}

    async def _propose(self, work: Any) -> Mapping[str, Any]:  # noqa: ANN401  a transaction's work
        """Return the tool's result for the model: the summary, or the error."""
        if len(self._record.proposals) >= MAX_PROPOSALS:
            return {"error": f"At most {MAX_PROPOSALS} changes can be proposed at once."}
        try:
            await self._database.transaction(work)
        except _Tried as tried:
            if tried.proposal not in self._record.proposals:
                self._record.proposals.append(tried.proposal)
            return {
                "proposed": tried.proposal.summary,
                "status": "Nothing has been done: it waits for the person's confirmation.",
            }
        except AppError as error:
            return {"error": error.detail}
        raise RuntimeError("a proposal was not rolled back")

    async def _try(
        self,
        connection: AsyncConnection,
        action: Action,
        arguments: dict[str, Any],
        *,
        title: str = "",
        store_id: int | None = None,
    ) -> None:
        """Execute the action, then raise _Tried, so that it is rolled back."""
        result = await self._actions.execute(connection, action, arguments)
        preconditions = await preconditions_of(connection, action, result)
        customer = arguments.get("customer_id") or getattr(result, "customer_id", None)
        summary = _summary(action, result, preconditions, title=title, store_id=store_id)
        if self._caller.is_staff and customer is not None:
            summary = f"{summary}, for customer {customer}"
        raise _Tried(Proposal(action.value, arguments, preconditions, summary))


async def _film(connection: AsyncConnection, title: str) -> tuple[int, str]:
    """Return id and title of the film with this title; raises InvalidInput when none or several match."""
    films = FilmSearchRepository(connection)
    found = await films.match_title(title, limit=5)
    cards = await films.cards(found.ids)
    if len(cards) != 1:
        named = ", ".join(f"{card.title} ({card.release_year})" for card in cards)
        raise InvalidInput(f"Which film is meant: {named}?" if cards else f"The store has no film called {title}.")
    return cards[0].id, cards[0].title


async def _disc(
    connection: AsyncConnection, film_id: int, title: str, store_id: int | None, *, only: bool
) -> InventoryRead:
    """Return a disc in stock, preferably (with `only`: always) from this store; raises InvalidInput without one."""
    wanted = PageSelection(_BY_ID, _MOST, filters={"film_id": film_id, "in_stock": True})
    discs = (await fetch(connection, INVENTORY, wanted)).rows
    here = [disc for disc in discs if disc.store_id == store_id]
    if not (found := here or ([] if only else discs)):
        where = f" in store {store_id}" if only else ""
        raise InvalidInput(f"No disc of {title} is in stock{where}.")
    return found[0]


def _one_of(rentals: Sequence[RentalRead], title: str) -> RentalRead:
    wanted = title.casefold()
    found = [rental for rental in rentals if rental.film_title.casefold() == wanted] or [
        rental for rental in rentals if wanted in rental.film_title.casefold()
    ]
    if len(found) != 1:
        named = ", ".join(rental.film_title for rental in found or rentals)
        raise InvalidInput(f"Which disc is meant: {named}?" if named else "No disc is out.")
    return found[0]


def _summary(
    action: Action, result: Result, preconditions: Mapping[str, Any], *, title: str, store_id: int | None
) -> str:
    """Describe the action and its cost."""
    if action is Action.RENT and isinstance(result, RentalRead):
        cost = f"${preconditions['rental_rate']}, due {result.due_date:%Y-%m-%d}"
        return f"Rent {result.film_title}, store {store_id}, {cost}"
    if action is Action.RETURN and isinstance(result, ReturnRead):
        late = f"late fee ${result.late_fee}" if result.late_fee else "no late fee"
        lost = f", replacement cost ${result.replacement_cost}" if result.replacement_cost else ""
        return f"Return {title}, {late}{lost}"
    today = datetime.now(timezone.utc).date()
    if action is Action.START_PLAN:
        return f"Start the streaming plan {title} on {today}"
    return f"End the streaming plan {title} on {today}"
