"""/api/v1/ai"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.api.access import ANYBODY
from app.api.deps import AiServiceDep
from app.api.disconnect import until_disconnect
from app.api.head import is_head
from app.api.limits import AI_LIMIT
from app.api.problems import responses
from app.api.streams import EVENT_STREAM, answer_without_words, stream_answer
from app.schemas.ai import AiInfo, HandoffRequest, HandoffResponse, Question, SummaryRequest, SummaryResponse

router = APIRouter(prefix="/api/v1/ai", tags=["ai"])

_MODEL_FAILURES = (429, 502, 503, 504)


@router.post(
    "/handoff",
    operation_id="ask_agents",
    dependencies=[ANYBODY, AI_LIMIT],
    responses=responses(413, 422, *_MODEL_FAILURES),
)
async def hand_off(request: Request, ai: AiServiceDep, body: HandoffRequest) -> HandoffResponse:
    """Ask the team of agents: they look things up in the store and hand over to each other until one answers."""
    return await until_disconnect(request, ai.hand_off(body.question))


@router.post(
    "/summary",
    operation_id="summarise_film",
    dependencies=[ANYBODY, AI_LIMIT],
    responses=responses(404, 413, 422, *_MODEL_FAILURES),
)
async def summarise(request: Request, ai: AiServiceDep, body: SummaryRequest) -> SummaryResponse:
    """A film in a few sentences. Title and rating are the store's, the rest is the model's."""
    return await until_disconnect(request, ai.summarise(body.film_id))


@router.get(
    "/ask",
    operation_id="ask_model",
    dependencies=[ANYBODY, AI_LIMIT],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The answer, as it is written",
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
    """Ask the model itself, without the store.

    Streamed as plain text, which an error after the first word breaks off; with `Accept: text/event-stream` as events
    `delta`, and `done` or `error` last. HEAD asks no model: it tells what can be known without its answer.
    """
    stream = await ai.ask(question)
    if is_head(request.scope):
        return answer_without_words(request)
    first = await until_disconnect(request, anext(stream))
    return stream_answer(request, first, stream)


@router.get(
    "/info",
    operation_id="get_ai_info",
    dependencies=[ANYBODY],
    responses=responses(503),
)
async def info(ai: AiServiceDep) -> AiInfo:
    """Which model answers here, and what its agents can do."""
    return await ai.info()
