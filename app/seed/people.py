"""The invented people of the sample store: staff and customers, with their addresses.

The telephone numbers are not assigned, and the e-mail domains are reserved for examples (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from app.seed.words import CITIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, STREETS

STORES = (1, 2)
STAFF_IDS = {1: (0, 2), 2: (1,)}
"""Staff ids by store, the manager's first. Ids start at 0, as in Pagila."""

_STAFF_NAMES = (("Ruth", "Calder"), ("Tomas", "Lind"), ("Imani", "Osei"))
_FIRST_STAFF_ADDRESS = len(STORES) + 1
_FIRST_CUSTOMER_ADDRESS = _FIRST_STAFF_ADDRESS + len(_STAFF_NAMES)
_INACTIVE_EVERY = 39
_NEWEST_MEMBER = timedelta(days=230)
"""Minimum time since a customer joined: longer ago than the first rental."""


class CityRow(NamedTuple):
    city_id: int
    city: str
    country_id: int


class AddressRow(NamedTuple):
    address_id: int
    address: str
    district: str
    city_id: int
    postal_code: str
    phone: str


class StoreRow(NamedTuple):
    store_id: int
    manager_staff_id: int
    address_id: int


class StaffRow(NamedTuple):
    staff_id: int
    first_name: str
    last_name: str
    address_id: int
    email: str
    store_id: int
    active: bool
    username: str


class CustomerRow(NamedTuple):
    customer_id: int
    store_id: int
    first_name: str
    last_name: str
    email: str
    address_id: int
    activebool: bool
    create_date: date
    active: int


def city_rows() -> Iterator[CityRow]:
    """Yield the cities; country ids follow the order of COUNTRIES."""
    for city_id, city in enumerate(CITIES, 1):
        yield CityRow(city_id, city.name, COUNTRIES.index(city.country) + 1)


def address_rows(customers: int) -> Iterator[AddressRow]:
    """Yield the addresses of stores, staff and customers, in this order. The multipliers only vary the values."""
    for number in range(1, _FIRST_CUSTOMER_ADDRESS + customers):
        city = number * 13 % len(CITIES)
        yield AddressRow(
            address_id=number,
            address=f"{1 + number * 37 % 240} {STREETS[number * 11 % len(STREETS)]}",
            district=CITIES[city].district,
            city_id=city + 1,
            postal_code=f"{10000 + number * 7919 % 90000}",
            phone=f"000-555-{number:05d}",
        )


def store_rows() -> Iterator[StoreRow]:
    """Yield the two stores, each with its manager."""
    for store_id in STORES:
        yield StoreRow(store_id, STAFF_IDS[store_id][0], address_id=store_id)


def staff_rows() -> Iterator[StaffRow]:
    """Yield the staff of both stores, without passwords: people sign in with accounts."""
    for store_id, staff_ids in STAFF_IDS.items():
        for staff_id in staff_ids:
            first, last = _STAFF_NAMES[staff_id]
            yield StaffRow(
                staff_id=staff_id,
                first_name=first,
                last_name=last,
                address_id=_FIRST_STAFF_ADDRESS + staff_id,
                email=f"{first}.{last}@store.example".lower(),
                store_id=store_id,
                active=True,
                username=first.lower(),
            )


def customer_rows(count: int, today: date) -> Iterator[CustomerRow]:
    """Yield `count` customers. All joined before the first rental; every 39th is inactive."""
    for customer_id in range(1, count + 1):
        first, last = full_name(customer_id)
        active = is_active(customer_id)
        yield CustomerRow(
            customer_id=customer_id,
            store_id=1 if customer_id % 9 < 5 else 2,
            first_name=first,
            last_name=last,
            email=f"{first}.{last}{customer_id}@example.org".lower(),
            address_id=_FIRST_CUSTOMER_ADDRESS + customer_id - 1,
            activebool=active,
            create_date=today - _NEWEST_MEMBER - timedelta(days=customer_id * 7 % 700),
            active=int(active),
        )


def is_active(customer_id: int) -> bool:
    """Return whether the customer is active, that is, may rent."""
    return customer_id % _INACTIVE_EVERY != 0


def full_name(number: int) -> tuple[str, str]:
    """Return the first and last name of invented person `number`.

    61 first and 97 last names have no common divisor, so a pair repeats only after all 5917 pairs. The multipliers
    give people with consecutive numbers different names.
    """
    return FIRST_NAMES[number * 17 % len(FIRST_NAMES)], LAST_NAMES[number * 29 % len(LAST_NAMES)]
