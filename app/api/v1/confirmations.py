"""/api/v1/confirmations"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.authorization import AUTHENTICATED, GuardedRoute
from app.api.deps import ConfirmationServiceDep, Id
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.schemas.conversations import ConfirmationQuery, ConfirmationRead, DecisionCreate

router = APIRouter(prefix="/api/v1/confirmations", tags=["conversations"], route_class=GuardedRoute)


@router.get(
    "",
    operation_id="list_confirmations",
    dependencies=[AUTHENTICATED],
    **paginated(ConfirmationRead, ConfirmationQuery),
)
async def list_confirmations(
    confirmations: ConfirmationServiceDep,
    page: Annotated[PageRequest[ConfirmationQuery], Depends(page_request(ConfirmationQuery))],
) -> Response:
    """List the actions that agents proposed in your conversations, by default in order of id."""
    return page.answer(await confirmations.list(page.query, counted=page.counted), ConfirmationRead)


@router.get(
    "/{confirmation_id}",
    operation_id="get_confirmation",
    dependencies=[AUTHENTICATED],
    responses=responses(404, 422, 503),
)
async def get_confirmation(confirmations: ConfirmationServiceDep, confirmation_id: Id) -> ConfirmationRead:
    """Return an action that an agent proposed, with its outcome."""
    return await confirmations.get(confirmation_id)


@router.post(
    "/{confirmation_id}/decision",
    operation_id="decide_confirmation",
    dependencies=[AUTHENTICATED],
    responses=responses(404, 409, 413, 422, 503),
)
async def decide_confirmation(
    confirmations: ConfirmationServiceDep, confirmation_id: Id, command: DecisionCreate
) -> ConfirmationRead:
    """Approve or decline an action. Approving executes it at once, with your current rights.

    If the action is no longer possible, or its price has changed, the status is `failed` and nothing is changed.
    Repeating the decision returns the first outcome. A different decision is 409, as is any decision after 10 minutes
    (`expired`) or after another question in the conversation (`superseded`). An API key needs the scope of the action's
    route.
    """
    return await confirmations.decide(confirmation_id, command.decision)
