"""/api/v1/auth/api-keys"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.access import ADMIN
from app.api.callers import CallerDep
from app.api.deps import ApiKeyServiceDep, Id
from app.api.pages import Asked, asks, lists
from app.api.problems import responses
from app.schemas.auth import ApiKeyCreate, ApiKeyCreated, ApiKeyQuery, ApiKeyRead

router = APIRouter(prefix="/api/v1/auth/api-keys", tags=["auth"], dependencies=[ADMIN])


@router.get("", operation_id="list_api_keys", **lists(ApiKeyRead, ApiKeyQuery))
async def list_api_keys(
    keys: ApiKeyServiceDep, asked: Annotated[Asked[ApiKeyQuery], Depends(asks(ApiKeyQuery))]
) -> Response:
    """List API keys without their secrets, including expired and revoked ones; by default in order of id."""
    return asked.answer(await keys.list(asked.query, counted=asked.counted), ApiKeyRead)


@router.post("", operation_id="create_api_key", status_code=201, responses=responses(413, 422, 503))
async def create_api_key(keys: ApiKeyServiceDep, caller: CallerDep, command: ApiKeyCreate) -> ApiKeyCreated:
    """Create an API key, which acts as staff within its scopes. The key is shown only in this response."""
    return await keys.create(command, caller)


@router.delete("/{key_id}", operation_id="revoke_api_key", status_code=204, responses=responses(404, 422, 503))
async def revoke_api_key(keys: ApiKeyServiceDep, key_id: Id) -> None:
    """Revoke an API key, effective immediately."""
    await keys.revoke(key_id)
