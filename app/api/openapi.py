"""What OpenAPI is told besides what FastAPI finds out by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI


def extend_openapi(app: FastAPI, add: Callable[[dict[str, Any]], None]) -> None:
    """Have `add` complete the document, once: FastAPI keeps it from then on."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        described = app.openapi_schema is not None
        schema = generate()
        if not described:
            add(schema)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
