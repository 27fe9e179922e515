"""Access rules. Each route declares one: `dependencies=[PUBLIC]`, `dependencies=[staff(Scope.RENTALS_READ)]`.

Services decide which records a caller may see. Annotations are not postponed: FastAPI cannot resolve an object's.
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
    """An access rule, checked before the route. `statuses` are the errors that it adds to the route."""

    statuses: ClassVar[tuple[int, ...]] = ()

    async def admit(self, request: Request) -> None:
        """Check the parts of the rule that need neither path nor body, before a body is read. The rule runs later."""


class Public(Guard):
    """Allows everyone, without authentication."""

    async def __call__(self) -> None:
        return


class OptionalAuth(Guard):
    """Allows anonymous callers. A credential, if sent, must be valid, because it may give access to more."""

    statuses = (401,)

    async def __call__(self, caller: CallerDep) -> None:
        return

    async def admit(self, request: Request) -> None:
        await authenticate(request)


@dataclass(frozen=True)
class Restricted(Guard):
    """Allows these roles. An API key needs `scope`; without a scope no key is allowed, or all with `any_key`."""

    statuses = (401, 403)

    roles: frozenset[Role]
    scope: Scope | None = None
    any_key: bool = False

    async def __call__(self, caller: CallerDep) -> None:
        self.require(caller)

    async def admit(self, request: Request) -> None:
        self.require(await authenticate(request))

    def require(self, caller: Caller) -> None:
        """Raises Unauthorized or Forbidden when the caller is not allowed."""
        if caller.role is None:
            raise Unauthorized
        if caller.key_id is not None and self.scope is None and not self.any_key:
            raise Forbidden("API keys cannot be used here; sign in with a user account.")
        if self.scope is not None and not caller.has(self.scope):
            raise Forbidden(f"The API key needs the scope {self.scope.value}.")
        if caller.role not in self.roles:
            raise Forbidden(f"Accounts with the role {caller.role.value} may not do this.")


class CurrentAdmin(Guard):
    """Allows admins by the current state of their account, because their changes outlive an access token."""

    statuses = Restricted.statuses

    rule = Restricted(frozenset({Role.ADMIN}))

    async def __call__(self, caller: CallerDep, admins: AdminServiceDep) -> None:
        self.rule.require(caller)
        await admins.require(caller)

    async def admit(self, request: Request) -> None:
        await self.rule.admit(request)


@dataclass(frozen=True)
class OfCustomer(Guard):
    """Allows the callers that `rule` allows; customers only for their own `/customers/{customer_id}`, else 404.

    With `staff_only`, customers are not allowed at all: 403 for their own path, 404 for another customer's.
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
    """A route with one rule, whose statuses it adds to OpenAPI. Raises TypeError when it has none or several.

    FastAPI reads a body before it runs dependencies, so a route with a body checks its rule before that, too.
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
            # The empty alternative: no scheme is required.
            openapi_extra = {**(openapi_extra or {}), "security": [{}]}
        super().__init__(
            path,
            endpoint,
            # PUBLIC checks nothing, and running a dependency costs more than the rest of some requests.
            dependencies=[one for one in given if not isinstance(one.dependency, Public)],
            responses={**(responses or {}), **problem_responses(*self.guard.statuses)},
            openapi_extra=openapi_extra,
            **options,
        )
        if self.body_field is not None:
            self.responses |= problem_responses(408)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler; the rule is checked before it reads a body."""
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
    """Allow staff and admins, and API keys with this scope."""
    return Dependency(Restricted(_STORE, scope))


def customers(scope: Scope) -> Dependency:
    """Allow customers too; services limit them to their own records."""
    return Dependency(Restricted(_EVERY_ROLE, scope))


def own_customer(scope: Scope) -> Dependency:
    """Allow the customer of the path, and the callers that `staff` allows."""
    return Dependency(OfCustomer(Restricted(_EVERY_ROLE, scope)))


def staff_for_customer(scope: Scope) -> Dependency:
    """Allow the callers that `staff` allows; the customer of the path gets 403, other customers 404."""
    return Dependency(OfCustomer(Restricted(_EVERY_ROLE, scope), staff_only=True))
