"""/api/v1/auth/api-keys"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.authentication import CallerDep
from app.api.authorization import ADMIN, GuardedRoute
from app.api.deps import ApiKeyServiceDep, Id
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.schemas.auth import ApiKeyCreate, ApiKeyCreated, ApiKeyQuery, ApiKeyRead

router = APIRouter(prefix="/api/v1/auth/api-keys", tags=["auth"], dependencies=[ADMIN], route_class=GuardedRoute)


@router.get("", operation_id="list_api_keys", **paginated(ApiKeyRead, ApiKeyQuery))
async def list_api_keys(
    keys: ApiKeyServiceDep, page: Annotated[PageRequest[ApiKeyQuery], Depends(page_request(ApiKeyQuery))]
) -> Response:
    """List API keys without their secrets, including expired and revoked ones; by default in order of id."""
    return page.answer(await keys.list(page.query, counted=page.counted), ApiKeyRead)


@router.post("", operation_id="create_api_key", status_code=201, responses=responses(413, 422, 503))
async def create_api_key(keys: ApiKeyServiceDep, caller: CallerDep, command: ApiKeyCreate) -> ApiKeyCreated:
    """Create an API key, which acts as staff within its scopes. The key is shown only in this response."""
    return await keys.create(command, caller)


@router.delete("/{key_id}", operation_id="revoke_api_key", status_code=204, responses=responses(404, 422, 503))
async def revoke_api_key(keys: ApiKeyServiceDep, key_id: Id) -> None:
    """Revoke an API key: at once in the process that answers, and within 5 seconds in all others."""
    await keys.revoke(key_id)
