"""Who is served at the rental desk, and what the other agents say to those who are not."""

from __future__ import annotations

from enum import Enum

from app.core.identity import Caller

_ABOUT = "When somebody asks about rentals, due dates, late fees, debts or a rental history"


class RentalDesk(Enum):
    """The rental desk, as a caller finds it. The value is the sentence for the agents that are not at the desk.

    It tells nothing of who the caller is; what tools there are is not decided by it.
    """

    OPEN = f"{_ABOUT} of their own or of a customer, or whether a film is in stock near them: transfer to RentalAgent."
    SIGNED_OUT = f"{_ABOUT}: nobody is signed in, so answer that signing in is needed for that."
    NO_RECORD = f"{_ABOUT}: no customer record is linked to the account that is signed in, so answer that."
    NO_SCOPE = f"{_ABOUT}: the API key in use lacks the scopes rentals:read and customers:read, so answer that."


def closed_to(caller: Caller) -> RentalDesk:
    """Why somebody who has no tools at the rental desk has none."""
    if caller.is_anonymous:
        return RentalDesk.SIGNED_OUT
    return RentalDesk.NO_SCOPE if caller.is_staff else RentalDesk.NO_RECORD
