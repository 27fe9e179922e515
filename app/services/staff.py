"""The staff_id of the staff member who acts for the store."""

from __future__ import annotations

from app.core.auth.identity import Caller
from app.core.errors import Forbidden, InvalidInput


def acting_staff_id(caller: Caller, named: int | None) -> int | None:
    """Return the staff_id of the caller's account; if it has none, that of the request, or None.

    Raises Forbidden for customers who send one, InvalidInput for staff who send another than their own.
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
    """Return `acting_staff_id`, or raise InvalidInput if it is None."""
    staff_id = acting_staff_id(caller, named)
    if staff_id is None:
        raise InvalidInput("staff_id is required: this account or API key has none.", "staff_id")
    return staff_id
