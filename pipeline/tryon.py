"""The pipeline's front door for Python programs: ``from pipeline import TryOn, load_garment``."""

from __future__ import annotations

from typing import Self

from pipeline.errors import NotSupported
from pipeline.live import LiveTryOn
from pipeline.still import dress_photo
from pipeline.structures import Composite, Garment, Image

STACKS = ("auto", "off")


class TryOn:
    """Dresses photos and live frames.

    ::

        try_on = TryOn.load()
        picture = try_on.photo(image_rgb, load_garment("white-tee")).image
        with try_on.live(load_garment("breton-top")) as mirror:
            for frame in frames:
                show(mirror.process(frame).image)
    """

    @classmethod
    def load(cls, stack: str = "auto") -> Self:
        """Make everything ready.

        Args:
            stack: where network keyframes are made; "auto" and "off" use the photo look.

        Raises:
            NotSupported: any other stack.
        """
        if stack not in STACKS:
            raise NotSupported(
                f'stack="{stack}" is not available in this version. Use one of {", ".join(STACKS)}.'
            )
        return cls()

    def photo(self, image_rgb: Image, garment: Garment) -> Composite:
        """Dress the person of an (H, W, 3) uint8 RGB photo; see ``still.dress_photo``."""
        return dress_photo(image_rgb, garment)

    def live(self, garment: Garment | None = None) -> LiveTryOn:
        """A mirror for one camera, a context manager; see ``live.LiveTryOn``."""
        return LiveTryOn(garment)
