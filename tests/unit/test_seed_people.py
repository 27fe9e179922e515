"""The invented people of the sample store."""

from __future__ import annotations

from datetime import date

from app.seed.people import address_rows, city_rows, customer_rows, staff_rows, store_rows
from app.seed.words import CITIES

TODAY = date(2026, 3, 1)


def test_no_two_of_the_first_thousands_of_customers_have_the_same_name() -> None:
    names = [(row.first_name, row.last_name) for row in customer_rows(5900, TODAY)]

    assert len(set(names)) == 5900


def test_e_mail_addresses_and_telephone_numbers_are_not_real() -> None:
    customers, staff = list(customer_rows(599, TODAY)), list(staff_rows())

    assert all(row.email.isascii() and row.email.endswith("@example.org") for row in customers)
    assert all(row.email.endswith(".example") for row in staff)
    assert len({row.email for row in customers}) == 599
    assert all(row.phone.startswith("000-") for row in address_rows(599))


def test_each_person_has_a_separate_address() -> None:
    addresses = [row.address_id for row in address_rows(599)]
    stores, staff = [row.address_id for row in store_rows()], [row.address_id for row in staff_rows()]
    customers = [row.address_id for row in customer_rows(599, TODAY)]

    assert sorted(stores + staff + customers) == addresses


def test_addresses_are_in_cities_that_exist_and_in_their_districts() -> None:
    cities = {row.city_id: row for row in city_rows()}

    for row in address_rows(599):
        assert row.district in {city.district for city in CITIES if city.name == cities[row.city_id].city}
    assert {row.city_id for row in address_rows(599)} == set(cities)


def test_about_fifteen_customers_have_left_in_both_of_pagilas_columns() -> None:
    customers = list(customer_rows(599, TODAY))

    assert sum(not row.activebool for row in customers) == 15
    assert all(row.active == int(row.activebool) for row in customers)


def test_staff_ids_start_at_zero_and_each_store_is_managed_by_one_of_its_own() -> None:
    staff = {row.staff_id: row for row in staff_rows()}

    assert sorted(staff) == [0, 1, 2]
    assert all(staff[store.manager_staff_id].store_id == store.store_id for store in store_rows())
