"""A cheap stand-in for the pipeline, and a shopper's browser made of an aiortc peer."""

from __future__ import annotations

import asyncio
import fractions
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp.test_utils import TestClient
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from pipeline.errors import GarmentRefused, GarmentUnknown, NotSupported
from pipeline.images import decode_image, encode_png, write_png
from pipeline.structures import Category, Composite, Frame, Garment, Image, Reason, Sleeves
from stream_server.engine import Trouble

SIZE_WH = (192, 144)
CELLS = 8  # bits of a frame's number
CLOCK_HZ = 90_000
TINT = {"red": 0, "green": 1, "blue": 2}


def garment(garment_id: str) -> Garment:
    """A 4×4 garment: the stand-in pipeline looks at its id alone."""
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


class TintLive:
    """Dressing is inverting one half of the picture and tinting the other by the garment."""

    def __init__(self, slow_s: float = 0.0) -> None:
        self.slow_s = slow_s
        self.fail: str | None = None
        self.garment: Garment | None = None
        self.closed = 0
        self.threads: set[str] = set()

    def observe(self, frame: Frame) -> Frame:
        self.threads.add(threading.current_thread().name)
        if self.fail == "observe":
            raise RuntimeError("secret detail")
        return frame

    def dress(self, observation: Frame) -> Composite:
        self.threads.add(threading.current_thread().name)
        if self.fail == "dress":
            raise RuntimeError("secret detail")
        time.sleep(self.slow_s)
        worn, image = self.garment, observation.image
        mask = np.zeros(image.shape[:2], np.uint8)
        if worn is None:
            return Composite(image, mask, Reason.NO_GARMENT)
        dressed = image.copy()
        half = image.shape[0] // 2
        dressed[half:] = 20
        dressed[half:, :, TINT.get(worn.id, 0)] = 230
        mask[half:] = 255
        return Composite(
            dressed, mask, look="photo", opacity=1.0, stage_ms={"draw": 1000 * self.slow_s}
        )

    def select(self, garment: Garment | None) -> None:
        if garment is not None and garment.id == "trousers":
            raise NotSupported("Trousers are not supported yet.")
        self.garment = garment

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class ShelfEntry:
    id: str
    name: str
    category: Category
    sleeves: Sleeves
    thumbnail: Path
    image: Path
    notice: str = ""


class MemoryShelf:
    """A catalogue with red, green, blue and trousers, or an empty one where a folder is."""

    def __init__(self, folder: Path) -> None:
        self._names: dict[str, str] = {}
        self._ids = [] if folder.exists() else ["red", "green", "blue", "trousers"]
        folder.mkdir(parents=True, exist_ok=True)
        self._picture = folder / "picture.png"
        write_png(self._picture, np.full((8, 8, 3), 200, np.uint8))

    def _entry(self, garment_id: str) -> ShelfEntry:
        if garment_id not in self._ids:
            raise GarmentUnknown("There is no such garment.")
        name = self._names.get(garment_id, garment_id)
        return ShelfEntry(
            garment_id, name, Category.UPPER, Sleeves.SHORT, self._picture, self._picture
        )

    def list(self) -> Sequence[ShelfEntry]:
        return [self._entry(garment_id) for garment_id in self._ids]

    def get(self, garment_id: str) -> Garment:
        return garment(self._entry(garment_id).id)

    def add(self, data: bytes, name: str, category: Category | None = None) -> ShelfEntry:
        image = decode_image(data)
        if image.mean() < 1:
            raise GarmentRefused("The photo is black.")
        self._ids.append(name)
        return self._entry(name)

    def rename(self, garment_id: str, name: str) -> ShelfEntry:
        self._names[self._entry(garment_id).id] = name
        return self._entry(garment_id)

    def remove(self, garment_id: str) -> None:
        self._ids.remove(self._entry(garment_id).id)


class StandInEngine:
    """An ``Engine`` without models.

    Attributes:
        lives: every pipeline that was made.
        gate: opening a pipeline and warming up wait for it.
        trouble: what sessions tell beside their state.
        ended: the server has closed the engine.
    """

    def __init__(self, slow_s: float = 0.0) -> None:
        self.slow_s = slow_s
        self.lives: list[TintLive] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False
        self.trouble: Trouble | None = None
        self.ended = False

    def open_catalog(self, folder: Path) -> MemoryShelf:
        return MemoryShelf(folder)

    def warm_up(self, catalog: Any) -> None:
        self.gate.wait()

    def live(self) -> TintLive:
        self.gate.wait()
        if self.broken:
            raise RuntimeError("secret detail")
        self.lives.append(TintLive(self.slow_s))
        return self.lives[-1]

    def photo(self, person: bytes, garment: Garment) -> Composite:
        image = decode_image(person)
        mask = np.zeros(image.shape[:2], np.uint8)
        if image.mean() < 1:
            return Composite(image, mask, Reason.NO_PERSON)
        return Composite(255 - image, mask + 255, look="photo", opacity=1.0)

    def garment(self, photo: bytes) -> Garment:
        decode_image(photo)
        return garment("upload")

    def png(self, image: Image) -> bytes:
        return encode_png(image)

    def close(self) -> None:
        self.ended = True


def draw_number(number: int) -> Image:
    """A grey picture with a number burnt into its upper half, as black and white cells."""
    width, height = SIZE_WH
    image = np.full((height, width, 3), 120, np.uint8)
    cell = width // CELLS
    for place in range(CELLS):
        value = 235 if number >> place & 1 else 20
        image[: height // 3, place * cell : (place + 1) * cell] = value
    return image


def read_number(image: Image) -> int:
    """Inverse of ``draw_number``."""
    cell = SIZE_WH[0] // CELLS
    row = image[SIZE_WH[1] // 6, :, 1]
    return sum(int(row[place * cell + cell // 2] > 128) << place for place in range(CELLS))


class NumberedCamera(MediaStreamTrack):
    """Sends numbered pictures at a fixed rate."""

    kind = "video"

    def __init__(self, fps: float) -> None:
        super().__init__()
        self._period = 1 / fps
        self._number = 0
        self._begin = time.monotonic()
        self.sent_at: dict[int, float] = {}

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        due = self._begin + self._number * self._period
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        frame = VideoFrame.from_ndarray(draw_number(self._number % 2**CELLS), format="rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = int(self._number * self._period * CLOCK_HZ)
        frame.time_base = fractions.Fraction(1, CLOCK_HZ)
        self.sent_at[self._number % 2**CELLS] = time.monotonic()
        self._number += 1
        return frame


@dataclass
class Received:
    """One frame that came back."""

    number: int
    pts: int
    image: Image
    at: float
    latency_s: float

    @property
    def worn(self) -> str | None:
        """Which garment of the stand-in is in the picture."""
        colour = self.image[SIZE_WH[1] * 3 // 4, SIZE_WH[0] // 2].astype(int)
        if colour.max() - colour.min() < 80:
            return None
        return next(name for name, channel in TINT.items() if channel == colour.argmax())


@dataclass
class Shopper:
    """A browser: camera, mirror, control channel."""

    http: TestClient[Any, Any]
    fps: float = 20.0
    beat: bool = False
    session: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Received] = field(default_factory=list)

    async def __aenter__(self) -> Shopper:
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.pc = RTCPeerConnection(configuration)
        self.camera = NumberedCamera(self.fps)
        self.pc.addTrack(self.camera)
        self.control = self.pc.createDataChannel("control")
        self.control.on("message", self._hear)
        if self.beat:
            line = self.pc.createDataChannel("beat", ordered=False, maxRetransmits=0)
            line.on("message", lambda text: self._hear(text, "beat"))
            self.beat_channel = line
        self._watching: asyncio.Task[None] | None = None
        self.pc.on("track", self._watch)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.camera.stop()
        await self.pc.close()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def _hear(self, text: str, channel: str = "control") -> None:
        self.messages.append(json.loads(text) | {"channel": channel})

    def _watch(self, track: MediaStreamTrack) -> None:
        self._watching = asyncio.ensure_future(self._receive(track))

    async def _receive(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            image = frame.to_ndarray(format="rgb24")
            number, now = read_number(image), time.monotonic()
            latency = now - self.camera.sent_at.get(number, now)
            self.frames.append(Received(number, frame.pts, image, now, latency))

    def offer(self, **more: Any) -> dict[str, Any]:
        """The body of ``POST /api/offer``."""
        return {"sdp": self.pc.localDescription.sdp, "type": "offer"} | more

    async def connect(self, **more: Any) -> None:
        """Send the offer and apply the answer."""
        async with self.http.post("/api/offer", json=self.offer(**more)) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        self.session = answer["session"]
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    async def say(self, **message: Any) -> None:
        """Send a control message, once the channel is open."""
        await until(lambda: self.control.readyState == "open")
        self.control.send(json.dumps(message))

    async def hear(self, kind: str, where: Callable[[dict[str, Any]], bool] = bool) -> Any:
        """Wait for a message of a type."""

        def found() -> list[dict[str, Any]]:
            return [m for m in self.messages if m["type"] == kind and where(m)]

        await until(found)
        return found()[-1]

    async def see(self, count: int = 1, worn: str | bool | None = True) -> list[Received]:
        """Wait for the next frames; with a garment, for frames that show it."""
        begin = len(self.frames)

        def fitting() -> list[Received]:
            new = self.frames[begin:]
            return new if worn is True else [frame for frame in new if frame.worn == worn]

        await until(lambda: len(fitting()) >= count)
        return fitting()


async def until(
    condition: Callable[[], object],
    timeout_s: float = 10.0,
    describe: Callable[[], object] = lambda: "waited in vain",
) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, describe()
        await asyncio.sleep(0.01)
