"""Application errors. The HTTP status of each is in app/api/problems.py.

AppError
├── Unauthorized         the caller must authenticate
│   └── InvalidToken     the token or API key is invalid, expired or revoked
├── Forbidden            the caller lacks the role or scope
├── NotFound             the record does not exist, or the caller may not see it
├── Conflict             the current state of the store forbids the change
│   ├── AlreadyExists    another record has these values
│   ├── ConversationBusy a turn of the conversation is running
│   ├── TurnCancelled    the turn was cancelled before it had an answer
│   ├── ConfirmationClosed  the action was decided before, expired or superseded
│   └── InUse            other records refer to this one
├── PreconditionFailed   the record has changed since the caller read it
├── InvalidInput         a value is outside what is allowed
│   └── InvalidReference a field names a record that does not exist
├── NotConfigured        a required setting is missing or invalid
│   ├── InvalidPrompt    a prompt directory cannot be loaded
│   └── InvalidTeam      the agents of app/agents/team.py cannot work together
├── Unavailable          a dependency is unavailable; retry later
│   └── Interrupted      the process that answered a turn has ended
├── UpstreamFailed       the model provider failed or sent an invalid answer
│   └── NoAnswer         the model returned without an answer
├── UpstreamTimeout      no answer within the deadline
└── RateLimited          too many requests, by the caller or by us to the provider
"""

from __future__ import annotations

import re

INTERNAL_ERROR = "Internal server error; the request id helps us find it."
"""What is told of an unexpected error."""


class AppError(Exception):
    """An error that is shown to the caller: `detail` is a sentence that is safe to show.

    `extensions` become members of the problem document. `retry_after` is in seconds.
    """

    def __init__(self, detail: str, *, retry_after: int | None = None, **extensions: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.extensions = extensions


class Unauthorized(AppError):
    """The caller must authenticate. `challenge` is the value of WWW-Authenticate (RFC 6750)."""

    challenge = "Bearer"

    def __init__(self, detail: str = "Authentication required: send an access token or an API key.") -> None:
        super().__init__(detail)


class InvalidToken(Unauthorized):
    """The token or key is invalid, expired or revoked. `reason` is for the audit log only."""

    challenge = 'Bearer error="invalid_token"'

    def __init__(self, reason: str = "invalid") -> None:
        super().__init__("The token or API key is invalid, expired or revoked.")
        self.reason = reason


class Forbidden(AppError):
    """The caller is authenticated, but lacks the role or scope."""


class NotFound(AppError):
    """The record does not exist, or the caller may not see it."""

    noun = "This"

    def __init__(self, number: int | str) -> None:
        super().__init__(f"{self.noun} {number} does not exist.")


class FilmNotFound(NotFound):
    """No film has this id."""

    noun = "Film"


class CategoryNotFound(NotFound):
    """No category has this id."""

    noun = "Category"


class ActorNotFound(NotFound):
    """No actor has this id."""

    noun = "Actor"


class InventoryNotFound(NotFound):
    """No inventory item has this id."""

    noun = "Inventory item"


class CustomerNotFound(NotFound):
    """No customer has this id."""

    noun = "Customer"


class RentalNotFound(NotFound):
    """No rental has this id."""

    noun = "Rental"


class SubscriptionNotFound(NotFound):
    """No subscription has this id."""

    noun = "Subscription"


class AccountNotFound(NotFound):
    """No account has this e-mail address."""

    noun = "Account"


class ApiKeyNotFound(NotFound):
    """No API key has this id."""

    noun = "API key"


class ConversationNotFound(NotFound):
    """The caller has no conversation with this id."""

    noun = "Conversation"


class TurnNotFound(NotFound):
    """The conversation has no turn with this id."""

    noun = "Turn"


class ConfirmationNotFound(NotFound):
    """The caller has no confirmation with this id."""

    noun = "Confirmation"


class Conflict(AppError):
    """The current state of the store forbids the change."""


class AlreadyExists(Conflict):
    """Another record has these values; `constraint` is the violated constraint, if the database names it."""

    def __init__(self, constraint: str | None) -> None:
        super().__init__("A record with these values already exists.")
        self.constraint = constraint


class InUse(Conflict):
    """Other records refer to this one; `referrer` is their table."""

    def __init__(self, referrer: str) -> None:
        super().__init__(
            f"This record cannot be deleted: {_named(referrer)} records refer to it.", referred_by=referrer
        )


class ConversationBusy(Conflict):
    """A turn of this conversation is running; `turn_id` is null if it has just ended."""

    def __init__(self, conversation_id: int, turn_id: int | None) -> None:
        super().__init__(
            "A turn of this conversation is running: wait for it, cancel it, or send if_busy=cancel.",
            retry_after=1,
            code="conversation_busy",
            conversation_id=conversation_id,
            turn_id=turn_id,
        )
        self.conversation_id, self.turn_id = conversation_id, turn_id


class TurnCancelled(Conflict):
    """The turn was cancelled before it had an answer."""

    def __init__(self, turn_id: int) -> None:
        super().__init__("The turn was cancelled.", code="turn_cancelled", turn_id=turn_id)


class ConfirmationClosed(Conflict):
    """The action waits for no decision any more, or for the other one."""

    def __init__(self, status: str) -> None:
        super().__init__(f"This confirmation is {status}.", code="confirmation_closed", status_of_confirmation=status)


class PreconditionFailed(AppError):
    """The record has changed since the caller read it."""

    def __init__(self) -> None:
        super().__init__("This record has changed since you read it: read it again and send its new ETag.")


class InvalidInput(AppError):
    """A value is outside what is allowed; `field` is its path in the part of the request that `where` names."""

    kind = "rule"

    def __init__(self, detail: str, *field: str | int, where: str = "body") -> None:
        super().__init__(detail, errors=[{"loc": [where, *field], "msg": detail, "type": self.kind}])


class InvalidReference(InvalidInput):
    """A field names a record that does not exist."""

    kind = "reference"

    def __init__(self, field: str, *values: int) -> None:
        named = " ".join([_named(field), ", ".join(map(str, values))]).strip()
        super().__init__(f"There is no {named}.", field)


class NotConfigured(AppError):
    """A required setting is missing or invalid."""


class InvalidPrompt(NotConfigured):
    """A prompt directory cannot be loaded; `problem` begins with the prompt's name."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"A prompt cannot be used: {problem}.")


class InvalidTeam(NotConfigured):
    """The agents of app/agents/team.py cannot work together."""


class Unavailable(AppError):
    """A dependency is unavailable; retry later."""


class Interrupted(Unavailable):
    """The process that answered the turn has ended."""

    def __init__(self) -> None:
        super().__init__("The turn was interrupted: ask again.")


def database_away() -> Unavailable:
    """Return the error for an unreachable database."""
    return Unavailable("The database cannot be reached: try again later.", retry_after=5)


def store_busy() -> Unavailable:
    """Return the error for a lock, statement or serialization timeout."""
    return Unavailable("The store is busy with other changes: try again.", retry_after=1)


def sequence_behind() -> Unavailable:
    """Return the error for a sequence that yields ids already in use, as after a partial restore."""
    return Unavailable("The database cannot assign ids to new records: its operator must reset the sequence.")


class UpstreamFailed(AppError):
    """The model provider failed or sent an invalid answer."""


class NoAnswer(UpstreamFailed):
    """The model returned without an answer."""


class UpstreamTimeout(AppError):
    """No answer within the deadline."""


class RateLimited(AppError):
    """Too many requests; `retry_after` is in seconds."""


def code_of(error: type[AppError]) -> str:
    """Return the name of an error that clients can compare: `upstream_failed` for UpstreamFailed."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", error.__name__).lower()


def _named(name: str) -> str:
    """Return a table or column name in words: "staff_id" becomes "staff"."""
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ")
