"""/api/v1/ai"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api.authorization import OPTIONAL_AUTH, GuardedRoute
from app.api.deps import AiServiceDep, TurnServiceDep
from app.api.disconnect import until_disconnect
from app.api.head import is_head
from app.api.problems import responses
from app.api.rate_limits import AI_LIMIT
from app.api.streams import EVENT_STREAM, STREAMED, answer_without_words, as_events, stream_answer, stream_turn
from app.api.v1.conversations import naming_the_turn
from app.schemas.ai import AiInfo, HandoffRequest, HandoffResponse, Question, SummaryRequest, SummaryResponse
from app.schemas.conversations import ConversationAnswer, TurnCreate

router = APIRouter(prefix="/api/v1/ai", tags=["ai"], route_class=GuardedRoute)

_MODEL_FAILURES = (429, 502, 503, 504)


@router.post(
    "/handoff",
    operation_id="ask_agents",
    dependencies=[OPTIONAL_AUTH, AI_LIMIT],
    response_model=ConversationAnswer | HandoffResponse,
    responses=STREAMED | responses(404, 409, 413, 422, *_MODEL_FAILURES),
)
async def hand_off(
    request: Request, ai: AiServiceDep, turns: TurnServiceDep, body: HandoffRequest
) -> ConversationAnswer | HandoffResponse | Response:
    """Ask the agents: they query the store and hand the question over to each other until one answers.

    With `conversation_id`, the question is a turn of that conversation; without it, nothing is stored. With
    `Accept: text/event-stream`, the turn is sent as events of AG-UI 1.0; if it is not stored, it ends with its stream.
    """
    if as_events(request):
        return await _handed_off_as_events(request, ai, turns, body)
    if body.conversation_id is None:
        return await until_disconnect(request, ai.hand_off(body.question))
    with naming_the_turn(request):
        return await until_disconnect(request, turns.hand_off(body.conversation_id, body.question))


async def _handed_off_as_events(
    request: Request, ai: AiServiceDep, turns: TurnServiceDep, body: HandoffRequest
) -> Response:
    if body.conversation_id is None:
        return stream_turn("turn", await ai.events(body.question, request.app.state.shutdown.run_until_deadline))
    with naming_the_turn(request):
        turn_id = await turns.begin(body.conversation_id, TurnCreate(question=body.question))
    return stream_turn(str(turn_id), turns.events_of(turn_id))


@router.post(
    "/summary",
    operation_id="summarise_film",
    dependencies=[OPTIONAL_AUTH, AI_LIMIT],
    responses=responses(404, 413, 422, *_MODEL_FAILURES),
)
async def summarise(request: Request, ai: AiServiceDep, body: SummaryRequest) -> SummaryResponse:
    """Summarise a film in a few sentences. Title and rating come from the store, the rest from the model."""
    return await until_disconnect(request, ai.summarise(body.film_id))


@router.get(
    "/ask",
    operation_id="ask_model",
    dependencies=[OPTIONAL_AUTH, AI_LIMIT],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The answer, streamed while the model writes it",
            "content": {kind: {"schema": {"type": "string"}} for kind in ("text/plain", EVENT_STREAM)},
        },
        **responses(422, *_MODEL_FAILURES),
    },
)
async def ask(
    request: Request,
    ai: AiServiceDep,
    question: Annotated[Question, Query(examples=["What makes a good film?"])],
) -> StreamingResponse:
    """Ask the model directly, without the store.

    The answer is streamed as plain text; an error after the first word aborts the connection. With
    `Accept: text/event-stream` it is sent as `delta` events, then `done` or `error`. HEAD does not call the model.
    """
    stream = await ai.ask(question)
    if is_head(request.scope):
        return answer_without_words(request)
    first = await until_disconnect(request, anext(stream))
    return stream_answer(request, first, stream)


@router.get(
    "/info",
    operation_id="get_ai_info",
    dependencies=[OPTIONAL_AUTH],
    responses=responses(503),
)
async def info(ai: AiServiceDep) -> AiInfo:
    """Return the model provider, the model, the agents and their tools."""
    return await ai.info()
