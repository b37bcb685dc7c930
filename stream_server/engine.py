"""What the server asks of the pipeline, and the pipeline that answers by default.

The server starts before the pipeline is imported (MediaPipe, numba and the models take seconds),
so every import of it happens inside a method here, and those methods run in threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pipeline.structures import Category, Composite, Frame, Garment, Image, Sleeves


class Trouble(StrEnum):
    """What a session's status tells beside its state."""

    KEYFRAMES_FAILING = "keyframes_failing"  # photo looks are worn meanwhile


class Live(Protocol):
    """The pipeline of one session; see ``pipeline.live.LiveTryOn``.

    ``observe`` and ``dress`` are each called by one thread, in the order of the frames.

    A pipeline that can leave something out when the machine is slow also has
    ``economise(on: bool) -> bool``: quick, from any thread; True when that changed something.
    It is asked before the camera's picture is made smaller. The photo look has nothing to leave
    out, so it does not have the method.
    """

    def observe(self, frame: Frame) -> Any:
        """First step of a frame."""

    def dress(self, observation: Any) -> Composite:
        """Second step of a frame."""

    def select(self, garment: Garment | None) -> None:
        """Change the garment, from any thread."""

    def close(self) -> None:
        """Free everything."""


class Entry(Protocol):
    """One garment of a catalogue, as a list shows it."""

    @property
    def id(self) -> str:
        """Stable name in addresses."""

    @property
    def name(self) -> str:
        """What a shopper reads."""

    @property
    def category(self) -> Category:
        """Upper, dress or lower."""

    @property
    def sleeves(self) -> Sleeves:
        """How far the sleeves reach."""

    @property
    def notice(self) -> str:
        """What its owner should know, such as that the photo is small; mostly empty."""

    @property
    def thumbnail(self) -> Path:
        """Small picture file."""

    @property
    def image(self) -> Path:
        """Picture file of the garment."""


class Shelf(Protocol):
    """A catalogue; see ``pipeline.garments.catalog.Catalog``."""

    def list(self) -> Sequence[Entry]:
        """Every garment, in the order to show."""

    def get(self, id: str, /) -> Garment:
        """A garment ready to wear; raises ``GarmentUnknown``."""

    def add(self, image_bytes: bytes, name: str, category: Category | None = None, /) -> Entry:
        """Cut a garment out of a photo and keep it; raises ``GarmentRefused`` and others."""

    def rename(self, id: str, name: str, /) -> Entry:
        """Give a garment another name; raises ``GarmentUnknown``."""

    def remove(self, id: str, /) -> None:
        """Delete a garment; raises ``GarmentUnknown``."""


class Engine(Protocol):
    """Everything heavy that the server uses. Methods are called in threads, never in the loop."""

    def warm_up(self, catalog: Shelf) -> None:
        """Load and compile what the first session would otherwise wait for; takes seconds."""

    def open_catalog(self, folder: Path) -> Shelf:
        """Open a catalogue, made and filled with the default garments when it is missing."""

    def live(self) -> Live:
        """A new pipeline for one session, without a garment."""

    def photo(self, person: bytes, garment: Garment) -> Composite:
        """Dress an uploaded photo of a person."""

    def garment(self, photo: bytes) -> Garment:
        """Cut a garment out of an uploaded photo without keeping it."""

    def png(self, image: Image) -> bytes:
        """Encode a picture."""

    @property
    def trouble(self) -> Trouble | None:
        """What does not work at the moment, though sessions go on."""

    def close(self) -> None:
        """End whatever runs beside the sessions; they have ended before."""
