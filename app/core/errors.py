"""What can go wrong, as facts of the store. HTTP statuses live in app/api/problems.py.

AppError
├── Unauthorized         who is asking is not known, and must be
│   └── InvalidToken     what should have told is not, or no longer, good for it
├── Forbidden            who is asking is known, and may not
├── NotFound             the thing named does not exist (for this caller)
├── Conflict             the present state of the store forbids it
│   ├── AlreadyExists    something else already is what this would be
│   └── InUse            something else still refers to it
├── PreconditionFailed   it has changed since the caller last saw it
├── InvalidInput         understood, but outside what is allowed
│   └── InvalidReference a field names something that does not exist
├── NotConfigured        the deployment lacks a setting this needs
│   └── InvalidPrompt    a prompt's directory cannot be used
├── Unavailable          a dependency is away; trying again later may help
├── UpstreamFailed       the model provider answered badly or not at all
│   └── NoAnswer         it spoke, but never answered
├── UpstreamTimeout      no answer within the deadline
└── RateLimited          the caller, or we at the provider, asked too often
"""

from __future__ import annotations


class AppError(Exception):
    """A failure that the caller is told about: `detail` is a sentence that is safe to show.

    `extensions` become members of the problem document. `retry_after` is in seconds.
    """

    def __init__(self, detail: str, *, retry_after: int | None = None, **extensions: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.extensions = extensions


class Unauthorized(AppError):
    """Who is asking is not known, and must be. `challenge` is for WWW-Authenticate (RFC 6750)."""

    challenge = "Bearer"

    def __init__(self, detail: str = "This needs you to sign in: send a token or an API key.") -> None:
        super().__init__(detail)


class InvalidToken(Unauthorized):
    """A token or key that is not, or no longer, good. `reason` is for the audit log, and never for the caller."""

    challenge = 'Bearer error="invalid_token"'

    def __init__(self, reason: str = "invalid") -> None:
        super().__init__("The token or API key is not valid, or not any more.")
        self.reason = reason


class Forbidden(AppError):
    """Who is asking is known, and may not do this."""


class NotFound(AppError):
    """The thing named does not exist, or not for this caller."""

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
    """No account has this address."""

    noun = "Account"


class ApiKeyNotFound(NotFound):
    """No API key has this id."""

    noun = "API key"


class Conflict(AppError):
    """The present state of the store forbids it."""


class AlreadyExists(Conflict):
    """Something else already is what this would be; `constraint` names the rule where the database told it."""

    def __init__(self, constraint: str | None) -> None:
        super().__init__("This already exists, or can exist only once at a time.")
        self.constraint = constraint


class InUse(Conflict):
    """Something else still refers to it; `referrer` is the table of what does."""

    def __init__(self, referrer: str) -> None:
        super().__init__(f"This cannot be deleted: some {_named(referrer)} still refers to it.", referred_by=referrer)


class PreconditionFailed(AppError):
    """It has changed since the caller last saw it."""

    def __init__(self) -> None:
        super().__init__("This has changed since you last read it: read it again, and decide anew.")


class InvalidInput(AppError):
    """Understood, but outside what is allowed; `field` is where in the request, `where` in which part of it."""

    kind = "rule"

    def __init__(self, detail: str, *field: str | int, where: str = "body") -> None:
        super().__init__(detail, errors=[{"loc": [where, *field], "msg": detail, "type": self.kind}])


class InvalidReference(InvalidInput):
    """A field names something that does not exist."""

    kind = "reference"

    def __init__(self, field: str, *values: int) -> None:
        named = " ".join([_named(field), ", ".join(map(str, values))]).strip()
        super().__init__(f"There is no {named}.", field)


class NotConfigured(AppError):
    """The deployment lacks a setting that this needs."""


class InvalidPrompt(NotConfigured):
    """A prompt's directory would not do what its author meant; the sentence begins with its name."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"A prompt cannot be used: {problem}.")


class Unavailable(AppError):
    """A dependency is away; trying again later may help."""


def database_away() -> Unavailable:
    """What a caller is told when the database cannot be reached."""
    return Unavailable("The database cannot be reached.", retry_after=5)


def store_busy() -> Unavailable:
    """What a caller is told whose turn did not come in time."""
    return Unavailable("The store is busy with other changes.", retry_after=1)


def sequence_behind() -> Unavailable:
    """What a caller is told when the database gives a new record the id of an old one, as after a partial restore."""
    return Unavailable("The store cannot number new records at the moment; its operator must correct that.")


class UpstreamFailed(AppError):
    """The model provider answered badly or not at all."""


class NoAnswer(UpstreamFailed):
    """The model was called and returned, but gave no answer."""


class UpstreamTimeout(AppError):
    """No answer within the deadline."""


class RateLimited(AppError):
    """Asked too often; `retry_after` says when to try again."""


def _named(name: str) -> str:
    """A table's or a column's name in words: "staff_id" is "staff", "streaming_subscription" is what it says."""
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ")
