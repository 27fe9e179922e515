"""Pagination: the requested page, and its response with `Link` (RFC 8288) to other pages.

Pydantic validates the whole query at once; FastAPI goes through the model's fields, fifty times as slow.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.api.problems import responses
from app.schemas.base import list_adapter
from app.schemas.pagination import PageQuery
from app.services.pagination import Page

Q = TypeVar("Q", bound=PageQuery)

_COUNT = re.compile(r"\bcount\s*=\s*\"?exact\b", re.IGNORECASE)
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`count=exact` adds the total number of items as `X-Total-Count`.",
    "schema": {"type": "string", "examples": ["count=exact"]},
}

_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": "Links to `first`, `prev` and `next` (RFC 8288). `next` costs the same at any depth.",
                "schema": {"type": "string"},
            },
            "X-Total-Count": {
                "description": "Total number of items, sent for `Prefer: count=exact`.",
                "schema": {"type": "integer"},
            },
        }
    }
}
"""The 200 response of every list, for OpenAPI."""


@dataclass(frozen=True)
class PageRequest(Generic[Q]):
    """A request for a page of a list."""

    request: Request
    query: Q

    @property
    def counted(self) -> bool:
        """Whether the client wants the total number of items."""
        prefer = self.request.headers.get("prefer")
        return prefer is not None and _COUNT.search(prefer) is not None

    def answer(self, page: Page[Any], model: type[BaseModel]) -> Response:
        """Return the page as a response."""
        headers = {"Link": _links(self.request, page)}
        if page.total is not None:
            headers |= {"X-Total-Count": str(page.total), "Preference-Applied": "count=exact"}
        return Response(list_adapter(model).dump_json(page.items), headers=headers, media_type="application/json")


def page_request(model: type[Q]) -> Callable[[Request], Awaitable[PageRequest[Q]]]:
    """Return the dependency that parses the query; raises RequestValidationError, as FastAPI does."""

    async def read(request: Request) -> PageRequest[Q]:
        try:
            return PageRequest(request, model.model_validate(dict(request.query_params.items())))
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in found]) from error

    return read


def paginated(item: type[BaseModel], query: type[PageQuery], *statuses: int) -> dict[str, Any]:
    """Return the OpenAPI arguments of a list's route; `statuses` are its errors besides 422 and 503."""
    return {
        "response_model": list[item],  # type: ignore[valid-type]
        "responses": _PAGE | responses(422, 503, *statuses),
        "openapi_extra": _described(query),
    }


def _described(model: type[PageQuery]) -> dict[str, Any]:
    """Return the query's OpenAPI parameters, as FastAPI does not parse the query."""
    schema = model.model_json_schema()
    parameters = [_PREFER]
    for name, field in schema["properties"].items():
        whole = _inlined(field, schema.get("$defs", {}))
        about = {key: whole.pop(key) for key in ("description",) if key in whole}
        parameters.append(
            {"name": name, "in": "query", "required": name in schema.get("required", ()), **about, "schema": whole}
        )
    return {"parameters": parameters}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401  a JSON schema
    """Return the schema with references inlined: the document lacks the query's own definitions."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: _inlined(value, definitions) for key, value in schema.items()}


def _links(request: Request, page: Page[Any]) -> str:
    url = request.url
    base = f"{url.scheme}://{url.netloc}{url.path}"
    kept = [pair for pair in parse_qsl(url.query, keep_blank_values=True) if pair[0] not in ("cursor", "skip")]
    targets = {"first": kept}
    for relation, cursor in (("prev", page.prev), ("next", page.next)):
        if cursor:
            targets[relation] = [*kept, ("cursor", cursor)]
    return ", ".join(
        f'<{base}{"?" if query else ""}{urlencode(query)}>; rel="{relation}"' for relation, query in targets.items()
    )
