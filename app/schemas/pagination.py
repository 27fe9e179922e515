"""Pagination: the query parameters of every list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.base import MAX_ID

_PAGING = {"skip", "limit", "sort", "cursor"}


@dataclass(frozen=True)
class SortNames:
    """The sort keys that a query accepts, as metadata of its field `sort`."""

    names: tuple[str, ...]


def sort_by(*names: str) -> Any:  # noqa: ANN401  as pydantic's Field
    """Return the query parameter `sort` of a list with these sort keys."""
    name, listed = f"-?(?:{'|'.join(names)})", ", ".join(f"`{name}`" for name in names)
    field: Any = Field(
        None,
        pattern=f"^{name}(?:,{name}){{0,{len(names) - 1}}}$",
        description=f"Comma-separated sort keys, descending with `-`: {listed}. Ties are in order of id.",
        examples=[f"-{names[-1]}"],
    )
    field.metadata.append(SortNames(names))
    return field


class PageQuery(BaseModel):
    """The parameters of every list. Subclasses add the filters of their list; None does not filter."""

    model_config = ConfigDict(extra="forbid")

    skip: int = Field(0, ge=0, le=MAX_ID, description="Number of items to skip.")
    limit: int = Field(100, ge=1, le=1000, description="Maximum number of items to return.")
    sort: str | None = sort_by("id")
    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=2048,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Start of the page, taken from the `Link` header of another page.",
    )

    @property
    def order(self) -> tuple[tuple[str, bool], ...]:
        """The sort keys, each with whether it descends. Of repeated keys, the first counts; the id breaks ties."""
        order: dict[str, bool] = {}
        for part in [*(self.sort or "").split(","), "id"]:
            if part:
                order.setdefault(part.lstrip("-"), part.startswith("-"))
        return tuple(order.items())

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that the request has, by name."""
        return self.model_dump(exclude=_PAGING, exclude_none=True)

    @classmethod
    def require_answered(cls, *, filters: set[str], sorts: set[str]) -> None:
        """Raise TypeError for a filter or sort key of this query that the list lacks."""
        if missing := cls.model_fields.keys() - _PAGING - filters:
            raise TypeError(f"{cls.__name__}: no list answers the filter {', '.join(sorted(missing))}: add it there.")
        names = {
            name for data in cls.model_fields["sort"].metadata if isinstance(data, SortNames) for name in data.names
        }
        if missing := names - sorts:
            raise TypeError(f"{cls.__name__}: no list is sorted by {', '.join(sorted(missing))}: add a SortKey there.")
