"""The real server around a stand-in for the pipeline: it dresses by tinting the picture."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from pipeline.errors import GarmentRefused, GarmentUnknown
from pipeline.images import decode_image, encode_png, write_png
from pipeline.structures import (
    Category,
    Composite,
    Frame,
    Garment,
    Image,
    Reason,
    Sleeves,
)
from stream_server.app import create_app
from stream_server.config import ServerConfig
from stream_server.keys import LOBBY
from stream_server.tls import secure

COLOURS = {
    "red-tee": (220, 20, 20),
    "green-shirt": (20, 200, 20),
    "blue-dress": (20, 20, 220),
    "grey-trousers": (128, 128, 128),
}
UPLOAD_COLOUR = (220, 20, 220)
TLS_GOODBYE_S = 0.5  # for the browser to answer the end of its connections
REFUSAL = "This does not look like a garment."
NOBODY = "Nobody is to be seen."


def _garment(garment_id: str) -> Garment:
    return Garment(
        id=garment_id,
        name=garment_id,
        category=Category.UPPER,
        sleeves=Sleeves.SHORT,
        texture=np.zeros((4, 4, 4), np.uint8),
        parts=np.zeros((4, 4), np.uint8),
        landmarks={},
        neckline=np.zeros((2, 2), np.float32),
    )


def tint(image: Image, garment: Garment) -> Composite:
    """The lower half of the picture in the garment's colour."""
    dressed, mask = image.copy(), np.zeros(image.shape[:2], np.uint8)
    half = image.shape[0] // 2
    dressed[half:] = COLOURS.get(garment.id, UPLOAD_COLOUR)
    mask[half:] = 255
    return Composite(dressed, mask, look="photo", opacity=1.0)


class Live:
    """The pipeline of one session."""

    def __init__(self, engine: StandIn) -> None:
        self._engine = engine
        self._garment: Garment | None = None

    def observe(self, frame: Frame) -> Frame:
        return frame

    def dress(self, observation: Frame) -> Composite:
        reason = self._engine.reason
        if self._garment is None:
            reason = Reason.NO_GARMENT
        if reason is not None:
            empty = np.zeros(observation.image.shape[:2], np.uint8)
            return Composite(observation.image, empty, reason)
        assert self._garment is not None
        return tint(observation.image, self._garment)

    def select(self, garment: Garment | None) -> None:
        self._garment = garment

    def close(self) -> None:
        pass


NOTICE = "The garment is only small in this photo."


@dataclass(frozen=True)
class Entry:
    id: str
    name: str
    category: Category
    sleeves: Sleeves
    thumbnail: Path
    image: Path
    notice: str = ""


class Shelf:
    """A catalogue of one colour per garment. Uploads that are black are refused."""

    def __init__(self, folder: Path, cutting: threading.Event) -> None:
        self._cutting = cutting
        colours = {} if folder.exists() else COLOURS
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._entries: dict[str, Entry] = {}
        for garment_id, colour in colours.items():
            self._put(garment_id, garment_id.replace("-", " ").capitalize(), colour)

    def _put(self, garment_id: str, name: str, colour: tuple[int, int, int]) -> Entry:
        picture = self._folder / f"{garment_id}.png"
        write_png(picture, np.full((96, 72, 3), colour, np.uint8))
        kind = {"trousers": Category.LOWER, "dress": Category.DRESS}
        category = kind.get(name.rpartition(" ")[2].lower(), Category.UPPER)
        notice = NOTICE if name.startswith("Small") else ""
        entry = Entry(garment_id, name, category, Sleeves.SHORT, picture, picture, notice)
        self._entries[garment_id] = entry
        return entry

    def list(self) -> Sequence[Entry]:
        return list(self._entries.values())

    def get(self, garment_id: str, /) -> Garment:
        if garment_id not in self._entries:
            raise GarmentUnknown("There is no such garment.")
        return _garment(garment_id)

    def add(self, image: bytes, name: str, category: Category | None = None, /) -> Entry:
        self._cutting.wait()
        if decode_image(image).mean() < 1:
            raise GarmentRefused(REFUSAL)
        return self._put(f"upload-{len(self._entries)}", name, UPLOAD_COLOUR)

    def rename(self, garment_id: str, name: str, /) -> Entry:
        self._entries[garment_id] = replace(self._entries[garment_id], name=name)
        return self._entries[garment_id]

    def remove(self, garment_id: str, /) -> None:
        if self._entries.pop(garment_id, None) is None:
            raise GarmentUnknown("There is no such garment.")


class StandIn:
    """An engine without models.

    Attributes:
        reason: why every frame passes undressed just now; None when they are dressed.
        cutting: uploads and photos wait for it.
        warm: the warm-up waits for it.
    """

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self.cutting = threading.Event()
        self.warm = threading.Event()
        self.cutting.set()
        self.warm.set()

    def open_catalog(self, folder: Path) -> Shelf:
        return Shelf(folder, self.cutting)

    def warm_up(self, catalog: Any) -> None:
        self.warm.wait()

    def live(self) -> Live:
        return Live(self)

    def photo(self, person: bytes, garment: Garment) -> Composite:
        image = decode_image(person)
        self.cutting.wait()
        if image.mean() < 1:
            return Composite(image, np.zeros(image.shape[:2], np.uint8), Reason.NO_PERSON)
        return tint(image, garment)

    def garment(self, photo: bytes) -> Garment:
        decode_image(photo)
        return _garment("upload")

    def png(self, image: Image) -> bytes:
        return encode_png(image)

    trouble = None

    def close(self) -> None:
        """Nothing runs beside the sessions."""


class Server:
    """The server in a thread of its own, on a free port of 127.0.0.1.

    Args:
        catalog: folder of garments.
        warm: whether its warm-up has ended.
        **settings: of the server.

    Attributes:
        engine: its stand-in pipeline.
        url: address without a slash at the end.
    """

    def __init__(self, catalog: Path, warm: bool = True, **settings: Any) -> None:
        self.engine = StandIn()
        if not warm:
            self.engine.warm.clear()
        config = ServerConfig(catalog=catalog, port=0, **settings)
        self._tls = secure(config)
        self._app = create_app(config, self.engine)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._main, name="server")
        self._thread.start()
        assert self._up.wait(10), "the server did not start"

    def _main(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        runner = web.AppRunner(self._app, shutdown_timeout=1)
        await runner.setup()
        context = self._tls.context if self._tls else None
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        self._up.set()
        await self._stop.wait()
        await runner.cleanup()
        if context:
            await asyncio.sleep(TLS_GOODBYE_S)

    @property
    def sessions(self) -> int:
        """Live sessions."""
        return len(self._app[LOBBY])

    def close(self) -> None:
        """End every session and the thread."""
        self.engine.cutting.set()
        self.engine.warm.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not end"
