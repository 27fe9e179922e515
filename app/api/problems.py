"""Convert errors to application/problem+json (RFC 9457). This module has the only table of status codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.api.disconnect import ClientGone
from app.api.openapi import extend_openapi
from app.core import errors
from app.core.database.driver_errors import app_error_from, driver_error_name
from app.core.database.engine import is_unreachable
from app.core.errors import INTERNAL_ERROR, AppError, Unauthorized, Unavailable, database_away

log = structlog.get_logger("app.api")

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[AppError], HTTPStatus] = {
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.UpstreamFailed: HTTPStatus.BAD_GATEWAY,
    errors.NotConfigured: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UpstreamTimeout: HTTPStatus.GATEWAY_TIMEOUT,
}

_ROUTING: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "No such path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method not allowed for this path.",
}

_PHRASES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""Phrases of RFC 9110 that Python before 3.13 lacks."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_UNREADABLE = {"loc": ["body"], "msg": "The body cannot be decoded.", "type": "unreadable"}
"""The 422 for a body that FastAPI or Starlette cannot decode (they raise 400)."""

_IN_OUR_WORDS = {
    "extra_forbidden": "Unknown field.",
    "model_attributes_type": "The body must be a JSON object, sent as application/json.",
}
"""Messages for pydantic error types whose own message is meant for programmers."""

_TRY_AGAIN = {
    "headers": {
        "Retry-After": {
            "description": "Seconds to wait before retrying.",
            "schema": {"type": "integer", "minimum": 1},
        }
    }
}


class FieldProblem(BaseModel):
    """One invalid field."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str


class ValidationProblem(Problem):
    """An error with the invalid fields."""

    errors: list[FieldProblem]


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of a route for its OpenAPI description."""
    return {
        status: {
            "description": _phrase(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{_schema_of(status)}"}}},
            **(_TRY_AGAIN if status == HTTPStatus.TOO_MANY_REQUESTS else {}),
        }
        for status in statuses
    }


def _phrase(status: int) -> str:
    return _PHRASES.get(HTTPStatus(status), HTTPStatus(status).phrase)


def _schema_of(status: int) -> str:
    return ValidationProblem.__name__ if status == HTTPStatus.UNPROCESSABLE_ENTITY else Problem.__name__


def document(request: Request, status: int, detail: str, **extensions: object) -> dict[str, object]:
    """Return a problem document."""
    return {
        "type": "about:blank",
        "title": _phrase(status),
        "status": int(status),
        "detail": detail,
        "instance": request.url.path,
        "request_id": request.state.request_id,
        **extensions,
    }


def problem(
    request: Request, status: int, detail: str, *, headers: dict[str, str] | None = None, **extensions: object
) -> JSONResponse:
    """Return a problem document as a response."""
    content = to_jsonable_python(document(request, status, detail, **extensions))
    return JSONResponse(content, status_code=int(status), headers=headers, media_type=MEDIA_TYPE)


def app_error_document(request: Request, error: AppError) -> dict[str, object]:
    """Return the problem document of an AppError."""
    return document(request, _status_of(error), error.detail, **error.extensions)


def install(app: FastAPI) -> None:
    """Register the exception handlers."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(ClientGone, _client_gone)
    for unreachable in (OSError, PoolTimeout):
        app.add_exception_handler(unreachable, _database_away)
    extend_openapi(app, _describe)


def _describe(schema: dict[str, Any]) -> None:
    """Add the schemas that `responses` refers to to the OpenAPI document."""
    validation = ValidationProblem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas |= validation.pop("$defs")
    schemas |= {"ValidationProblem": validation, "Problem": Problem.model_json_schema()}


async def _app_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)  # it is registered for this type  # noqa: S101  # nosec B101
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = error.challenge
    return problem(request, _status_of(error), error.detail, headers=headers, **error.extensions)


def _status_of(error: AppError) -> HTTPStatus:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # likewise  # noqa: S101  # nosec B101
    if isinstance(error.__cause__, OSError):
        # Parts of a form are stored in temporary files: the disk may be full.
        log.error("body_storage_failed", error=type(error.__cause__).__name__, errno=error.__cause__.errno)
        return await _app_error(request, Unavailable("The body cannot be stored: try again later.", retry_after=5))
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _invalid(request, [_UNREADABLE])
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
    generic = error.detail == HTTPStatus(error.status_code).phrase
    detail = _ROUTING.get(error.status_code, error.detail) if generic else error.detail
    return problem(request, error.status_code, str(detail), headers=headers)


def _allowed(request: Request) -> list[str]:
    """Return the methods of all routes of this path: the router names only the first's."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if described := request.app.openapi()["paths"].get(path):
        taken = {method.upper() for method in described}
    else:
        asked = [(method, {**request.scope, "method": method}) for method in _METHODS]
        taken = {
            method
            for method, scope in asked
            if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
        }
    # HEAD becomes GET before routing: see app/api/head.py.
    return [method for method in _METHODS if method in taken or (method == "HEAD" and "GET" in taken)]


async def _client_gone(_request: Request, _error: Exception) -> Response:
    """Return 499, as nginx does. Only the log shows it, because the client has disconnected."""
    return Response(status_code=499)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # likewise  # noqa: S101  # nosec B101
    fields = [
        {"loc": list(e["loc"]), "msg": _IN_OUR_WORDS.get(e["type"], e["msg"]), "type": e["type"]}
        for e in error.errors()
    ]
    if any(field["loc"][0] == "path" for field in fields) and request.method not in _allowed(request):
        # The path is one such as /films/export, which lacks this method: the router took its last part for an id.
        return await _http_exception(request, HTTPException(HTTPStatus.METHOD_NOT_ALLOWED))
    return _invalid(request, fields)


def _invalid(request: Request, fields: list[dict[str, Any]]) -> JSONResponse:
    where = ", ".join(".".join(map(str, field["loc"])) for field in fields)
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"Invalid request: {where}.", errors=fields)


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)  # likewise  # noqa: S101  # nosec B101
    if is_unreachable(error):
        return await _database_away(request, error)
    if refused := app_error_from(error):
        return await _app_error(request, refused)
    return unexpected(request, error)


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    log.error("database_unreachable", error=driver_error_name(error))
    return await _app_error(request, database_away())


def unexpected(request: Request, error: BaseException) -> JSONResponse:
    """Log an unexpected error with its traceback; return a 500 without details."""
    log.error("unhandled_error", error=type(error).__name__, exc_info=error)
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR)
