"""The engine by default: the pipeline itself, imported when it is first needed."""

from __future__ import annotations

from pathlib import Path

from pipeline.images import decode_image, encode_png
from pipeline.structures import Composite, Garment, Image
from stream_server.engine import Live, Shelf


class PipelineEngine:
    """Answers with ``pipeline``; see ``engine.Engine`` for the methods."""

    def open_catalog(self, folder: Path) -> Shelf:
        """Open a catalogue, made and filled with the default garments when it is missing."""
        from pipeline.garments.catalog import Catalog

        return Catalog(folder)

    def warm_up(self, catalog: Shelf) -> None:
        """Import everything and make one pipeline, so that the first session starts at once."""
        self.live().close()

    def live(self) -> Live:
        """A new pipeline for one session, without a garment."""
        from pipeline.live import LiveTryOn

        return LiveTryOn()

    def photo(self, person: bytes, garment: Garment) -> Composite:
        """Dress an uploaded photo of a person."""
        from pipeline.still import dress_photo

        return dress_photo(decode_image(person, "The photo of the person"), garment)

    def garment(self, photo: bytes) -> Garment:
        """Cut a garment out of an uploaded photo without keeping it."""
        raise NotImplementedError

    def png(self, image: Image) -> bytes:
        """Encode a picture."""
        return encode_png(image)
