"""/, /health, /health/live, /health/ready"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.api.authorization import PUBLIC, GuardedRoute
from app.api.deps import HealthServiceDep
from app.api.problems import problem, responses
from app.api.root_path import below_root
from app.schemas.health import Liveness, Readiness, Root

router = APIRouter(tags=["system"], route_class=GuardedRoute)

_LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
    "films": "/api/v1/films",
    "categories": "/api/v1/categories",
    "ai": "/api/v1/ai/info",
}


@router.get("/", operation_id="get_root", dependencies=[PUBLIC])
async def root(request: Request) -> Root:
    """Return the service's name, version and links."""
    links = {name: below_root(request.scope, path) for name, path in _LINKS.items()}
    return Root(name=request.app.title, version=request.app.version, links=links)


@router.get("/health", operation_id="get_health", dependencies=[PUBLIC])
@router.get("/health/live", operation_id="get_liveness", dependencies=[PUBLIC])
async def live() -> Liveness:
    """Report that the process is up."""
    return Liveness()


@router.get(
    "/health/ready",
    operation_id="get_readiness",
    dependencies=[PUBLIC],
    response_model=Readiness,
    responses=responses(503),
)
async def ready(request: Request, health: HealthServiceDep) -> Readiness | JSONResponse:
    """Check database, schema and model provider; 503 names the checks that fail."""
    readiness = await health.readiness()
    if readiness.ready:
        return readiness
    failing = {name: check.detail for name, check in readiness.checks.items() if not check.ok}
    detail = "Not ready: " + "; ".join(f"{name} {why.rstrip('.')}" for name, why in failing.items()) + "."
    return problem(request, 503, detail, headers={"Retry-After": "5"}, checks=readiness.model_dump()["checks"])
