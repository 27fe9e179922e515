"""Additions to the OpenAPI document that FastAPI generates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI


def extend_openapi(app: FastAPI, add: Callable[[dict[str, Any]], None]) -> None:
    """Let `add` complete the document, once: FastAPI caches it afterwards."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        described = app.openapi_schema is not None
        schema = generate()
        if not described:
            add(schema)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
