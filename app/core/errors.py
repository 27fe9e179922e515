"""What can go wrong, as facts of the store. HTTP statuses live in app/api/problems.py.

AppError
├── NotFound             the thing named does not exist (for this caller)
├── Conflict             the present state of the store forbids it
├── InvalidReference     a field names something that does not exist
├── InvalidInput         understood, but outside what is allowed
├── NotConfigured        the deployment lacks a setting this needs
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


class NotFound(AppError):
    """The thing named does not exist, or not for this caller."""


class FilmNotFound(NotFound):
    """No film has this id."""

    def __init__(self, film_id: int) -> None:
        super().__init__(f"Film {film_id} does not exist.")


class CategoryNotFound(NotFound):
    """No category has this id."""

    def __init__(self, category_id: int) -> None:
        super().__init__(f"Category {category_id} does not exist.")


class Conflict(AppError):
    """The present state of the store forbids it."""


class InvalidReference(AppError):
    """A field names something that does not exist."""


class InvalidInput(AppError):
    """Understood, but outside what is allowed."""


class NotConfigured(AppError):
    """The deployment lacks a setting that this needs."""


class Unavailable(AppError):
    """A dependency is away; trying again later may help."""


def database_away() -> Unavailable:
    """What a caller is told when the database cannot be reached."""
    return Unavailable("The database cannot be reached.", retry_after=5)


class UpstreamFailed(AppError):
    """The model provider answered badly or not at all."""


class NoAnswer(UpstreamFailed):
    """The model was called and returned, but gave no answer."""


class UpstreamTimeout(AppError):
    """No answer within the deadline."""


class RateLimited(AppError):
    """Asked too often; `retry_after` says when to try again."""
