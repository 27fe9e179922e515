"""Import and export of films as CSV: a file is added as a whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database
from app.repositories.film_files import FilmFileRepository, NewFilm
from app.schemas.film_files import FilmExported, FilmImportRead
from app.services.film_columns import COLUMNS, Directory, Names
from app.services.film_csv import BOM, Faults, FilmFile, write
from app.services.film_rows import BATCH, cells_of, films_in


class FilmFileService:
    """Films as CSV, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, file: FilmFile, *, dry_run: bool) -> FilmImportRead:
        """Add every film of the file, or raise InvalidFilmFile with the errors of its rows.

        The whole file is checked before a transaction begins, so that a faulty file never holds locks. It is read
        again to be added: it may be too long for memory.
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
        """Return all films by id, as pieces of a file that `load` accepts; `bom` is for Excel.

        The first batch is read before this returns. A connection is held only while a batch is read, not while one is
        sent, so the file may or may not contain changes made meanwhile.
        """
        return self._written(await self._after(0), BOM if bom else "")

    async def _written(self, films: Sequence[FilmExported], mark: str) -> AsyncIterator[str]:
        yield mark + write([[column.name for column in COLUMNS]])
        while films:
            yield write(cells_of(film) for film in films)
            films = await self._after(films[-1].id)

    async def _after(self, film_id: int) -> Sequence[FilmExported]:
        async with self._database.reading() as connection:
            return await FilmFileRepository(connection).after(film_id, BATCH)


async def _add(connection: AsyncConnection, file: FilmFile) -> int:
    """Add the films and return their number. Names are looked up again, in this transaction."""
    faults, films = Faults(), 0
    repository = FilmFileRepository(connection)
    async for batch in _batches(file, await _directory(connection), faults):
        faults.check()
        await repository.add(batch)
        films += len(batch)
    faults.check()
    return films


async def _batches(file: FilmFile, directory: Directory, faults: Faults) -> AsyncIterator[list[NewFilm]]:
    """Read the file from its beginning, in a thread so that other requests go on."""
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
