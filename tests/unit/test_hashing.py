"""The hashing threads: their queue, cancelled callers, and other work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from app.core.auth.hashing import HashingThreads
from app.core.errors import Unavailable


class Work:
    """A job that runs until it is released, and records that it was started."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self._go_on = threading.Event()

    def __call__(self, number: int) -> int:
        self.begun.append(number)
        self._go_on.wait(30)
        return number

    def finish(self) -> None:
        self._go_on.set()


@pytest.fixture
def work() -> Iterator[Work]:
    given = Work()
    yield given
    given.finish()


@pytest.fixture
def threads() -> Iterator[HashingThreads]:
    given = HashingThreads(1)
    yield given
    given.close()


async def begun(threads: HashingThreads, work: Work, jobs: int) -> list[asyncio.Task[int]]:
    """Start this number of jobs, the first of which is running."""
    tasks = [asyncio.create_task(threads.run(work, number)) for number in range(jobs)]
    while not work.begun:  # noqa: ASYNC110  a thread tells
        await asyncio.sleep(0.001)
    return tasks


async def test_eight_jobs_wait_for_a_thread_and_the_next_is_unavailable(threads: HashingThreads, work: Work) -> None:
    tasks = await begun(threads, work, 9)
    with pytest.raises(Unavailable) as refused:
        await threads.run(work, 9)
    assert refused.value.retry_after == 2
    work.finish()
    assert await asyncio.gather(*tasks) == list(range(9))
    assert await threads.run(work, 10) == 10


async def test_a_job_whose_caller_is_cancelled_is_not_started(threads: HashingThreads, work: Work) -> None:
    tasks = await begun(threads, work, 9)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    last = asyncio.create_task(threads.run(work, 100))  # there is a place again
    await asyncio.sleep(0)
    work.finish()
    assert await last == 100
    assert work.begun == [0, 100]


async def test_a_running_job_without_a_caller_keeps_its_place(threads: HashingThreads, work: Work) -> None:
    first, *_ = tasks = await begun(threads, work, 9)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with pytest.raises(Unavailable):
        await threads.run(work, 9)
    work.finish()
    assert await asyncio.gather(*tasks[1:]) == list(range(1, 9))


async def test_other_work_does_not_wait_for_passwords(work: Work) -> None:
    threads = HashingThreads()
    tasks = [asyncio.create_task(threads.run(work, number)) for number in range(9)]
    while not work.begun:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    loaded = await asyncio.gather(*(asyncio.to_thread(int, number) for number in range(100)))
    assert loaded == list(range(100))
    assert not any(task.done() for task in tasks)
    work.finish()
    await asyncio.gather(*tasks)
    threads.close()
