"""Rate limits as dependencies of routes, and their OpenAPI description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.authentication import CallerDep
from app.api.client_address import Networks, addresses_of, networks_of
from app.api.deps import SettingsDep
from app.api.disconnect import ClientGone
from app.api.openapi import extend_openapi
from app.api.problems import responses
from app.core.audit import audit
from app.core.auth.identity import Caller
from app.core.auth.secrets import digest
from app.core.errors import RateLimited, Unauthorized
from app.core.rate_limits.limiter import Limiter, LimitName
from app.core.rate_limits.status import Counter, RateLimitStatus, Reservation
from app.core.settings import Settings

_HEADERS = {
    "RateLimit-Limit": "Requests that one caller may send per window.",
    "RateLimit-Remaining": "Requests left in the current window.",
    "RateLimit-Reset": "Seconds until the oldest counted request leaves the window.",
}
_WIDER = 2
"""Factor of the limits that are wider: of an IPv6 /48, of all sign-ins from an address, of all to an account."""


class RequestLimiter:
    """Counts one request. Its response reports the counter that is closest to its limit."""

    def __init__(self, request: Request, limiter: Limiter) -> None:
        self._request, self._limiter = request, limiter

    async def reserve(self, name: LimitName, *counters: Counter) -> Reservation | None:
        """Count the request in all counters; raises RateLimited, counting in none, when one is full."""
        reservation = await self._limiter.reserve(name, *dict.fromkeys(counters))
        if reservation is None:
            return None
        self._request.state.rate_limit = nearest = reservation.nearest
        if reservation.full is not None:
            audit("rate_limit_exceeded", limit=name, counted_by=reservation.counted_by)
            raise RateLimited(
                f"Rate limit of {nearest.limit} in {nearest.window} seconds exceeded: "
                f"try again in {nearest.reset} seconds.",
                retry_after=nearest.reset,
            )
        return reservation

    async def give_back(self, reservation: Reservation | None) -> None:
        """Remove the request from its counters."""
        if reservation is not None:
            await self._limiter.give_back(reservation)
            nearest = reservation.nearest
            self._request.state.rate_limit = replace(nearest, remaining=nearest.remaining + 1)


async def get_limiter(request: Request) -> RequestLimiter:
    """Return the limiter for this request."""
    return RequestLimiter(request, request.app.state.limiter)


LimiterDep = Annotated[RequestLimiter, Depends(get_limiter)]


class Limited:
    """A dependency that counts requests."""

    def __init__(self, name: LimitName) -> None:
        self.name = name


class LimitedCaller(Limited):
    """Counts by API key or account; callers unknown to the store by address too, as anyone can register."""

    async def __call__(self, request: Request, caller: CallerDep, limiter: LimiterDep, settings: SettingsDep) -> None:
        """Raises RateLimited when a counter is full."""
        own = _own_counter(caller)
        by_address = () if caller.is_known else _by_address(_networks(request, settings))
        await limiter.reserve(self.name, *own, *by_address)


class LimitedAddress(Limited):
    """Counts by address alone: a token must not give a sign-in attempt another counter."""

    async def __call__(self, request: Request, limiter: LimiterDep, settings: SettingsDep) -> None:
        """Raises RateLimited when a counter is full."""
        await limiter.reserve(self.name, *_by_address(_networks(request, settings)))


class Attempts:
    """Attempts with a secret, which count when the secret was wrong or the client disconnected.

    Each is counted before its secret is checked, so that parallel attempts cannot exceed the limit.
    """

    def __init__(self, name: LimitName, limiter: RequestLimiter, networks: list[Networks]) -> None:
        self._name, self._limiter, self._networks = name, limiter, networks

    @asynccontextmanager
    async def at_account(self, email: str) -> AsyncIterator[None]:
        """Count by account and address; by address; and by account.

        An account under attack still allows one attempt per window from each network, so that its owner can sign in.
        """
        account = digest(email.strip().lower())
        here = [Counter(f"account_and_address:{account}:{networks.narrow}") for networks in self._networks]
        all_here = [Counter(f"sign_ins_of_address:{networks.wide}", _WIDER) for networks in self._networks]
        alone = Counter(f"attacked_account:{account}:{self._networks[0].wide}", only_one=True)
        everywhere = Counter(f"sign_ins_to_account:{account}", _WIDER, instead=alone)
        async with self._counted(*here, *all_here, everywhere):
            yield

    @asynccontextmanager
    async def at_address(self) -> AsyncIterator[None]:
        """Count by address."""
        async with self._counted(*_by_address(self._networks)):
            yield

    @asynccontextmanager
    async def _counted(self, *counters: Counter) -> AsyncIterator[None]:
        reservation = await self._limiter.reserve(self._name, *counters)
        try:
            yield
        except (Unauthorized, ClientGone):
            raise
        except BaseException:
            await self._limiter.give_back(reservation)
            raise
        await self._limiter.give_back(reservation)


class LimitedFailures(Limited):
    """A dependency that returns the Attempts of a request."""

    async def __call__(self, request: Request, limiter: LimiterDep, settings: SettingsDep) -> Attempts:
        return Attempts(self.name, limiter, _networks(request, settings))


AI_LIMIT = Depends(LimitedCaller("ai"))
ACCOUNT_LIMIT = Depends(LimitedCaller("auth"))
ADDRESS_LIMIT = Depends(LimitedAddress("auth"))
AttemptsDep = Annotated[Attempts, Depends(LimitedFailures("auth"))]


def rate_limit_status(scope: Any) -> RateLimitStatus | None:  # noqa: ANN401  an ASGI scope
    """Return the rate limit status of a request: None before the request is counted, and where there is no limit."""
    status: RateLimitStatus | None = scope.get("state", {}).get("rate_limit")
    return status


def _own_counter(caller: Caller) -> list[Counter]:
    if caller.key_id is not None:
        return [Counter(f"key:{caller.key_id}")]
    return [] if caller.account_id is None else [Counter(f"account:{caller.account_id}")]


def _networks(request: Request, settings: Settings) -> list[Networks]:
    return [networks_of(address) for address in addresses_of(request.scope, settings)]


def _by_address(networks: Iterable[Networks]) -> Iterator[Counter]:
    for narrow, wide in networks:
        yield Counter(f"address:{narrow}")
        if wide != narrow:
            yield Counter(f"network:{wide}", _WIDER)


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Describe the limits in OpenAPI: 429 for every limited route, and RateLimit headers on every response."""
    extend_openapi(app, partial(_describe, [route for router in routers for route in router.routes]))


def _describe(routes: Sequence[BaseRoute], schema: dict[str, Any]) -> None:
    headers = {
        name: {"description": description, "schema": {"type": "integer", "minimum": 0}}
        for name, description in _HEADERS.items()
    }
    schema.setdefault("components", {})["headers"] = headers
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema and _is_limited(route):
            for method in route.methods or ():
                answers = schema["paths"][route.path_format][method.lower()]["responses"]
                answers |= {str(status): told for status, told in responses(429).items() if str(status) not in answers}
                for answer in answers.values():
                    references = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
                    answer["headers"] = answer.get("headers", {}) | references


def _is_limited(route: APIRoute) -> bool:
    return any(isinstance(dependency.call, Limited) for dependency in route.dependant.dependencies)
