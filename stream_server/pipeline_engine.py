"""The engine by default: the pipeline itself, imported when it is first needed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.images import decode_image, encode_png
from pipeline.structures import Category, Composite, Garment, Image
from stream_server.engine import Live, Shelf, Trouble
from stream_server.keyframe_service import KeyframeService

if TYPE_CHECKING:
    from pipeline.looks.shelf import LookShelf
    from pipeline.own_parser import OwnParser


class PipelineEngine:
    """Answers with ``pipeline``; see ``engine.Engine`` for the methods.

    Args:
        commercial: leave weights alone whose licence does not allow commercial use.
        keyframes: makes network keyframes for live sessions; None = photo looks only.
    """

    def __init__(
        self, *, commercial: bool = False, keyframes: KeyframeService | None = None
    ) -> None:
        self._commercial = commercial
        self._keyframes = keyframes

    def open_catalog(self, folder: Path) -> Shelf:
        """Open a catalogue, made and filled with the default garments when it is missing."""
        from pipeline.garments import seed_defaults
        from stream_server.cutting import CuttingCatalog

        seed_defaults(folder)
        return CuttingCatalog(folder, commercial=self._commercial)

    def warm_up(self, catalog: Shelf) -> None:
        """Dress the sample person once and lay out the looks, so that nobody waits for either."""
        from pipeline.live import LiveTryOn, warm_up
        from pipeline.samples import astronaut

        _ = self._parser
        worn = [e.id for e in catalog.list() if e.category is not Category.LOWER]
        if not worn:
            LiveTryOn().close()  # nothing to wear yet: at least the models are loaded
            return
        warm_up(astronaut(), catalog.get(worn[0]))
        for id in worn[: self._looks.capacity]:
            self._looks.get(catalog.get(id))
        if self._keyframes is not None:
            self._keyframes.open(self._looks.get)

    @cached_property
    def _looks(self) -> LookShelf:
        from pipeline.looks.shelf import LookShelf

        return LookShelf()

    @cached_property
    def _parser(self) -> OwnParser:
        """Shared by all sessions, each of which calls it from a thread of its own."""
        from pipeline.own_parser import OwnParser

        return OwnParser()

    def live(self) -> Live:
        """A new pipeline for one session, without a garment."""
        from pipeline.live import LiveTryOn

        desk = None if self._keyframes is None else self._keyframes.desk()
        if desk is None:
            return LiveTryOn(look_of=self._looks.get, parser=self._parser)
        from pipeline.keylooks import LiveKeyframes

        keyed = LiveKeyframes(desk).look
        return LiveTryOn(
            look_of=self._looks.get, keyed=keyed, on_close=desk.close, parser=self._parser
        )

    def photo(self, person: bytes, garment: Garment) -> Composite:
        """Dress an uploaded photo of a person."""
        from pipeline.still import dress_photo

        return dress_photo(decode_image(person, "The photo of the person"), garment)

    def garment(self, photo: bytes) -> Garment:
        """Cut a garment out of an uploaded photo without keeping it."""
        from pipeline.garments import ingest_picture

        return ingest_picture(photo, id="upload", name="Upload", what="The photo of the garment")

    def png(self, image: Image) -> bytes:
        """Encode a picture."""
        return encode_png(image)

    @property
    def trouble(self) -> Trouble | None:
        """What does not work at the moment, though sessions go on."""
        return None if self._keyframes is None else self._keyframes.trouble

    def close(self) -> None:
        """End the making of keyframes."""
        if self._keyframes is not None:
            self._keyframes.close()
