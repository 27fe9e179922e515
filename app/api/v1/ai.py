"""/api/v1/ai"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.api.deps import AiServiceDep
from app.api.disconnect import until_disconnect
from app.api.problems import responses
from app.schemas.ai import AiInfo, HandoffRequest, HandoffResponse, Question, SummaryRequest, SummaryResponse

router = APIRouter(prefix="/ai", tags=["ai"])

_MODEL_FAILURES = (429, 502, 503, 504)


@router.post("/handoff", operation_id="ask_agents", responses=responses(413, 422, *_MODEL_FAILURES))
async def hand_off(request: Request, ai: AiServiceDep, body: HandoffRequest) -> HandoffResponse:
    """Ask the team of agents: they look things up in the store and hand over to each other until one answers."""
    return await until_disconnect(request, ai.hand_off(body.question))


@router.post("/summary", operation_id="summarise_film", responses=responses(404, 413, 422, *_MODEL_FAILURES))
async def summarise(request: Request, ai: AiServiceDep, body: SummaryRequest) -> SummaryResponse:
    """A film in a few sentences. Title and rating are the store's, the rest is the model's."""
    return await until_disconnect(request, ai.summarise(body.film_id))


@router.get(
    "/ask",
    operation_id="ask_model",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The answer, as it is written",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **responses(422, *_MODEL_FAILURES),
    },
)
async def ask(
    request: Request,
    ai: AiServiceDep,
    question: Annotated[Question, Query(examples=["What makes a good film?"])],
) -> StreamingResponse:
    """Ask the model itself, without the store. Streamed: an error after the first word breaks the stream off."""
    stream = await ai.ask(question)
    first = await until_disconnect(request, anext(stream))
    return StreamingResponse(_from_first(first, stream), media_type="text/plain; charset=utf-8")


@router.get("/info", operation_id="get_ai_info", responses=responses(503))
async def info(ai: AiServiceDep) -> AiInfo:
    """Which model answers here, and what its agents can do."""
    return await ai.info()


async def _from_first(first: str, stream: AsyncGenerator[str, None]) -> AsyncIterator[str]:
    async with aclosing(stream):
        yield first
        async for text in stream:
            yield text
