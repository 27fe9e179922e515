"""A client of the fake server that hides nothing: bodies and events as they came, for the fake's own tests."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.openai_wire import Json

SEARCH: Json = {
    "name": "film_search-search_films",
    "parameters": {
        "type": "object",
        "properties": {"title": {"type": "string"}, "limit": {"type": "integer"}, "exact": {"type": "boolean"}},
        "required": ["title"],
    },
}
TRANSFER: Json = {"name": "Handoff-transfer_to_LLMAgent", "parameters": {"type": "object", "properties": {}}}
ASK_USER: Json = {
    "name": "ask_user-ask_user",
    "parameters": {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
}
OPINION: Json = {
    "type": "object",
    "properties": {"recommended": {"type": "boolean"}, "summary": {"type": "string"}},
    "required": ["recommended", "summary"],
}
FILM = "What does the film Alien cost?"
FRANCE = "What is the capital of France?"


def request(question: str = FRANCE, *, tools: tuple[Json, ...] = (), **more: Any) -> Json:
    """A request body with one user message, offering these functions."""
    body: Json = {"model": "gpt-fake", "messages": [{"role": "user", "content": question}]}
    if tools:
        body["tools"] = [{"type": "function", "function": function} for function in tools]
    return body | more


def film_request(**more: Any) -> Json:
    """A question about a film, offering the search and a handoff."""
    return request(FILM, tools=(SEARCH, TRANSFER), **more)


def opinion_request(**more: Any) -> Json:
    """A request for JSON of a schema."""
    wanted = {"type": "json_schema", "json_schema": {"name": "opinion", "schema": OPINION}}
    return request(response_format=wanted, **more)


def post(server: FakeOpenAI, body: Json) -> httpx.Response:
    """The answer to a request body."""
    # Without certificates, for loading them takes longer than the request.
    return httpx.post(f"{server.base_url}/chat/completions", json=body, timeout=60, verify=False, trust_env=False)


def plain(server: FakeOpenAI, body: Json) -> Json:
    """The JSON of a plain answer, which has to be a completion."""
    response = post(server, body)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def chunks(server: FakeOpenAI, body: Json) -> list[Json]:
    """The JSON of each event of a stream, [DONE] excepted."""
    return [json.loads(data) for data in datas(server, body) if data != "[DONE]"]


def datas(server: FakeOpenAI, body: Json) -> list[str]:
    """The data of each event of a stream."""
    response = post(server, body | {"stream": True, "stream_options": {"include_usage": True}})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.splitlines()
    return [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]


def messages(server: FakeOpenAI, body: Json) -> tuple[Json, list[Json]]:
    """The first choice's message of a plain answer, and all deltas of the same request streamed."""
    message: Json = plain(server, body)["choices"][0]["message"]
    deltas = [choice["delta"] for chunk in chunks(server, body) for choice in chunk["choices"] if "delta" in choice]
    return message, [delta for delta in deltas if delta is not None]


def text_of(deltas: list[Json]) -> str:
    """The text of a stream's deltas."""
    return "".join(delta.get("content") or "" for delta in deltas)
