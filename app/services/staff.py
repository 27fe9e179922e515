"""Who acts for the store: `staff_id` in what is recorded."""

from __future__ import annotations

from app.core.auth.identity import Caller
from app.core.errors import Forbidden, InvalidInput


def acting_staff_id(caller: Caller, named: int | None) -> int | None:
    """Return the caller's own staff_id where the account has one, else the one that the request names, if any.

    Raises Forbidden for customers who name one, InvalidInput for staff who name somebody else.
    """
    if not caller.is_staff:
        if named is not None:
            raise Forbidden("Only staff may send staff_id: leave it unset.")
        return None
    if caller.staff_id is None:
        return named
    if named not in (None, caller.staff_id):
        raise InvalidInput(
            f"Your account acts as staff {caller.staff_id}: leave staff_id unset, or send {caller.staff_id}.",
            "staff_id",
        )
    return caller.staff_id


def required_staff_id(caller: Caller, named: int | None) -> int:
    """The same, where there must be one; raises InvalidInput otherwise."""
    staff_id = acting_staff_id(caller, named)
    if staff_id is None:
        raise InvalidInput("staff_id is required: this account or API key has none.", "staff_id")
    return staff_id
