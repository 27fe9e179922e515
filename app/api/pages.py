"""A page of a list as a response: a bare array, and where the other pages are in `Link` (RFC 8288)."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Header, Request, Response
from pydantic import BaseModel

from app.schemas.base import list_adapter
from app.services.paging import Page

_COUNT = re.compile(r"\bcount\s*=\s*\"?exact\b", re.IGNORECASE)

Prefer = Annotated[
    str | None,
    Header(description="`count=exact` asks for the number of all items, in `X-Total-Count`.", examples=["count=exact"]),
]

PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": "The pages `first`, `prev` and `next` (RFC 8288). `next` costs the same at any depth.",
                "schema": {"type": "string"},
            },
            "X-Total-Count": {
                "description": "The number of all items, where `Prefer: count=exact` asked for it.",
                "schema": {"type": "integer"},
            },
        }
    }
}
"""What every list says about its successful answer."""


def counted(prefer: str | None) -> bool:
    """Whether the client asks for the number of all items."""
    return prefer is not None and _COUNT.search(prefer) is not None


def page_response(request: Request, page: Page[Any], model: type[BaseModel]) -> Response:
    """The items, serialised once."""
    headers = {"Link": _links(request, page)}
    if page.total is not None:
        headers |= {"X-Total-Count": str(page.total), "Preference-Applied": "count=exact"}
    return Response(list_adapter(model).dump_json(page.items), headers=headers, media_type="application/json")


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
