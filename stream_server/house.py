"""Everything an application owns beside its sessions: engine, catalogue, threads, readiness."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import threading
from collections.abc import Callable

import cv2

from pipeline.errors import GarmentUnknown, InputError
from pipeline.structures import Garment
from stream_server.config import ServerConfig
from stream_server.engine import Engine, Entry, Live, Shelf
from stream_server.errors import ApiError, where
from stream_server.tracks import call_in_loop
from stream_server.wardrobes import GONE, VisitorShelf, Wardrobes
from stream_server.workshop import Workshop

log = logging.getLogger(__name__)

PATIENCE_S = 30.0  # how long a request waits for the catalogue of a server that just started
RETRY_WHEN_STARTING_S = 5
LOOK_S = 0.1  # between looks whether a session that waits for the warm-up has ended meanwhile
SWEEP_S = 600.0  # between looks for garments of visitors whose time is over
HOUR_S = 3600
MEGABYTE = 1e6
GARMENT_THREADS, GARMENT_QUEUE = 2, 64  # quick: reading a garment of the catalogue
PICTURE_THREADS, PICTURE_QUEUE = 1, 4  # seconds each: cutting out, photo try-on


class House:
    """Owner of the engine and of the threads around it.

    Attributes:
        garments: short jobs, such as reading a garment.
        pictures: long jobs, such as dressing a photo; a few may wait, more are refused.
    """

    def __init__(self, config: ServerConfig, engine: Engine) -> None:
        self._config = config
        self.engine = engine
        self.garments = Workshop("garments", GARMENT_THREADS, GARMENT_QUEUE)
        self.pictures = Workshop("pictures", PICTURE_THREADS, PICTURE_QUEUE)
        loop = asyncio.get_running_loop()
        self._catalog: asyncio.Future[Shelf] = loop.create_future()
        self._warmth: asyncio.Future[bool] = loop.create_future()
        self._warm = threading.Event()  # the same for threads; set as well when it failed
        self._wardrobes = Wardrobes(
            config.catalog,
            engine.open_catalog,
            HOUR_S * config.uploads_kept_h,
            MEGABYTE * config.uploads_max_mb,
        )
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to open the catalogue and to warm up, in a thread of its own."""
        loop = asyncio.get_running_loop()

        def work() -> None:
            try:
                catalog = self.engine.open_catalog(self._config.catalog)
                call_in_loop(loop, lambda: self._settle(catalog))
                self.engine.warm_up(catalog)
                log.info("ready")
                call_in_loop(loop, lambda: self._end_warm_up(good=True))
            except Exception as error:
                log.error("the pipeline did not start: %s", where(error))
                call_in_loop(loop, self._fail)

        threading.Thread(target=work, name="warm-up", daemon=True).start()
        if not self._config.catalog_shared_uploads:
            self._sweeping = asyncio.create_task(self._sweep())

    def _settle(self, catalog: Shelf) -> None:
        if not self._catalog.done():
            self._catalog.set_result(catalog)

    def _end_warm_up(self, *, good: bool) -> None:
        self._warm.set()
        if not self._warmth.done():
            self._warmth.set_result(good)

    def _fail(self) -> None:
        self._end_warm_up(good=False)
        if not self._catalog.done():
            sentence = "The garments of this server cannot be opened; its log says why."
            self._catalog.set_exception(ApiError(503, "broken", sentence))
            self._catalog.exception()  # seen; whoever asks gets it again

    async def _sweep(self) -> None:
        """Remove the garments of visitors whose time is over, from the start on."""
        while True:
            self.garments.submit_quietly(self._wardrobes.sweep)
            await asyncio.sleep(SWEEP_S)

    def check_ready(self) -> None:
        """Pass when a session would start at once.

        Raises:
            ApiError: 503 with the reason.
        """
        if not self._warmth.done():
            sentence = (
                "The mirror is warming up. Models are loaded and, at the very first start,"
                " compiled, which takes a minute or two."
            )
            raise ApiError(503, "starting", sentence, RETRY_WHEN_STARTING_S)
        if not self._warmth.result():
            raise ApiError(503, "broken", "The mirror could not start; the server's log says why.")

    async def settle(self) -> None:
        """Once everything is loaded, keep the garbage collector from looking at it again.

        It would take 120 ms each time, on the 2-core machine we measure on, and stop every stream.
        """
        if await self.warmed():
            await self.garments.run(keep_for_good)

    async def warmed(self) -> bool:
        """Wait until the warm-up has ended; False when it failed."""
        return await asyncio.shield(self._warmth)

    def live(self, left: threading.Event) -> Live | None:
        """A new pipeline for one session, as soon as everything is warm. Call it in a thread.

        Until then the session says that it is starting, and its frames pass: a pipeline made
        earlier would wait for the same compilers, but in the middle of a frame.

        Args:
            left: set when the session has ended; then the answer is None.
        """
        while not self._warm.wait(LOOK_S):
            if left.is_set():
                return None
        return None if left.is_set() else self.engine.live()

    async def catalog(self) -> Shelf:
        """The catalogue, as soon as it is open.

        Raises:
            ApiError: 503 while the server is still starting, or when it could not start.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._catalog), PATIENCE_S)
        except TimeoutError as error:
            sentence = "The server is still starting. Try again in a moment."
            raise ApiError(503, "starting", sentence, RETRY_WHEN_STARTING_S) from error

    async def shelf(self, visitor: str | None) -> Shelf:
        """The catalogue as a visitor sees it; see ``catalog`` for what it raises."""
        catalog = await self.catalog()
        if self._config.catalog_shared_uploads:
            return catalog
        return VisitorShelf(catalog, self._wardrobes, visitor)

    async def entry(self, garment_id: str, visitor: str | None = None) -> Entry:
        """A garment's line of the catalogue. Raises ``GarmentUnknown``."""
        shelf = await self.shelf(visitor)
        for entry in await self.garments.run(shelf.list):
            if entry.id == garment_id:
                return entry
        raise GarmentUnknown(GONE)

    async def garment(self, garment_id: str, visitor: str | None = None) -> Garment:
        """A garment of the catalogue, ready to wear by this visitor.

        Raises:
            GarmentUnknown: there is none with this id.
            ApiError: its files are damaged.
        """
        shelf = await self.shelf(visitor)
        try:
            return await self.garments.run(shelf.get, garment_id)
        except GarmentUnknown as error:  # its message lists what else there is
            raise GarmentUnknown(GONE) from error
        except InputError as error:  # its message names files of ours
            log.error("garment %s cannot be read: %s", garment_id, where(error))
            sentence = "This garment is damaged on the server. Choose another one."
            raise ApiError(500, "garment_damaged", sentence) from error

    def tidy(self) -> None:
        """Give memory back that sessions have left behind."""
        self.garments.submit_quietly(trim_memory)

    def close(self) -> None:
        """End the threads."""
        self._catalog.cancel()
        self._warmth.cancel()
        self._warm.set()  # nobody waits for it any more
        if self._sweeping is not None:
            self._sweeping.cancel()
        self.garments.close()
        self.pictures.close()
        self.engine.close()


def _glibc(name: str) -> Callable[..., int] | None:
    try:
        return getattr(ctypes.CDLL("libc.so.6"), name)  # type: ignore[no-any-return]
    except (OSError, AttributeError):
        return None


def limit_arenas() -> None:
    """Keep glibc from making a heap per thread: sessions come and go with theirs.

    The same as MALLOC_ARENA_MAX=2, which would have to be set before the process starts.
    """
    m_arena_max, arenas = -8, 2  # malloc.h
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(m_arena_max, arenas)


def limit_threads() -> None:
    """Keep OpenCV to the thread that calls it: the steps of sessions are what fills the cores.

    Its own threads wait for work by spinning, and take the cores from the other steps. And OpenCV
    4.11 leaks 900 bytes for each of our threads that hands work to them, so two a session.
    """
    cv2.setNumThreads(1)


def keep_for_good() -> None:
    """Take what is loaded now for needed until the process ends."""
    gc.collect()
    gc.freeze()


def trim_memory() -> None:
    """Collect garbage and return free heap to the system; only glibc needs the latter."""
    gc.collect()
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)
