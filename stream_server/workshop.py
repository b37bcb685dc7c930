"""Threads for work that is not part of a live stream: loading, cutting out, photo try-on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from stream_server.errors import ApiError

P = ParamSpec("P")
R = TypeVar("R")

RETRY_WHEN_BUSY_S = 5


class Workshop:
    """A small pool with a short queue; more work than that is refused instead of piling up.

    Args:
        name: of the threads.
        threads: how many jobs run at a time.
        waiting: how many more may wait.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threads + waiting
        self._inside = 0

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a job in a thread.

        Raises:
            ApiError: 503 when too many jobs wait.
            Exception: whatever the job raises.
        """
        if self._inside >= self._places:
            sentence = "The server is busy with other pictures. Try again in a moment."
            raise ApiError(503, "busy", sentence, RETRY_WHEN_BUSY_S)
        future: Future[R] = self._pool.submit(job, *args, **kwargs)
        # counted until the job has ended, not until its client has lost patience
        self._inside += 1
        waiter = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiter)
        finally:
            if waiter.done():
                self._inside -= 1
            else:
                waiter.add_done_callback(self._leave)

    def _leave(self, waiter: asyncio.Future[R]) -> None:
        self._inside -= 1
        if not waiter.cancelled():
            waiter.exception()  # nobody waits for it any more

    def submit_quietly(self, job: Callable[[], object]) -> None:
        """Run a job that nobody waits for; left out when the pool has ended."""
        with contextlib.suppress(RuntimeError):
            self._pool.submit(job)

    def close(self) -> None:
        """Refuse new jobs and forget the waiting ones; running ones end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)
