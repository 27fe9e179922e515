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
    """Return an action that an agent proposed, and what became of it."""
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
    """Approve or decline. Approving carries the action out at once, with your rights as they are now.

    If it is not possible any more, or at another price, the status is `failed` and nothing has changed. The same
    decision again returns what came of the first one; another decision is 409, also after 10 minutes (`expired`) and
    after another question in the conversation (`superseded`). An API key needs the scope of the action's route.
    """
    return await confirmations.decide(confirmation_id, command.decision)
