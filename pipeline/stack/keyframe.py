"""The values around a keyframe: what is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WearcastError
from pipeline.parsing import ParseMap
from pipeline.stack.crop import PersonCrop
from pipeline.stack.garment_side import GarmentSide
from pipeline.structures import Alpha, Frame, Image, Pose


class KeyframeFailed(WearcastError):
    """The networks gave no usable picture; the message says what to try."""

    code = "keyframe_failed"


class KeyframeCancelled(WearcastError):
    """Nobody waits for the keyframe any more, or its deadline has passed."""

    code = "keyframe_cancelled"


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One keyframe to make, drawn and measured; ``Stack.prepare`` makes it.

    Attributes:
        frame: the camera's picture.
        pose: of the person in it, frame px.
        crop: what the networks see of it.
        skeleton: (H, W, 3) uint8 RGB, crop px.
        paint: (H, W) uint8 of ``drawings.Paint``, crop px.
        garment: what to wear, ready for the networks.
        seed: of the noise that the segmentation is given.
    """

    frame: Frame
    pose: Pose
    crop: PersonCrop
    skeleton: Image
    paint: NDArray[np.uint8]
    garment: GarmentSide
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A person dressed by the networks, in one frame.

    Attributes:
        image: (H, W, 3) uint8 RGB, crop px; all of it comes from the networks.
        alpha: (H, W) uint8, what of it is to be shown: the garment, and skin of arms, neck and
            chest that the worn garment hid. Face, hair, hands and background are the camera's.
        groups: (H, W) uint8 ``labels.VitonGroup``, what the networks made of every pixel.
        crop: where it lies in the frame.
        pose: of the person, frame px.
        garment_id: what is worn.
        time_s: the frame's time.
        seed: that it was made with.
        stage_ms: wall milliseconds by stage, of the whole batch.
    """

    image: Image
    alpha: Alpha
    groups: ParseMap
    crop: PersonCrop
    pose: Pose
    garment_id: str
    time_s: float
    seed: int
    stage_ms: Mapping[str, float] = field(default_factory=dict)


StillWanted = Callable[[], bool]
"""Asked between networks; once it says False the work ends with ``KeyframeCancelled``."""


def always() -> bool:
    """Nobody cancels."""
    return True
