"""The queue for connections: its order, and tasks that fail, time out or are cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database, is_unreachable
from tests.conftest import IN_MEMORY, settings_for
from tests.fixtures.postgres_server import create_database, drop_database

NAME = "pool_turns"
NEWCOMERS = 60
STEPS = 20
"""Iterations of the event loop after which a task without I/O has reached the point where it waits."""

Use = Callable[[Database, Callable[[], None]], Awaitable[None]]


@asynccontextmanager
async def opened(url: str, **pool: float) -> AsyncIterator[Database]:
    """Yield the database, by default with a pool of one connection, and dispose of it."""
    database = Database(settings_for(url, **{"database_pool_size": 1, **pool}))
    yield database
    await database.dispose()


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database."""
    if request.param == "memory":
        yield IN_MEMORY
    elif request.param == "file":
        yield f"sqlite+aiosqlite:///{tmp_path}/store.db"
    else:
        server = request.getfixturevalue("postgres")
        yield await create_database(server, NAME)
        await drop_database(server, NAME)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A database with one connection, which is already open."""
    async with opened(url) as database:
        await read(database, lambda: None)
        yield database


async def read(database: Database, done: Callable[[], None]) -> None:
    async with database.reading() as connection:
        await connection.execute(sa.select(1))
        done()


async def write(database: Database, done: Callable[[], None]) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(sa.select(1))
        done()

    await database.transaction(work)


EITHER = pytest.mark.parametrize("use", [read, write], ids=["reading", "transaction"])


async def until_they_wait() -> None:
    for _ in range(STEPS):
        await asyncio.sleep(0)


async def queue(database: Database, use: Use, names: str, order: list[str]) -> list[asyncio.Task[None]]:
    """Start tasks that wait for a connection in this order."""
    tasks = []
    for name in names:
        tasks.append(asyncio.ensure_future(use(database, lambda name=name: order.append(name))))  # type: ignore[misc]
        await until_they_wait()
    return tasks


@EITHER
async def test_waiting_tasks_get_the_connection_before_those_that_come_later(database: Database, use: Use) -> None:
    order: list[str] = []
    later: list[asyncio.Task[None]] = []

    async def come_at_every_moment() -> None:
        for number in range(NEWCOMERS):
            later.append(asyncio.ensure_future(use(database, lambda number=number: order.append(str(number)))))  # type: ignore[misc]
            await asyncio.sleep(0)

    async with database.reading():
        waiting = await queue(database, use, "abc", order)
        coming = asyncio.ensure_future(come_at_every_moment())
    await asyncio.gather(coming, *waiting)
    await asyncio.gather(*later)
    assert order == ["a", "b", "c", *map(str, range(NEWCOMERS))]


@EITHER
async def test_waiting_tasks_come_before_one_that_is_back_at_once(database: Database, use: Use) -> None:
    order: list[str] = []
    async with database.reading():
        waiting = await queue(database, use, "abc", order)
    for _ in range(3):
        await use(database, lambda: order.append("greedy"))
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c", "greedy", "greedy", "greedy"]


async def test_a_stream_keeps_its_place_until_its_end(database: Database) -> None:
    order: list[str] = []
    numbers = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n")
    async with database.writing() as connection:
        waiting = await queue(database, read, "ab", order)
        async for row in await connection.stream(numbers):
            order.append(str(row.i))
        await until_they_wait()
        order.append("end")
    await asyncio.gather(*waiting, read(database, lambda: order.append("later")))
    assert order == ["1", "2", "3", "end", "a", "b", "later"]


@EITHER
async def test_a_task_that_is_cancelled_while_it_waits_leaves_the_queue(database: Database, use: Use) -> None:
    order: list[str] = []
    async with database.reading():
        first, second, third = await queue(database, use, "abc", order)
        second.cancel()
    results = await asyncio.gather(first, second, third, return_exceptions=True)
    assert order == ["a", "c"]
    assert isinstance(results[1], asyncio.CancelledError)
    await use(database, lambda: order.append("d"))
    assert order == ["a", "c", "d"]


@EITHER
async def test_a_task_that_is_cancelled_at_its_turn_passes_it_on(database: Database, use: Use) -> None:
    order: list[str] = []
    async with database.reading():
        first, second = await queue(database, use, "ab", order)
    first.cancel()  # its turn has come, but it has made no step since
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert order == ["b"]
    await use(database, lambda: order.append("c"))
    assert order == ["b", "c"]


@EITHER
async def test_a_task_that_is_cancelled_at_work_gives_its_connection_back(database: Database, use: Use) -> None:
    working, order = asyncio.Event(), list[str]()

    async def stuck() -> None:
        async with database.reading():
            working.set()
            await asyncio.Event().wait()

    holder = asyncio.ensure_future(stuck())
    await working.wait()
    waiting = await queue(database, use, "ab", order)
    holder.cancel()
    await asyncio.gather(*waiting)
    assert holder.cancelled()
    assert order == ["a", "b"]


async def test_a_cancelled_transaction_is_rolled_back_and_the_next_takes_its_turn(database: Database) -> None:
    table, working = sa.table("kept", sa.column("id", sa.Integer)), asyncio.Event()
    async with database.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE kept (id integer)"))

    async def insert_and_wait(connection: AsyncConnection) -> None:
        await connection.execute(table.insert().values(id=1))
        working.set()
        await asyncio.Event().wait()

    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(table.insert().values(id=2))

    holder = asyncio.ensure_future(database.transaction(insert_and_wait))
    await working.wait()
    second = asyncio.ensure_future(database.transaction(insert))
    await until_they_wait()
    holder.cancel()
    await second
    async with database.reading() as connection:
        assert list(await connection.scalars(sa.select(table.c.id))) == [2]


@EITHER
async def test_an_error_at_work_gives_the_connection_to_the_next(database: Database, use: Use) -> None:
    order: list[str] = []
    waiting: list[asyncio.Task[None]] = []

    async def fail() -> None:
        async with database.reading() as connection:
            waiting.extend(await queue(database, use, "ab", order))
            await connection.execute(sa.text("SELECT 1 FROM nowhere"))

    with pytest.raises(DBAPIError):
        await fail()
    await asyncio.gather(*waiting)
    assert order == ["a", "b"]


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.postgres)])
async def postgres_or_file(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database that allows several connections: Postgres, or an SQLite file."""
    if request.param == "file":
        yield f"sqlite+aiosqlite:///{tmp_path}/store.db"
        return
    server = request.getfixturevalue("postgres")
    yield await create_database(server, NAME)
    await drop_database(server, NAME)


@EITHER
async def test_an_exhausted_pool_is_the_pools_own_timeout_and_works_afterwards(postgres_or_file: str, use: Use) -> None:
    order: list[str] = []
    async with opened(postgres_or_file, database_max_overflow=1, database_pool_timeout=0.05) as database:
        async with database.reading(), database.reading():
            with pytest.raises(PoolTimeout) as caught:
                await use(database, lambda: order.append("too early"))
            assert is_unreachable(caught.value)  # so it is answered with 503
            late = asyncio.gather(*(use(database, lambda: None) for _ in range(5)), return_exceptions=True)
            assert {type(error) for error in await late} == {PoolTimeout}
        await use(database, lambda: order.append("afterwards"))
    assert order == ["afterwards"]


async def test_a_connection_that_cannot_be_opened_gives_its_place_to_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    async with opened(f"sqlite+aiosqlite:///{folder}/store.db") as database:
        folder.rmdir()
        for _ in range(3):
            with pytest.raises(DBAPIError):
                await read(database, lambda: None)
        folder.mkdir()
        order: list[str] = []
        await read(database, lambda: order.append("open"))
        assert order == ["open"]


@pytest.mark.parametrize("steps", range(1, 9))
async def test_a_task_that_is_cancelled_while_its_connection_opens_loses_none(
    postgres_or_file: str, steps: int
) -> None:
    """At any step, also while SQLAlchemy waits for SQLite's thread; a lost connection is a warning, an error here."""
    async with opened(postgres_or_file) as database:
        await read(database, lambda: None)
        reader = asyncio.ensure_future(read(database, lambda: None))
        for _ in range(steps):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        gc.collect()
        order: list[str] = []
        await read(database, lambda: order.append("open"))
        assert order == ["open"]
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a queue's
