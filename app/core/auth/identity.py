"""Who is asking. Made by the API from a credential it has verified; what it may do is decided from it alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """The role of an account."""

    ADMIN = "admin"
    STAFF = "staff"
    CUSTOMER = "customer"


class Scope(str, Enum):
    """What an API key may do. Scopes limit API keys, not accounts."""

    CATALOGUE_WRITE = "catalogue:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    RENTALS_READ = "rentals:read"
    RENTALS_WRITE = "rentals:write"


@dataclass(frozen=True)
class Caller:
    """Somebody with a role, a machine with a key, or anybody: then there is no role.

    A key works for the store's staff, as far as its scopes go; `scopes` is None for people. `customer_id` and
    `staff_id` say who of the store's own records the account belongs to, if to any. `token_version` is the account's
    when the token was issued, `session` the sign-in that the token comes from.
    """

    role: Role | None = None
    account_id: int | None = None
    key_id: int | None = None
    customer_id: int | None = None
    staff_id: int | None = None
    scopes: frozenset[Scope] | None = None
    token_version: int = 1
    session: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Nobody has signed in."""
        return self.role is None

    @property
    def is_staff(self) -> bool:
        """Works for the store: sees every customer's affairs."""
        return self.role in (Role.STAFF, Role.ADMIN)

    @property
    def is_known(self) -> bool:
        """The store has given this caller a key, a role or a customer's record. Anybody can register an account."""
        return self.is_staff or self.customer_id is not None

    def has(self, scope: Scope) -> bool:
        """Whether no key stands between the caller and this."""
        return self.scopes is None or scope in self.scopes

    def owns(self, customer_id: int) -> bool:
        """Whether this customer's affairs are the caller's own."""
        return self.customer_id is not None and self.customer_id == customer_id

    def may_see(self, customer_id: int) -> bool:
        """Whether this customer exists for the caller."""
        return self.is_staff or self.owns(customer_id)


ANONYMOUS = Caller()
