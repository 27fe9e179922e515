"""Streaming subscriptions on the wire."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from app.schemas.base import YEARS, Command, ShortText
from app.schemas.paging import PageQuery, sort_by

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _spelt_out(value: object) -> object:
    """Neither numbers nor times, which pydantic would take for dates, too."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date", "must be a date such as 2026-01-31")
    return value


def _of_our_time(value: date) -> date:
    if not YEARS[0] < value.year < YEARS[1]:
        raise PydanticCustomError("rule", "must be a date of our time")
    return value


Day = Annotated[date, BeforeValidator(_spelt_out), AfterValidator(_of_our_time)]
"""A date in a request: RFC 3339, of the same years as times are."""


class SubscriptionRead(BaseModel):
    """A customer's streaming plan."""

    id: int
    customer_id: int
    plan_name: str
    start_date: date
    end_date: date | None
    """The first day on which it runs no more; empty while it runs on."""
    active: bool
    """Whether it runs today (in UTC) or will: only one of a customer's can at a time."""


class SubscriptionQuery(PageQuery):
    """Which of a customer's subscriptions."""

    sort: str | None = sort_by("id", "start_date")


class SubscriptionCreate(Command):
    """A customer takes a plan, from today (in UTC) unless `start_date` says otherwise."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plan_name": "Premium"}]})

    plan_name: ShortText
    start_date: Day | None = None
