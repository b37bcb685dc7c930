"""Dress one photo, with the same pipeline that dresses a live camera."""

from __future__ import annotations

from pipeline.live import KeyedLooks, LiveTryOn
from pipeline.structures import Composite, Frame, Garment, Image
from pipeline.studied import StudiedPhoto

STEPS_PER_SECOND = 8  # filters go by time, so few steps settle as well as many
MAX_STEPS = 12  # 1.5 s of "holding still"; settling and fade-in take about .6 s


def dress_photo(person: Image, garment: Garment, keyed: KeyedLooks | None = None) -> Composite:
    """Show the person of a photo wearing a garment.

    The photo is shown to the live pipeline as a person who holds still until the look is fully
    faded in; but it is looked at more closely than there is time for in a camera's frame.

    Args:
        person: (H, W, 3) uint8 RGB.
        garment: an upper garment or dress.
        keyed: where its keyframe comes from; None = the photo look.

    Returns:
        The dressed picture in the size of ``person``; with a ``reason`` and untouched when the
        person cannot be dressed.

    Raises:
        NotSupported: lower garments.
    """
    with LiveTryOn(garment, keyed=keyed, photo=StudiedPhoto()) as mirror:
        for step in range(MAX_STEPS):
            composite = mirror.process(Frame(person, step / STEPS_PER_SECOND))
            if composite.opacity >= 1.0:
                break
    return composite
