"""Responses with one record and its entity tag."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from app.schemas.etags import EntityTags, etag_of, json_of

_ETAG: dict[str, Any] = {
    "ETag": {"description": "Entity tag; send it in If-Match or If-None-Match.", "schema": {"type": "string"}}
}
_LOCATION: dict[str, Any] = {"Location": {"description": "URL of the new record.", "schema": {"type": "string"}}}

TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}}
READ: dict[int | str, dict[str, Any]] = {
    **TAGGED,
    304: {"description": "Unchanged: `If-None-Match` has its current `ETag`."},
}
LOCATED: dict[int | str, dict[str, Any]] = {201: {"headers": _LOCATION}}
CREATED: dict[int | str, dict[str, Any]] = {201: {"headers": {**_ETAG, **_LOCATION}}}
"""Success responses for the OpenAPI descriptions of routes."""


async def get_if_match(
    if_match: Annotated[
        str | None, Header(description="The `ETag` last received: 412 if the record has changed since.")
    ] = None,
) -> EntityTags:
    """Return the entity tags of `If-Match`."""
    return EntityTags(if_match)


IfMatch = Annotated[EntityTags, Depends(get_if_match)]
IfNoneMatch = Annotated[str | None, Header(description="The `ETag` last received: 304 if the record is unchanged.")]


def tagged_response(
    model: BaseModel, *, if_none_match: str | None = None, status: int = 200, location: str | None = None
) -> Response:
    """Return the model, serialised once, or 304 when `If-None-Match` has its tag."""
    body = json_of(model)
    headers = {"ETag": etag_of(body)}
    if location is not None:
        headers["Location"] = location
    if EntityTags(if_none_match).include(headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def location_of(request: Request, number: int) -> str:
    """Return the path of a record that this POST created."""
    return f"{request.url.path}/{number}"
