"""The caller of a request. The API creates it from a verified credential; permissions depend on nothing else."""

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
    """An account, an API key, or an anonymous caller, who has no role.

    An API key has the role staff, limited by its scopes; `scopes` is None for accounts. `customer_id` and `staff_id`
    are the store's records that the account belongs to, if any. `token_version` is the account's version when the
    token was issued, `session` the sign-in that the token comes from.
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
        """Whether the request has no credential."""
        return self.role is None

    @property
    def is_staff(self) -> bool:
        """Whether the caller is staff or admin, who see the data of every customer."""
        return self.role in (Role.STAFF, Role.ADMIN)

    @property
    def is_known(self) -> bool:
        """Whether the store gave the caller a key, a role or a customer record. Anybody can register an account."""
        return self.is_staff or self.customer_id is not None

    def has(self, scope: Scope) -> bool:
        """Whether the caller has this scope; accounts have all of them."""
        return self.scopes is None or scope in self.scopes

    def owns(self, customer_id: int) -> bool:
        """Whether this is the caller's own customer record."""
        return self.customer_id is not None and self.customer_id == customer_id

    def may_see(self, customer_id: int) -> bool:
        """Whether the caller may see this customer."""
        return self.is_staff or self.owns(customer_id)


ANONYMOUS = Caller()
