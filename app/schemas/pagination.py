"""Which page of a list, as a query string asks for it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.base import MAX_ID

_PAGING = {"skip", "limit", "sort", "cursor"}


def sort_by(*names: str) -> Any:  # noqa: ANN401  as pydantic's Field
    """The query parameter `sort`, with the names that this list can be sorted by."""
    name, listed = f"-?(?:{'|'.join(names)})", ", ".join(f"`{name}`" for name in names)
    return Field(
        None,
        pattern=f"^{name}(?:,{name}){{0,{len(names) - 1}}}$",
        description=f"Comma-separated sort keys, descending with `-`: {listed}. Ties are in order of id.",
        examples=[f"-{names[-1]}"],
    )


class PageQuery(BaseModel):
    """What every list takes. A list's own filters are added by inheriting; `None` does not filter."""

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
        """Sort keys and whether each descends, of each key the first; the id settles ties."""
        order: dict[str, bool] = {}
        for part in [*(self.sort or "").split(","), "id"]:
            if part:
                order.setdefault(part.lstrip("-"), part.startswith("-"))
        return tuple(order.items())

    @property
    def filters(self) -> dict[str, Any]:
        """The filters given, by name."""
        return self.model_dump(exclude=_PAGING, exclude_none=True)
