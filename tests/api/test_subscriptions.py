"""Streaming subscriptions, as a client of the API sees them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.models import StreamingSubscription

CUSTOMERS = "/api/v1/customers"
NOBODY = 2147483647


def day(days: int = 0) -> str:
    """Return the date this number of days from today (UTC)."""
    return (datetime.now(timezone.utc).date() + timedelta(days=days)).isoformat()


@pytest.fixture
async def theirs(own_client: httpx.AsyncClient) -> str:
    """The path of the subscriptions of a new customer."""
    body = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6}
    return f"{(await own_client.post(CUSTOMERS, json=body)).headers['location']}/subscriptions"


async def started(client: httpx.AsyncClient, theirs: str, **more: object) -> dict[str, Any]:
    response = await client.post(theirs, json={"plan_name": "Premium", **more})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def test_a_plan_starts_today_and_runs_on(own_client: httpx.AsyncClient, theirs: str) -> None:
    response = await own_client.post(theirs, json={"plan_name": " Premium "})
    assert response.status_code == 201
    subscription = response.json()
    assert subscription == {
        "id": subscription["id"],
        "customer_id": int(theirs.split("/")[-2]),
        "plan_name": "Premium",
        "start_date": day(),
        "end_date": None,
        "active": True,
    }
    assert (await own_client.get(theirs)).json() == [subscription]


async def test_a_second_plan_has_to_wait_until_the_first_is_cancelled(
    own_client: httpx.AsyncClient, theirs: str
) -> None:
    first = await started(own_client, theirs)
    refused = await own_client.post(theirs, json={"plan_name": "Family"})
    assert refused.status_code == 409
    assert refused.json()["subscription_id"] == first["id"]
    cancelled = await own_client.post(f"{theirs}/{first['id']}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json() == {**first, "end_date": day(), "active": False}
    second = await started(own_client, theirs, plan_name="Family")
    assert (await own_client.get(theirs)).json() == [cancelled.json(), second]


async def test_an_ended_subscription_cannot_be_cancelled(own_client: httpx.AsyncClient, theirs: str) -> None:
    cancel = f"{theirs}/{(await started(own_client, theirs))['id']}/cancel"
    assert (await own_client.post(cancel)).status_code == 200
    again = await own_client.post(cancel)
    assert again.status_code == 409
    assert again.json()["end_date"] == day()


async def test_a_plan_cancelled_before_it_starts_never_runs(own_client: httpx.AsyncClient, theirs: str) -> None:
    later = await started(own_client, theirs, start_date=day(30))
    assert (later["start_date"], later["active"]) == (day(30), True)
    cancelled = (await own_client.post(f"{theirs}/{later['id']}/cancel")).json()
    assert (cancelled["end_date"], cancelled["active"]) == (day(30), False)
    assert (await own_client.post(f"{theirs}/{later['id']}/cancel")).status_code == 409
    assert (await started(own_client, theirs))["active"] is True


async def test_a_plan_that_has_long_begun_ends_today(own_client: httpx.AsyncClient, theirs: str) -> None:
    old = await started(own_client, theirs, start_date="2024-02-29")
    assert (await own_client.post(f"{theirs}/{old['id']}/cancel")).json()["end_date"] == day()


@pytest.mark.parametrize(("end", "active"), [(-1, False), (0, False), (1, True)])
async def test_the_day_a_plan_ends_is_the_first_without_it(
    own_app: FastAPI, own_client: httpx.AsyncClient, theirs: str, end: int, active: bool
) -> None:
    row = {
        "customer_id": int(theirs.split("/")[-2]),
        "plan_name": "Trial",
        "start_date": date(2026, 1, 1),
        "end_date": date.fromisoformat(day(end)),
    }
    async with own_app.state.database.writing() as connection:
        await connection.execute(sa.insert(StreamingSubscription).values(row))
    (subscription,) = (await own_client.get(theirs)).json()
    assert subscription["active"] is active
    response = await own_client.post(theirs, json={"plan_name": "Premium"})
    assert response.status_code == (409 if active else 201)


async def test_of_twenty_concurrent_starts_of_a_plan_exactly_one_succeeds(
    own_client: httpx.AsyncClient, theirs: str
) -> None:
    for number in range(5):
        responses = await asyncio.gather(
            *(own_client.post(theirs, json={"plan_name": f"Plan {caller}"}) for caller in range(20))
        )
        assert Counter(response.status_code for response in responses) == {201: 1, 409: 19}
        (subscription,) = (response.json() for response in responses if response.status_code == 201)
        listed = (await own_client.get(theirs)).json()
        assert len(listed) == number + 1
        assert [other for other in listed if other["active"]] == [subscription]
        cancel = f"{theirs}/{subscription['id']}/cancel"
        cancels = await asyncio.gather(*(own_client.post(cancel) for _ in range(10)))
        assert Counter(response.status_code for response in cancels) == {200: 1, 409: 9}


async def test_an_inactive_customer_can_cancel_but_not_start_a_plan(own_client: httpx.AsyncClient, theirs: str) -> None:
    subscription = await started(own_client, theirs)
    await own_client.post(f"{theirs.rpartition('/')[0]}/deactivate")
    assert (await own_client.post(f"{theirs}/{subscription['id']}/cancel")).status_code == 200
    response = await own_client.post(theirs, json={"plan_name": "Premium"})
    assert response.status_code == 409
    assert response.json()["detail"].endswith("is not active.")
    assert len((await own_client.get(theirs)).json()) == 1


async def test_the_subscription_of_another_customer_is_404(own_client: httpx.AsyncClient, theirs: str) -> None:
    subscription = await started(own_client, theirs)
    for customer, missing in ((1, f"Subscription {subscription['id']}"), (NOBODY, f"Customer {NOBODY}")):
        response = await own_client.post(f"{CUSTOMERS}/{customer}/subscriptions/{subscription['id']}/cancel")
        assert response.status_code == 404
        assert response.json()["detail"] == f"{missing} does not exist."
    assert (await own_client.get(theirs)).json() == [subscription]


async def test_subscriptions_of_an_unknown_customer_are_404_and_no_subscriptions_are_an_empty_list(
    own_client: httpx.AsyncClient, theirs: str
) -> None:
    unknown = f"{CUSTOMERS}/{NOBODY}/subscriptions"
    assert (await own_client.get(unknown)).status_code == 404
    assert (await own_client.post(unknown, json={"plan_name": "Premium"})).status_code == 404
    response = await own_client.get(theirs)
    assert (response.status_code, response.json()) == (200, [])


async def test_subscriptions_are_sorted_as_asked_page_by_page(own_client: httpx.AsyncClient, theirs: str) -> None:
    for start in ("2026-03-01", "2026-01-01", "2026-02-01", "2026-01-01"):
        subscription = await started(own_client, theirs, start_date=start)
        await own_client.post(f"{theirs}/{subscription['id']}/cancel")
    response = await own_client.get(
        theirs, params={"sort": "-start_date", "limit": 3}, headers={"Prefer": "count=exact"}
    )
    assert response.headers["x-total-count"] == "4"
    rest = await own_client.get(response.links["next"]["url"])
    walked = [*response.json(), *rest.json()]
    assert [subscription["start_date"] for subscription in walked] == [
        *("2026-03-01", "2026-02-01", "2026-01-01", "2026-01-01")
    ]
    assert len({subscription["id"] for subscription in walked}) == 4


@pytest.mark.parametrize("start", ["0001-01-01", "1900-12-31", "2199-01-01", "9999-12-31"])
async def test_a_date_outside_the_bounds_is_422(own_client: httpx.AsyncClient, theirs: str, start: str) -> None:
    response = await own_client.post(theirs, json={"plan_name": "Premium", "start_date": start})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", "start_date"], "rule")


@pytest.mark.parametrize("start", ["1901-01-01", "2198-12-31"])
async def test_the_first_and_the_last_day_can_be_stored(own_client: httpx.AsyncClient, theirs: str, start: str) -> None:
    assert (await started(own_client, theirs, start_date=start))["start_date"] == start


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "plan_name"),
        *(({"plan_name": name}, "plan_name") for name in ("", "  ", "a" * 101, "a\x00b", None, 5)),
        *(
            ({"plan_name": "Premium", "start_date": start}, "start_date")
            for start in (
                "",
                "today",
                "2026-02-30",
                "2026-1-1",
                "20260101",
                "2026-01-01T00:00:00Z",
                "٢٠٢٦-٠١-٠١",
                5,
                True,
            )
        ),
        ({"plan_name": "Premium", "end_date": "2026-12-31"}, "end_date"),
    ],
)
async def test_an_invalid_body_is_422_and_names_the_field(
    own_client: httpx.AsyncClient, theirs: str, body: dict[str, object], field: str
) -> None:
    response = await own_client.post(theirs, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", field]
    assert (await own_client.get(theirs)).json() == []
