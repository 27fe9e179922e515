"""Films in bulk: a CSV file of them added as a whole or not at all, and all of them as such a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database
from app.repositories.film_files import FilmFileRepository, NewFilm
from app.repositories.pagination import Row
from app.schemas.film_files import FilmImportRead
from app.services.film_csv import BOM, COLUMNS, Faults, FilmFile, write
from app.services.film_rows import BATCH, Directory, Names, cells_of, films_in


class FilmFileService:
    """Films as CSV, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, file: FilmFile, *, dry_run: bool) -> FilmImportRead:
        """Add every film of the file; raises InvalidFilmFile, with what is wrong in any row, and adds none.

        The whole file is checked before a transaction begins, so that one at fault never makes others wait, and read
        a second time to be added: it may be longer than memory should hold.
        """
        async with self._database.reading() as connection:
            directory = await _directory(connection)
        faults, films = Faults(), 0
        async for batch in _batches(file, directory, faults):
            films += len(batch)
        faults.check()
        if not dry_run:
            films = await self._database.transaction(lambda connection: _add(connection, file))
        return FilmImportRead(films=films, dry_run=dry_run)

    async def export(self, *, bom: bool = False) -> AsyncIterator[str]:
        """All films by id, as pieces of a file that `load` takes; `bom` is for Excel.

        The first are read before this returns. A connection is only held while a batch is read, never while one is
        sent: what is changed meanwhile may be in the file or not.
        """
        return self._written(await self._after(0), BOM if bom else "")

    async def _written(self, films: Sequence[Row], mark: str) -> AsyncIterator[str]:
        yield mark + write([COLUMNS])
        while films:
            yield write(cells_of(film) for film in films)
            films = await self._after(films[-1]["id"])

    async def _after(self, film_id: int) -> Sequence[Row]:
        async with self._database.reading() as connection:
            return await FilmFileRepository(connection).after(film_id, BATCH)


async def _add(connection: AsyncConnection, file: FilmFile) -> int:
    """How many were added. Names are looked up again: what they stand for cannot have gone since then."""
    faults, films = Faults(), 0
    repository = FilmFileRepository(connection)
    async for batch in _batches(file, await _directory(connection), faults):
        faults.check()
        await repository.add(batch)
        films += len(batch)
    faults.check()
    return films


async def _batches(file: FilmFile, directory: Directory, faults: Faults) -> AsyncIterator[list[NewFilm]]:
    """The films of the file from its beginning, read in a thread so that other requests go on."""
    await asyncio.to_thread(file.content.seek, 0)
    batches = films_in(file, directory, faults)
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        yield batch


async def _directory(connection: AsyncConnection) -> Directory:
    repository = FilmFileRepository(connection)
    return Directory(
        Names("language", await repository.languages()),
        Names("category", await repository.categories()),
        Names("actor", await repository.actors()),
    )
