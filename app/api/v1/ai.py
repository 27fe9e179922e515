"""/api/v1/ai"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.api.authorization import OPTIONAL_AUTH, GuardedRoute
from app.api.deps import AiServiceDep, TurnServiceDep
from app.api.disconnect import until_disconnect
from app.api.head import is_head
from app.api.problems import responses
from app.api.rate_limits import AI_LIMIT
from app.api.streams import EVENT_STREAM, answer_without_words, stream_answer
from app.api.v1.conversations import naming_the_turn
from app.schemas.ai import AiInfo, HandoffRequest, HandoffResponse, Question, SummaryRequest, SummaryResponse
from app.schemas.conversations import ConversationAnswer

router = APIRouter(prefix="/api/v1/ai", tags=["ai"], route_class=GuardedRoute)

_MODEL_FAILURES = (429, 502, 503, 504)


@router.post(
    "/handoff",
    operation_id="ask_agents",
    dependencies=[OPTIONAL_AUTH, AI_LIMIT],
    responses=responses(404, 409, 413, 422, *_MODEL_FAILURES),
)
async def hand_off(
    request: Request, ai: AiServiceDep, turns: TurnServiceDep, body: HandoffRequest
) -> ConversationAnswer | HandoffResponse:
    """Ask the agents: they query the store and hand the question over to each other until one answers.

    With `conversation_id`, the question is a turn of that conversation; without it, nothing is stored.
    """
    if body.conversation_id is None:
        return await until_disconnect(request, ai.hand_off(body.question))
    with naming_the_turn(request):
        return await until_disconnect(request, turns.hand_off(body.conversation_id, body.question))


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
