"""Limits on how often one caller asks, as dependencies of routes, and what OpenAPI says of them."""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute

from app.api.callers import CallerDep
from app.api.deps import SettingsDep
from app.api.description import add_to_description
from app.api.problems import responses
from app.core.counting import Limiter, LimitName, Standing
from app.core.errors import RateLimited
from app.core.identity import Caller
from app.core.settings import Settings

_HEADERS = {
    "RateLimit-Limit": "How many requests of one caller are answered within the window of time.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until the earliest of those that were counted counts no more.",
}
_UNKNOWN = "unknown"
_CLAIMED = "claimed"


class RequestLimiter:
    """Counts for one request, whose answer tells of the limit that is nearest."""

    def __init__(self, request: Request, limiter: Limiter) -> None:
        self._request, self._limiter = request, limiter

    async def hit(self, name: LimitName, key: str) -> None:
        """Count one; raises RateLimited when it is one too many.

        Routes count their callers by themselves. This is for handlers with something more to count, such as attempts
        for one email address: `await limiter.hit("auth", f"email:{digest}")`.
        """
        standing = await self._limiter.count(name, key)
        if standing is None:
            return
        nearest = standing_of(self._request.scope)
        if nearest is None or standing.remaining <= nearest.remaining:
            self._request.state.rate_limit = standing
        if standing.exceeded:
            raise RateLimited(
                f"At most {standing.limit} in {standing.window} seconds are answered: try again in {standing.reset}.",
                retry_after=standing.reset,
            )


async def get_limiter(request: Request) -> RequestLimiter:
    """The process's limiter, for this request."""
    return RequestLimiter(request, request.app.state.limiter)


LimiterDep = Annotated[RequestLimiter, Depends(get_limiter)]


class Limited:
    """A dependency that counts who asks."""

    def __init__(self, name: LimitName) -> None:
        self.name = name


class LimitedCaller(Limited):
    """Counts the caller of a route: by key or account, else by address."""

    async def __call__(self, request: Request, caller: CallerDep, limiter: LimiterDep, settings: SettingsDep) -> None:
        """Raises RateLimited."""
        await limiter.hit(self.name, _name_of(caller) or f"address:{address_of(request, settings)}")


class LimitedAddress(Limited):
    """Counts addresses alone: whoever tries passwords is not another caller for having signed in."""

    async def __call__(self, request: Request, limiter: LimiterDep, settings: SettingsDep) -> None:
        """Raises RateLimited."""
        await limiter.hit(self.name, f"address:{address_of(request, settings)}")


AI_LIMIT = Depends(LimitedCaller("ai"))
ACCOUNT_LIMIT = Depends(LimitedCaller("auth"))
ADDRESS_LIMIT = Depends(LimitedAddress("auth"))


def standing_of(scope: Any) -> Standing | None:  # noqa: ANN401  an ASGI scope
    """Where the caller of this request stands; None before it was counted, and where nothing is."""
    standing: Standing | None = scope.get("state", {}).get("rate_limit")
    return standing


def _name_of(caller: Caller) -> str | None:
    if caller.key_id is not None:
        return f"key:{caller.key_id}"
    return None if caller.account_id is None else f"account:{caller.account_id}"


def address_of(request: Request, settings: Settings) -> str:
    """The address to count by: of IPv6 the first half, for the other half is the caller's to choose.

    The server has put the address that X-Forwarded-For names in the place of the peer's where it believes the peer.
    Some servers believe this machine's own programs without being told to: where no proxy is configured, an address
    that the header names is a claim, and all claims count as one caller.
    """
    host = request.client.host if request.client else _UNKNOWN
    if not settings.forwarded_allow_ips and host in ",".join(request.headers.getlist("x-forwarded-for")):
        return _CLAIMED
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _UNKNOWN
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def install(app: FastAPI) -> None:
    """Describe the limits in OpenAPI: every limited route answers 429, and tells of its limit in every answer."""
    add_to_description(app, partial(_describe, app))


def _describe(app: FastAPI, schema: dict[str, Any]) -> None:
    headers = {
        name: {"description": description, "schema": {"type": "integer", "minimum": 0}}
        for name, description in _HEADERS.items()
    }
    schema.setdefault("components", {})["headers"] = headers
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema and _is_limited(route):
            for method in route.methods or ():
                answers = schema["paths"][route.path_format][method.lower()]["responses"]
                answers |= {str(status): told for status, told in responses(429).items() if str(status) not in answers}
                for answer in answers.values():
                    references = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
                    answer["headers"] = answer.get("headers", {}) | references


def _is_limited(route: APIRoute) -> bool:
    return any(isinstance(dependency.call, Limited) for dependency in route.dependant.dependencies)
