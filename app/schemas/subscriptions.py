"""Requests and responses about streaming subscriptions."""

from __future__ import annotations

from pydantic import ConfigDict

from app.models.fields import Day, ShortText
from app.models.subscriptions import SubscriptionFields
from app.schemas.base import Command, Identified
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class SubscriptionRead(SubscriptionFields, Identified):
    """A customer's streaming subscription."""

    active: bool
    """Whether it is active today (UTC) or starts later. A customer has at most one active subscription."""


class SubscriptionQuery(PageQuery):
    """Pagination of a customer's subscriptions."""

    sort: str | None = sort_by("id", "start_date")


class SubscriptionCreate(Command):
    """A new subscription; `start_date` defaults to today (UTC)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plan_name": "Premium"}]})

    plan_name: ShortText
    start_date: Day | None = None
