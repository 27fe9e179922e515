"""Streaming subscriptions on the wire."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from app.schemas.base import YEARS, Command, ShortText
from app.schemas.pagination import PageQuery, sort_by

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _spelt_out(value: object) -> object:
    """Neither numbers nor times, which pydantic would take for dates, too."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date", "must be a date such as 2026-01-31")
    return value


def _of_our_time(value: date) -> date:
    if not YEARS[0] < value.year < YEARS[1]:
        raise PydanticCustomError("rule", f"must be between {YEARS[0] + 1} and {YEARS[1] - 1}")
    return value


Day = Annotated[date, BeforeValidator(_spelt_out), AfterValidator(_of_our_time)]
"""A date in a request: RFC 3339, of the same years as times are."""


class SubscriptionRead(BaseModel):
    """A customer's streaming subscription."""

    id: int
    customer_id: int
    plan_name: str
    start_date: date
    end_date: date | None
    """The first day on which it is no longer active; null while it has no end."""
    active: bool
    """Whether it is active today (UTC) or starts later. A customer has at most one active subscription."""


class SubscriptionQuery(PageQuery):
    """Paging of a customer's subscriptions."""

    sort: str | None = sort_by("id", "start_date")


class SubscriptionCreate(Command):
    """A new subscription; `start_date` defaults to today (UTC)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plan_name": "Premium"}]})

    plan_name: ShortText
    start_date: Day | None = None
