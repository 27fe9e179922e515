"""The sample store: the tables that `python -m app seed` fills, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database
from app.core.errors import Conflict
from app.models import metadata
from app.seed import films as film_tables
from app.seed import people
from app.seed.catalogue import CatalogueFilm, read_catalogue
from app.seed.discs import DiscRow, stock
from app.seed.films import CATEGORIES, FilmRow
from app.seed.inventions import MOST_INVENTED, invented_films
from app.seed.ledger import Ledger, PaymentRow, RentalRow
from app.seed.loans import Shop, loans
from app.seed.words import COUNTRIES
from app.seed.writers import Writer, chunks, writer_for

Progress = Callable[[str], None]

TABLES = (
    *("country", "city", "address", "store", "staff", "customer"),
    *("language", "category", "actor", "film", "film_category", "film_actor"),
    *("inventory", "rental", "payment"),
)
"""The tables with sample data, in the order of their foreign keys."""

_CUSTOMERS, _RENTALS, _RENTALS_OPEN = 599, 16_044, 183
"""Pagila's numbers. The number of discs keeps Pagila's ratio: 4581 to 1000 films."""
_DISCS_PER_FILM = 4.581
_INVENTED_PER_SCALE = 60
_CHUNK = 100_000


@dataclass(frozen=True)
class SeedReport:
    """The result of seeding. If the store had films before, `seeded` is False and `films` is their number."""

    seeded: bool
    films: int
    discs: int = 0
    customers: int = 0
    rentals: int = 0

    def __str__(self) -> str:
        if not self.seeded:
            return f"The store already has {self.films:,} films: nothing was changed."
        return (
            f"The store now has {self.films:,} films on {self.discs:,} discs, {self.customers:,} customers "
            f"and {self.rentals:,} rentals."
        )


def _silent(_: str) -> None:
    """Ignore the progress."""


async def seed(
    database: Database, *, scale: int = 1, progress: Progress = _silent, today: date | None = None
) -> SeedReport:
    """Fill an empty store with sample data in one transaction. A store that has films is not changed.

    The rows depend only on `scale`, and the dates on `today` (UTC; default: the present day). At scale N there are
    N times Pagila's customers and rentals, and invented films besides the catalogue's.

    Raises Conflict if there are no films but other tables have rows, ValueError for a scale below 1.
    """
    if scale < 1:
        raise ValueError("The scale of the sample data must be at least 1.")
    async with database.writing() as connection:
        writer = writer_for(connection)
        await writer.begin()
        occupied = await _occupied(connection)
        if "film" in occupied:
            return SeedReport(seeded=False, films=await _count(connection, "film"))
        if occupied:
            raise Conflict(f"Sample data needs an empty store, but these tables have rows: {', '.join(occupied)}.")
        return await _fill(writer, scale, progress, today or datetime.now(timezone.utc).date())


async def _fill(writer: Writer, scale: int, progress: Progress, today: date) -> SeedReport:
    catalogue = read_catalogue()
    invented = invented_films(min(_INVENTED_PER_SCALE * (scale - 1), MOST_INVENTED), CATEGORIES)
    customers, rentals = _CUSTOMERS * scale, _RENTALS * scale
    progress(f"Writing {customers:,} customers.")
    await _write_people(writer, customers, today)
    progress(f"Writing {len(catalogue) + len(invented):,} films.")
    films = await _write_films(writer, [*catalogue, *invented])
    discs = stock(len(films), round(len(catalogue) * _DISCS_PER_FILM * scale))
    progress(f"Writing {len(discs):,} discs.")
    await writer.write("inventory", DiscRow._fields, discs)
    await _write_rentals(writer, Shop(films, discs, customers), scale, progress, today)
    await writer.finish(TABLES)
    return SeedReport(True, len(films), len(discs), customers, rentals)


async def _write_people(writer: Writer, customers: int, today: date) -> None:
    await writer.write("country", ("country_id", "country"), enumerate(COUNTRIES, 1))
    await writer.write("city", people.CityRow._fields, people.city_rows())
    await writer.write("address", people.AddressRow._fields, people.address_rows(customers))
    await writer.write("store", people.StoreRow._fields, people.store_rows())
    await writer.write("staff", people.StaffRow._fields, people.staff_rows())
    await writer.write("customer", people.CustomerRow._fields, people.customer_rows(customers, today))


async def _write_films(writer: Writer, films: Sequence[CatalogueFilm]) -> list[FilmRow]:
    languages, actors = film_tables.languages_of(films), film_tables.actors_of(films)
    rows = list(film_tables.film_rows(films, languages))
    await writer.write("language", ("language_id", "name"), enumerate(languages, 1))
    await writer.write("category", ("category_id", "name"), enumerate(CATEGORIES, 1))
    await writer.write("actor", film_tables.ActorRow._fields, film_tables.actor_rows(actors))
    await writer.write("film", tuple(FilmRow.model_fields), (tuple(dict(row).values()) for row in rows))
    await writer.write("film_category", ("film_id", "category_id"), film_tables.film_category_rows(films))
    await writer.write("film_actor", ("actor_id", "film_id"), film_tables.film_actor_rows(films, actors))
    return rows


async def _write_rentals(writer: Writer, shop: Shop, scale: int, progress: Progress, today: date) -> None:
    """Write rentals and payments in chunks: at scale 100, all at once would not fit into memory."""
    ledger = Ledger(shop, today)
    total, written = _RENTALS * scale, 0
    numbered = enumerate(loans(shop, total, _RENTALS_OPEN * scale), 1)
    for chunk in chunks(numbered, _CHUNK):
        await writer.write("rental", RentalRow._fields, ledger.rental_rows(chunk))
        await writer.write("payment", PaymentRow._fields, ledger.payment_rows(chunk))
        written += len(chunk)
        progress(f"Wrote {written:,} of {total:,} rentals and their payments.")


async def _occupied(connection: AsyncConnection) -> list[str]:
    """Return the tables of the sample data that already have rows."""
    checks = (sa.select(sa.literal(name)).where(sa.exists().select_from(metadata.tables[name])) for name in TABLES)
    return list(await connection.scalars(sa.union_all(*checks)))


async def _count(connection: AsyncConnection, table: str) -> int:
    return await connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[table])) or 0
