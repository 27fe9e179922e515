"""Who may use a route. Each declares one of these: `dependencies=[PUBLIC]`, `dependencies=[staff(Scope.RENTALS_READ)]`.

What of it is theirs, services decide. Annotations are not postponed here: FastAPI cannot read such of an object.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Depends, Request, Response
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from app.api.authentication import CallerDep, authenticate
from app.api.deps import AdminServiceDep, Id
from app.api.problems import responses as problem_responses
from app.core.auth.identity import Caller, Role, Scope
from app.core.errors import CustomerNotFound, Forbidden, Unauthorized


class Guard:
    """A rule, asked before the route. `statuses` are those that it adds to the route's."""

    statuses: ClassVar[tuple[int, ...]] = ()

    async def admit(self, request: Request) -> None:
        """Raise what can be known without path and body. Asked before a body is read, the rule itself after it."""


class Public(Guard):
    """For everybody: nobody looks who it is."""

    async def __call__(self) -> None:
        return


class OptionalAuth(Guard):
    """For everybody, and for some there is more: who sends a credential wants it to count, so it must be good."""

    statuses = (401,)

    async def __call__(self, caller: CallerDep) -> None:
        return

    async def admit(self, request: Request) -> None:
        await authenticate(request)


@dataclass(frozen=True)
class Restricted(Guard):
    """For these roles. `scope` is what an API key needs; without one no key will do, or with `any_key` each."""

    statuses = (401, 403)

    roles: frozenset[Role]
    scope: Scope | None = None
    any_key: bool = False

    async def __call__(self, caller: CallerDep) -> None:
        self.require(caller)

    async def admit(self, request: Request) -> None:
        self.require(await authenticate(request))

    def require(self, caller: Caller) -> None:
        """Raises Unauthorized or Forbidden, which says what is missing."""
        if caller.role is None:
            raise Unauthorized
        if caller.key_id is not None and self.scope is None and not self.any_key:
            raise Forbidden("API keys cannot be used here; sign in with a user account.")
        if self.scope is not None and not caller.has(self.scope):
            raise Forbidden(f"The API key needs the scope {self.scope.value}.")
        if caller.role not in self.roles:
            raise Forbidden(f"Accounts with the role {caller.role.value} may not do this.")


class CurrentAdmin(Guard):
    """For admins, by their account as it is now: what they do here outlives an access token."""

    statuses = Restricted.statuses

    rule = Restricted(frozenset({Role.ADMIN}))

    async def __call__(self, caller: CallerDep, admins: AdminServiceDep) -> None:
        self.rule.require(caller)
        await admins.require(caller)

    async def admit(self, request: Request) -> None:
        await self.rule.admit(request)


@dataclass(frozen=True)
class OfCustomer(Guard):
    """For those whom `rule` lets in; customers see nobody but themselves under `/customers/{customer_id}`.

    With `staff_only`, customers may not even do it for themselves: another customer's path is 404, their own 403.
    """

    statuses = Restricted.statuses

    rule: Restricted
    staff_only: bool = False

    async def __call__(self, caller: CallerDep, customer_id: Id) -> None:
        self.rule.require(caller)
        if not caller.may_see(customer_id):
            raise CustomerNotFound(customer_id)
        if self.staff_only and not caller.is_staff:
            raise Forbidden("Only staff may do this.")

    async def admit(self, request: Request) -> None:
        await self.rule.admit(request)


class GuardedRoute(APIRoute):
    """A route with one rule, which adds its statuses to OpenAPI. Raises TypeError for no rule or several.

    FastAPI reads a body before it runs dependencies: the rule of a route with a body is asked before that, too.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[Dependency] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        openapi_extra: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        given = list(dependencies or ())
        declared: list[object] = [one.dependency for one in given]
        guards = [guard for guard in declared if isinstance(guard, Guard)]
        if len(guards) != 1:
            raise TypeError(f"{path}: {len(guards)} access rules; declare one, such as dependencies=[PUBLIC].")
        self.guard = guards[0]
        if isinstance(self.guard, OptionalAuth):
            # One of the alternatives: none of the schemes.
            openapi_extra = {**(openapi_extra or {}), "security": [{}]}
        super().__init__(
            path,
            endpoint,
            # Not PUBLIC, which asks nothing: to run a dependency costs more than all else in some requests.
            dependencies=[one for one in given if not isinstance(one.dependency, Public)],
            responses={**(responses or {}), **problem_responses(*self.guard.statuses)},
            openapi_extra=openapi_extra,
            **options,
        )
        if self.body_field is not None:
            self.responses |= problem_responses(408)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, which reads the body, behind the rule."""
        handle, admit = super().get_route_handler(), self.guard.admit
        if self.body_field is None:
            return handle

        async def handle_admitted(request: Request) -> Response:
            await admit(request)
            return await handle(request)

        return handle_admitted


_EVERY_ROLE = frozenset(Role)
_STORE = frozenset({Role.STAFF, Role.ADMIN})

PUBLIC = Depends(Public())
OPTIONAL_AUTH = Depends(OptionalAuth())
AUTHENTICATED = Depends(Restricted(_EVERY_ROLE, any_key=True))
USERS_ONLY = Depends(Restricted(_EVERY_ROLE))
ADMIN = Depends(CurrentAdmin())


def staff(scope: Scope) -> Dependency:
    """For those who work for the store, and for keys with this scope."""
    return Dependency(Restricted(_STORE, scope))


def customers(scope: Scope) -> Dependency:
    """For customers, too: services let each see what is theirs."""
    return Dependency(Restricted(_EVERY_ROLE, scope))


def own_customer(scope: Scope) -> Dependency:
    """For the customer of the path, and for those for whom `staff` is."""
    return Dependency(OfCustomer(Restricted(_EVERY_ROLE, scope)))


def staff_for_customer(scope: Scope) -> Dependency:
    """For those for whom `staff` is; the customer of the path is told so, other customers see nobody there."""
    return Dependency(OfCustomer(Restricted(_EVERY_ROLE, scope), staff_only=True))
