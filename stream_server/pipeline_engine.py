"""The engine by default: the pipeline itself, imported when it is first needed."""

from __future__ import annotations

from pathlib import Path

from pipeline.images import decode_image, encode_png
from pipeline.structures import Category, Composite, Garment, Image
from stream_server.engine import Live, Shelf


class PipelineEngine:
    """Answers with ``pipeline``; see ``engine.Engine`` for the methods."""

    def open_catalog(self, folder: Path) -> Shelf:
        """Open a catalogue, made and filled with the default garments when it is missing."""
        from pipeline.garments import Catalog, seed_defaults

        seed_defaults(folder)
        return Catalog(folder)

    def warm_up(self, catalog: Shelf) -> None:
        """Dress the sample person once, so that the first session starts at once."""
        from pipeline.live import LiveTryOn, warm_up
        from pipeline.samples import astronaut

        for entry in catalog.list():
            if entry.category is not Category.LOWER:
                warm_up(astronaut(), catalog.get(entry.id))
                return
        LiveTryOn().close()  # nothing to wear yet: at least the models are loaded

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
        from pipeline.garments import ingest_picture

        return ingest_picture(photo, id="upload", name="Upload", what="The photo of the garment")

    def png(self, image: Image) -> bytes:
        """Encode a picture."""
        return encode_png(image)
