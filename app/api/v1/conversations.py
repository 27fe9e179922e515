"""/api/v1/conversations and their turns"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import StringConstraints

from app.api.authorization import AUTHENTICATED, GuardedRoute
from app.api.deps import ConversationServiceDep, Id, TurnServiceDep
from app.api.disconnect import until_disconnect
from app.api.etags import CREATED, LOCATED, READ, TAGGED, IfMatch, IfNoneMatch, location_of, tagged_response
from app.api.head import is_head
from app.api.idempotency import OnceDep
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.api.rate_limits import AI_LIMIT
from app.api.root_path import below_root
from app.api.streams import STREAMED, answer_without_words, as_events, stream_turn
from app.core.errors import ConversationBusy
from app.models.fields import Matching
from app.schemas.conversations import (
    ConversationCreate,
    ConversationQuery,
    ConversationRead,
    ConversationUpdate,
    TurnCreate,
    TurnQuery,
    TurnRead,
)
from app.schemas.etags import json_of

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"], route_class=GuardedRoute)

_TURNS = "/{conversation_id}/turns"

EventId = Annotated[
    str,
    StringConstraints(max_length=21),
    Matching(r"^([1-9][0-9]*:[0-9]+)?$", "must be the id of an event of the turn"),
]
"""`TURN:NUMBER`, or empty."""


@router.get(
    "",
    operation_id="list_conversations",
    dependencies=[AUTHENTICATED],
    **paginated(ConversationRead, ConversationQuery),
)
async def list_conversations(
    conversations: ConversationServiceDep,
    page: Annotated[PageRequest[ConversationQuery], Depends(page_request(ConversationQuery))],
) -> Response:
    """List your conversations, by default the latest activity first. Staff cannot see conversations of others."""
    return page.answer(await conversations.list(page.query, counted=page.counted), ConversationRead)


@router.post(
    "",
    operation_id="create_conversation",
    dependencies=[AUTHENTICATED],
    status_code=201,
    response_model=ConversationRead,
    responses=CREATED | responses(413, 422, 503),
)
async def create_conversation(
    request: Request, conversations: ConversationServiceDep, once: OnceDep, command: ConversationCreate | None = None
) -> Response:
    """Start a conversation, which belongs to the account or API key of the request.

    It is deleted after `CONVERSATION_DAYS` (30) without a turn.
    """
    created = await conversations.create(command or ConversationCreate(), once)
    return tagged_response(created, status=201, location=location_of(request, created.id))


@router.get(
    "/{conversation_id}",
    operation_id="get_conversation",
    dependencies=[AUTHENTICATED],
    response_model=ConversationRead,
    responses=READ | responses(404, 422, 503),
)
async def get_conversation(
    conversations: ConversationServiceDep, conversation_id: Id, if_none_match: IfNoneMatch = None
) -> Response:
    """Return one of your conversations."""
    return tagged_response(await conversations.get(conversation_id), if_none_match=if_none_match)


@router.patch(
    "/{conversation_id}",
    operation_id="rename_conversation",
    dependencies=[AUTHENTICATED],
    response_model=ConversationRead,
    responses=TAGGED | responses(404, 412, 413, 422, 503),
)
async def rename_conversation(
    conversations: ConversationServiceDep, conversation_id: Id, command: ConversationUpdate, if_match: IfMatch
) -> Response:
    """Change the title."""
    return tagged_response(await conversations.rename(conversation_id, command, if_match))


@router.delete(
    "/{conversation_id}",
    operation_id="delete_conversation",
    dependencies=[AUTHENTICATED],
    status_code=204,
    responses=responses(404, 412, 422, 503),
)
async def delete_conversation(conversations: ConversationServiceDep, conversation_id: Id, if_match: IfMatch) -> None:
    """Delete the conversation with all its turns; a running turn is cancelled."""
    await conversations.delete(conversation_id, if_match)


@router.get(
    _TURNS,
    operation_id="list_turns",
    dependencies=[AUTHENTICATED],
    **paginated(TurnRead, TurnQuery, 404),
)
async def list_turns(
    turns: TurnServiceDep,
    conversation_id: Id,
    page: Annotated[PageRequest[TurnQuery], Depends(page_request(TurnQuery))],
) -> Response:
    """List the turns, by default in order of id."""
    return page.answer(await turns.list(conversation_id, page.query, counted=page.counted), TurnRead)


@router.post(
    _TURNS,
    operation_id="create_turn",
    dependencies=[AUTHENTICATED, AI_LIMIT],
    status_code=201,
    response_model=TurnRead,
    responses=STREAMED | LOCATED | responses(404, 409, 413, 422, 429, 502, 503, 504),
)
async def create_turn(
    request: Request, turns: TurnServiceDep, conversation_id: Id, command: TurnCreate, once: OnceDep
) -> Response:
    """Ask the agents, who know the earlier turns, and wait for the answer.

    The turn continues if the client disconnects. While another turn of the conversation is running, the response is 409
    with `turn`, the path of that turn. Requests with the same `Idempotency-Key` get the same turn, also while it runs.
    If the turn fails, the response is a problem document, and the turn is stored as `failed`.

    With `Accept: text/event-stream`, the turn is sent as events of AG-UI 1.0, also if it is already running. After a
    lost connection, continue the stream at `events`.
    """
    if as_events(request):
        with naming_the_turn(request):
            turn_id = await turns.begin(conversation_id, command, once.key)
        return stream_turn(str(turn_id), turns.events_of(turn_id))
    with naming_the_turn(request):
        turn = await until_disconnect(request, turns.ask(conversation_id, command, once.key))
    headers = {"Location": location_of(request, turn.id)}
    return Response(json_of(turn), status_code=201, headers=headers, media_type="application/json")


@router.get(
    _TURNS + "/{turn_id}",
    operation_id="get_turn",
    dependencies=[AUTHENTICATED],
    responses=responses(404, 422, 503),
)
async def get_turn(turns: TurnServiceDep, conversation_id: Id, turn_id: Id) -> TurnRead:
    """Return a turn, also while it is running."""
    return await turns.get(conversation_id, turn_id)


@router.get(
    _TURNS + "/{turn_id}/events",
    operation_id="get_turn_events",
    dependencies=[AUTHENTICATED],
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events", **STREAMED[200]},
        204: {"description": "The client has all events."},
        **responses(404, 422, 503),
    },
)
async def get_turn_events(
    request: Request,
    turns: TurnServiceDep,
    conversation_id: Id,
    turn_id: Id,
    last_event_id: Annotated[EventId, Header(description="Continue after this event.")] = "",
    after: Annotated[EventId, Query(description="The same, for clients that cannot send the header.")] = "",
) -> Response:
    """Stream the turn's events (AG-UI 1.0), past and future, until its end.

    They are stored until 5 minutes after the end. Later, only the messages and the terminal event are sent.
    """
    events = await turns.events(conversation_id, turn_id, last_event_id or after or None)
    if events is None:
        return Response(status_code=204)
    if is_head(request.scope):
        await events.aclose()
        return answer_without_words(request)
    return stream_turn(str(turn_id), events)


@router.post(
    _TURNS + "/{turn_id}/cancel",
    operation_id="cancel_turn",
    dependencies=[AUTHENTICATED],
    responses=responses(404, 422, 503),
)
async def cancel_turn(turns: TurnServiceDep, conversation_id: Id, turn_id: Id) -> TurnRead:
    """Cancel a running turn and return it. A turn that has ended does not change."""
    return await turns.cancel(conversation_id, turn_id)


@contextmanager
def naming_the_turn(request: Request) -> Iterator[None]:
    """Add the path of the running turn to a ConversationBusy error."""
    try:
        yield
    except ConversationBusy as busy:
        path = f"{router.prefix}/{busy.conversation_id}/turns/{busy.turn_id}"
        busy.extensions["turn"] = below_root(request.scope, path) if busy.turn_id is not None else None
        raise
