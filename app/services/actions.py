"""Actions that agents propose and users confirm, executed by the same services as the routes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.auth.identity import Caller, Scope
from app.core.database.engine import Database
from app.core.errors import Conflict, CustomerNotFound, Forbidden
from app.repositories.films import FilmRepository
from app.schemas.rentals import RentalCreate, RentalRead, ReturnCreate, ReturnRead
from app.schemas.subscriptions import SubscriptionCreate, SubscriptionRead
from app.services.rentals import RentalService
from app.services.subscriptions import SubscriptionService

Result = RentalRead | ReturnRead | SubscriptionRead


class Action(str, Enum):
    """An action that can be proposed."""

    RENT = "rent"
    RETURN = "return"
    START_PLAN = "start_plan"
    END_PLAN = "end_plan"


_SCOPES = {
    Action.RENT: Scope.RENTALS_WRITE,
    Action.RETURN: Scope.RENTALS_WRITE,
    Action.START_PLAN: Scope.CUSTOMERS_WRITE,
    Action.END_PLAN: Scope.CUSTOMERS_WRITE,
}


class Actions:
    """Executes actions for this caller, within a given transaction."""

    def __init__(self, database: Database, caller: Caller, *, max_open: int) -> None:
        self._caller = caller
        self._rentals = RentalService(database, caller, max_open=max_open)
        self._subscriptions = SubscriptionService(database)

    async def execute(self, connection: AsyncConnection, action: Action, arguments: Mapping[str, Any]) -> Result:
        """Execute the action as its route would; raises Forbidden without the scope, and the route's errors."""
        if not self._caller.has(_SCOPES[action]):
            raise Forbidden(f"The API key needs the scope {_SCOPES[action].value}.")
        if action is Action.RENT:
            return await self._rentals.rent_within(connection, RentalCreate.model_validate(arguments))
        if action is Action.RETURN:
            return await self._rentals.return_within(connection, int(arguments["rental_id"]), ReturnCreate())
        customer_id = int(arguments["customer_id"])
        if not self._caller.may_see(customer_id):
            raise CustomerNotFound(customer_id)
        if action is Action.START_PLAN:
            command = SubscriptionCreate(plan_name=arguments["plan_name"])
            return await self._subscriptions.start_within(connection, customer_id, command)
        return await self._subscriptions.cancel_within(connection, customer_id, int(arguments["subscription_id"]))


async def preconditions_of(connection: AsyncConnection, action: Action, result: Result) -> dict[str, Any]:
    """Return the costs in the proposal. They must be the same at confirmation."""
    if action is Action.RENT and isinstance(result, RentalRead):
        film = await FilmRepository(connection).find(result.film_id)
        return {"rental_rate": str(film.rental_rate) if film else None}
    if action is Action.RETURN and isinstance(result, ReturnRead):
        return {"late_fee": str(result.late_fee), "replacement_cost": str(result.replacement_cost)}
    return {}


def require_same(expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raise Conflict if the action's costs differ from those in the proposal."""
    for name, value in expected.items():
        if found.get(name) != value:
            raise Conflict(f"The {name.replace('_', ' ')} has changed from ${value} to ${found.get(name)}: ask again.")
