"""Rentals and returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
import pytest

RENTALS = "/api/v1/rentals"
NOW = datetime.now(timezone.utc)
_discs = count(1)


@pytest.fixture(scope="module")
async def discs(own_client: httpx.AsyncClient) -> Iterator[dict[str, Any]]:
    """Yield discs in stock, of films with any rental duration."""
    out = {rental["inventory_id"] for rental in await _all(own_client, {"active_only": True, "limit": 1000})}
    return iter([{"inventory_id": number} for number in range(1, 900) if number not in out])


async def _all(client: httpx.AsyncClient, params: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await client.get(RENTALS, params=params)).json())


async def rent(client: httpx.AsyncClient, disc: dict[str, Any], **more: object) -> dict[str, Any]:
    """Rent this disc to customer 1; return the rental."""
    response = await client.post(RENTALS, json={"customer_id": 1, "staff_id": 1, **disc, **more})
    assert response.status_code == 201, response.text
    return dict(response.json())


def ago(**time: float) -> str:
    return (NOW - timedelta(**time)).isoformat()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def test_a_rental_has_everything_the_contract_names(client: httpx.AsyncClient) -> None:
    rental = (await client.get(f"{RENTALS}/1")).json()
    assert set(rental) == {
        *("id", "rental_date", "inventory_id", "customer_id", "staff_id", "return_date"),
        *("film_id", "film_title", "due_date", "is_overdue", "last_update"),
    }
    film = (await client.get(f"/api/v1/films/{rental['film_id']}")).json()
    assert rental["film_title"] == film["title"]
    assert at(rental["due_date"]) - at(rental["rental_date"]) == timedelta(days=film["rental_duration"])


async def test_a_new_rental_is_open_and_at_its_location(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    disc = next(discs)
    response = await own_client.post(RENTALS, json={**disc, "customer_id": 5, "staff_id": 0})
    assert response.status_code == 201
    rental = response.json()
    assert rental["return_date"] is None
    assert not rental["is_overdue"]
    assert (rental["customer_id"], rental["staff_id"]) == (5, 0)
    assert abs(at(rental["rental_date"]) - datetime.now(timezone.utc)) < timedelta(minutes=1)
    read = await own_client.get(response.headers["location"])
    assert read.json() == rental
    assert read.headers["etag"] == response.headers["etag"]


async def test_a_customer_rents_under_their_own_path(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    disc = next(discs)
    response = await own_client.post("/api/v1/customers/7/rentals", json={**disc, "staff_id": 1})
    assert response.status_code == 201
    newest = (await own_client.get("/api/v1/customers/7/rentals", params={"sort": "-rental_date", "limit": 1})).json()
    assert newest == [response.json()]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-01-31T18:30:00", "2026-01-31T18:30:00Z"),
        ("2026-01-31T18:30:00Z", "2026-01-31T18:30:00Z"),
        ("2026-01-31T18:30:00+05:30", "2026-01-31T13:00:00Z"),
        ("2026-01-31T18:30:00.123456Z", "2026-01-31T18:30:00.123456Z"),
    ],
)
async def test_times_are_in_utc(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]], given: str, read: str
) -> None:
    assert (await rent(own_client, next(discs), rental_date=given))["rental_date"] == read


@pytest.mark.parametrize(
    ("field", "value"), [("inventory_id", 999_999), ("customer_id", 999_999), ("staff_id", 999_999)]
)
async def test_the_records_that_a_rental_refers_to_must_exist(
    own_client: httpx.AsyncClient, field: str, value: int
) -> None:
    body = {"inventory_id": 1, "customer_id": 1, "staff_id": 1, field: value}
    response = await own_client.post(RENTALS, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", field], "reference")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inventory_id", 0),
        ("inventory_id", 2**31),
        ("inventory_id", 2**63),
        ("inventory_id", "1"),
        ("inventory_id", True),
        ("inventory_id", None),
        ("staff_id", -1),
        ("rental_date", "yesterday"),
        ("rental_date", 1_700_000_000),
        ("rental_date", "0001-01-01T00:00:00+14:00"),
        ("rental_date", "9999-12-31T23:59:59-14:00"),
        ("rental_dat", "2026-01-01T00:00:00Z"),
    ],
)
async def test_a_wrong_body_is_422_and_says_where(own_client: httpx.AsyncClient, field: str, value: object) -> None:
    body = {"inventory_id": 1, "customer_id": 1, "staff_id": 1, field: value}
    response = await own_client.post(RENTALS, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", field]


async def test_a_disc_that_is_out_is_409_with_its_due_date(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    disc = next(discs)
    rental = await rent(own_client, disc)
    response = await own_client.post(RENTALS, json={**disc, "customer_id": 2, "staff_id": 1})
    assert response.status_code == 409
    assert response.json()["due_date"] == rental["due_date"]


async def test_an_inactive_customer_cannot_rent(own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]) -> None:
    assert (await own_client.post("/api/v1/customers/9/deactivate")).status_code == 200
    response = await own_client.post(RENTALS, json={**next(discs), "customer_id": 9, "staff_id": 1})
    assert response.status_code == 409
    assert response.json()["detail"] == "Customer 9 is not active."


async def test_a_disc_that_comes_back_in_time_costs_nothing(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    rental = await rent(own_client, next(discs))
    response = await own_client.post(f"{RENTALS}/{rental['id']}/return")
    assert response.status_code == 200
    returned = response.json()
    assert set(returned) == {"return_date", "days_late", "late_fee", "payment_id", "replacement_cost"}
    assert (returned["days_late"], returned["late_fee"], returned["payment_id"]) == (0, 0, None)
    read = (await own_client.get(f"{RENTALS}/{rental['id']}")).json()
    assert read["return_date"] == returned["return_date"]


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(), 0),
        (timedelta(microseconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, microseconds=1), 2),
        (timedelta(days=400), 400),
    ],
)
async def test_every_started_day_late_costs_a_dollar_that_is_paid_at_once(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]], late: timedelta, days: int
) -> None:
    rental = await rent(own_client, next(discs), rental_date=ago(days=500))
    back = {"return_date": (at(rental["due_date"]) + late).isoformat()}
    returned = (await own_client.post(f"{RENTALS}/{rental['id']}/return", json=back)).json()
    assert (returned["days_late"], returned["late_fee"]) == (days, days)
    payments = (await own_client.get("/api/v1/customers/1/payments", params={"sort": "-id", "limit": 1})).json()
    if days:
        assert (payments[0]["id"], payments[0]["amount"]) == (returned["payment_id"], days)
        assert payments[0]["rental_id"] == rental["id"]


async def test_a_disc_out_for_three_times_its_duration_owes_its_replacement(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    film = None
    for late_by, owed in ((0, False), (1, True)):
        rental = await rent(own_client, next(discs), rental_date=ago(days=200))
        film = (await own_client.get(f"/api/v1/films/{rental['film_id']}")).json()
        back = at(rental["rental_date"]) + timedelta(days=3 * film["rental_duration"], seconds=late_by)
        body = {"return_date": back.isoformat()}
        returned = (await own_client.post(f"{RENTALS}/{rental['id']}/return", json=body)).json()
        assert returned["replacement_cost"] == (film["replacement_cost"] if owed else 0)


async def test_a_fee_larger_than_a_payment_can_be_is_paid_in_parts(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    rental = await rent(own_client, next(discs), rental_date=ago(days=2500), customer_id=3)
    returned = (await own_client.post(f"{RENTALS}/{rental['id']}/return")).json()
    assert returned["late_fee"] > 2000
    payments = (await own_client.get("/api/v1/customers/3/payments", params={"limit": 1000})).json()
    amounts = [payment["amount"] for payment in payments if payment["rental_id"] == rental["id"]]
    assert sum(amounts) == pytest.approx(returned["late_fee"])
    assert max(amounts) == 999.99


async def test_a_second_return_is_409_and_says_when_the_first_was(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    rental = await rent(own_client, next(discs))
    first = (await own_client.post(f"{RENTALS}/{rental['id']}/return")).json()
    second = await own_client.post(f"{RENTALS}/{rental['id']}/return")
    assert second.status_code == 409
    assert second.json()["return_date"] == first["return_date"]


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({"return_date": "2000-01-01T00:00:00Z"}, "return_date", "rule"),
        ({"staff_id": 999_999}, "staff_id", "reference"),
    ],
)
async def test_a_refused_return_leaves_the_rental_open(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]], body: dict[str, Any], field: str, kind: str
) -> None:
    rental = await rent(own_client, next(discs))
    response = await own_client.post(f"{RENTALS}/{rental['id']}/return", json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", field], kind)
    assert (await own_client.get(f"{RENTALS}/{rental['id']}")).json() == rental


async def test_a_return_date_can_be_corrected_and_taken_back(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    disc = next(discs)
    path = f"{RENTALS}/{(await rent(own_client, disc, rental_date=ago(days=2)))['id']}"
    closed = await own_client.put(path, json={"return_date": ago(days=1)})
    assert closed.status_code == 200
    assert at(closed.json()["return_date"]) == NOW - timedelta(days=1)
    assert (await own_client.put(path, json={"return_date": None})).json()["return_date"] is None
    assert (await own_client.put(path, json={"return_date": ago(days=3)})).status_code == 422
    assert (await own_client.put(path, json={})).status_code == 422


async def test_a_rental_cannot_be_reopened_while_its_item_is_rented_by_another_customer(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    disc = next(discs)
    path = f"{RENTALS}/{(await rent(own_client, disc))['id']}"
    await own_client.post(f"{path}/return")
    await rent(own_client, disc, customer_id=2)
    response = await own_client.put(path, json={"return_date": None})
    assert response.status_code == 409
    assert "due_date" in response.json()


async def test_a_rental_that_changed_since_it_was_read_is_not_overwritten(
    own_client: httpx.AsyncClient, discs: Iterator[dict[str, Any]]
) -> None:
    path = f"{RENTALS}/{(await rent(own_client, next(discs)))['id']}"
    seen = {"If-Match": (await own_client.get(path)).headers["etag"]}
    assert (await own_client.get(path, headers={"If-None-Match": seen["If-Match"]})).status_code == 304
    await own_client.post(f"{path}/return")
    assert (await own_client.put(path, json={"return_date": None}, headers=seen)).status_code == 412
    assert (await own_client.delete(path, headers=seen)).status_code == 412
    fresh = {"If-Match": (await own_client.get(path)).headers["etag"]}
    assert (await own_client.delete(path, headers=fresh)).status_code == 204
    assert (await own_client.get(path)).status_code == 404


async def test_a_rental_with_payments_is_not_deleted(own_client: httpx.AsyncClient) -> None:
    response = await own_client.delete(f"{RENTALS}/1")
    assert response.status_code == 409
    assert response.json()["referred_by"] == "payment"
    assert (await own_client.get(f"{RENTALS}/1")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{RENTALS}/999999", 404),
        ("PUT", f"{RENTALS}/999999", 404),
        ("DELETE", f"{RENTALS}/999999", 404),
        ("POST", f"{RENTALS}/999999/return", 404),
        ("GET", "/api/v1/customers/999999/rentals", 404),
        ("POST", "/api/v1/customers/999999/rentals", 404),
    ],
)
async def test_an_unknown_id_is_404(own_client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    bodies = {"PUT": {"return_date": None}, "POST": {"inventory_id": 1, "staff_id": 1}}
    body = None if path.endswith("return") else bodies.get(method)
    assert (await own_client.request(method, path, json=body)).status_code == status
