"""The hand-written reference service of the benchmark: the same answers with minimal code.

Started by `python -m tests.load`, which hands over MODEL_CALL: a file with the request that the service makes of the
model for a question, so that this loop offers the same instructions and tools.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MODEL_CALL: dict[str, Any] = json.loads(Path(os.environ["MODEL_CALL"]).read_text())

_FILM = """
SELECT f.film_id AS id, f.title, f.description, f.release_year, f.language_id, rtrim(l.name) AS language,
    f.original_language_id, f.rental_duration, f.rental_rate::float8, f.length, f.replacement_cost::float8, f.rating,
    f.special_features, f.streaming_available, f.last_update,
    ARRAY(SELECT c.name FROM film_category fc JOIN category c USING (category_id)
        WHERE fc.film_id = f.film_id ORDER BY c.name) AS categories
    {more}
FROM film f JOIN language l ON l.language_id = f.language_id
"""
_ACTORS = """,
    ARRAY(SELECT a.first_name || ' ' || a.last_name FROM film_actor fa JOIN actor a USING (actor_id)
        WHERE fa.film_id = f.film_id ORDER BY a.actor_id) AS actors
"""
_DISCS = """,
    (SELECT count(*) FROM inventory i WHERE i.film_id = f.film_id) AS copies,
    (SELECT count(*) FROM inventory i WHERE i.film_id = f.film_id AND NOT EXISTS
        (SELECT FROM rental r WHERE r.inventory_id = i.inventory_id AND r.return_date IS NULL)) AS in_stock
"""
_ONE = _FILM.format(more=_ACTORS) + "WHERE f.film_id = $1"
_LIST = _FILM.format(more="") + "ORDER BY f.film_id LIMIT $1"
_IN_CATEGORY = _FILM.format(more="") + """WHERE EXISTS (SELECT FROM film_category fc JOIN category c USING (category_id)
        WHERE fc.film_id = f.film_id AND c.name ILIKE '%' || $2 || '%') ORDER BY f.film_id LIMIT $1"""
_TITLED = (
    _FILM.format(more=_ACTORS + _DISCS)
    + "WHERE f.title ILIKE '%' || $1 || '%' ORDER BY lower(f.title) = lower($1) DESC, length(f.title) LIMIT 10"
)

_RENTALS = """
SELECT r.rental_id AS id, r.rental_date, r.inventory_id, r.customer_id, r.staff_id, r.return_date, f.film_id,
    f.title AS film_title, r.rental_date + f.rental_duration * interval '24 hours' AS due_date,
    coalesce(r.return_date, now()) > r.rental_date + f.rental_duration * interval '24 hours' AS is_overdue,
    r.last_update
FROM rental r JOIN inventory i USING (inventory_id) JOIN film f ON f.film_id = i.film_id
WHERE r.customer_id = $1 ORDER BY r.rental_id LIMIT $2
"""


@dataclass
class Completion:
    """One streamed chat completion, put together."""

    text: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """One pool, one client."""
    call = dict(_MODEL_CALL)
    app.state.messages = call.pop("messages")
    app.state.call = call
    app.state.client = AsyncOpenAI(max_retries=0)
    async with asyncpg.create_pool(os.environ["DATABASE_URL"].replace("+asyncpg", "")) as app.state.pool:
        yield


async def film(request: Request) -> Response:
    """GET /api/v1/films/{id}"""
    row = await request.app.state.pool.fetchrow(_ONE, int(request.path_params["id"]))
    return _json(dict(row))


async def films(request: Request) -> Response:
    """GET /api/v1/films"""
    limit, category = int(request.query_params.get("limit", 100)), request.query_params.get("category")
    query = (_LIST, limit) if category is None else (_IN_CATEGORY, limit, category)
    return _json([dict(row) for row in await request.app.state.pool.fetch(*query)])


async def rentals(request: Request) -> Response:
    """GET /api/v1/customers/{id}/rentals"""
    limit = int(request.query_params.get("limit", 100))
    rows = await request.app.state.pool.fetch(_RENTALS, request.path_params["id"], limit)
    return _json([dict(row) for row in rows])


async def hand_off(request: Request) -> Response:
    """POST /api/v1/ai/handoff"""
    started = time.perf_counter()
    question = (await request.json())["question"]
    messages = [*request.app.state.messages[:-1], {"role": "user", "content": question}]
    steps: list[dict[str, str]] = []
    completions: list[Completion] = []
    while not completions or completions[-1].calls:
        completion = await _complete(request.app.state, messages)
        completions.append(completion)
        messages.append(_assistant_message(completion))
        for call in completion.calls.values():
            result = await _search_films(request.app.state.pool, **json.loads(call["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
            arguments = json.loads(call["arguments"])
            steps.append({"agent": "SearchAgent", "kind": "tool", "name": call["name"], "arguments": arguments})
    usage = {
        "prompt_tokens": sum(completion.prompt_tokens for completion in completions),
        "completion_tokens": sum(completion.completion_tokens for completion in completions),
        "model_calls": len(completions),
    }
    return _json(
        {
            "agent": "SearchAgent",
            "answer": completions[-1].text,
            "status": "completed",
            "steps": steps,
            "usage": usage,
            "duration_ms": round((time.perf_counter() - started) * 1000),
        }
    )


async def _complete(state: Any, messages: list[dict[str, Any]]) -> Completion:
    stream: AsyncStream[ChatCompletionChunk] = await state.client.chat.completions.create(
        messages=messages, **state.call
    )
    completion = Completion()
    async for chunk in stream:
        if chunk.usage:
            completion.prompt_tokens = chunk.usage.prompt_tokens
            completion.completion_tokens = chunk.usage.completion_tokens
        for choice in chunk.choices:
            completion.text += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                call = completion.calls.setdefault(part.index, {"id": part.id or "", "name": "", "arguments": ""})
                if part.function:
                    call["name"] += part.function.name or ""
                    call["arguments"] += part.function.arguments or ""
    return completion


def _assistant_message(completion: Completion) -> dict[str, Any]:
    calls = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in completion.calls.values()
    ]
    return {"role": "assistant", "content": completion.text or None, **({"tool_calls": calls} if calls else {})}


async def _search_films(pool: asyncpg.Pool[asyncpg.Record], title: str) -> str:
    rows = await pool.fetch(_TITLED, title)
    exact = [row for row in rows if row["title"].lower() == title.lower()]
    others = [f"{row['title']} ({row['release_year']})" for row in rows if row not in exact]
    found = {
        "query": title,
        "match": "exact" if exact else "partial" if rows else "none",
        "total": len(rows),
        "films": [dict(row) for row in exact or rows],
        "other_titles": others if exact else [],
    }
    return orjson.dumps(found, option=orjson.OPT_UTC_Z).decode()


def _json(content: object) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_UTC_Z), media_type="application/json")


app = Starlette(
    routes=[
        Route("/api/v1/films/{id:int}", film),
        Route("/api/v1/films", films),
        Route("/api/v1/customers/{id:int}/rentals", rentals),
        Route("/api/v1/ai/handoff", hand_off, methods=["POST"]),
    ],
    lifespan=lifespan,
)
