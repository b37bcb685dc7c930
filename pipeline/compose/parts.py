"""What the parser says of a person, carried along with their body until it looks again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.parts import movement, sample
from pipeline.compose.view import View
from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import OwnCrop
from pipeline.own_parse import OwnParse
from pipeline.structures import Alpha, Points, Pose

SKIN, WORN, HAIR = 0, 1, 2  # planes; what is left of 255 is anything else
PLANES = (
    (OwnPart.FACE, OwnPart.NECK, OwnPart.ARMS, OwnPart.HANDS),
    (OwnPart.UPPER,),
    (OwnPart.HAIR,),
)

BODY_POINTS = [
    int(point)
    for point in (
        Landmark.NOSE,
        Landmark.LEFT_EAR,
        Landmark.RIGHT_EAR,
        Landmark.LEFT_SHOULDER,
        Landmark.RIGHT_SHOULDER,
        Landmark.LEFT_ELBOW,
        Landmark.RIGHT_ELBOW,
        Landmark.LEFT_WRIST,
        Landmark.RIGHT_WRIST,
        Landmark.LEFT_INDEX,
        Landmark.RIGHT_INDEX,
        Landmark.LEFT_HIP,
        Landmark.RIGHT_HIP,
    )
]
NEAR = 4.0  # cells around a body's point that move with it alone
MOVING_MEAN_S, STILL_MEAN_S = 0.6, 3.5  # of the mean over calls: one alone wavers
STILL, MOVING = 0.12, 0.35  # shoulder widths that a point goes from call to call; less is noise

Planes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PartMaps:
    """What the parser saw in one frame.

    Attributes:
        planes: (3, 256, 192) uint8 on the parser's crop, shares of 255: bare skin, the upper
            garment, hair.
        crop: where that is in the frame.
        joints: (n, 2) frame px of ``BODY_POINTS``.
        time_s: the frame's time.
    """

    planes: Planes
    crop: OwnCrop
    joints: Points
    time_s: float

    @classmethod
    def of(cls, parse: OwnParse, pose: Pose, time_s: float) -> PartMaps:
        """Sum up what the parser said of a frame with a person in this pose."""
        shares = parse.probabilities
        planes = np.stack([shares[list(parts)].sum(axis=0) for parts in PLANES])
        scaled = np.asarray(planes * 255.0 + 0.5, np.uint8)
        return cls(scaled, parse.crop, pose.landmarks_px[BODY_POINTS], time_s)

    @property
    def scale(self) -> float:
        """Crop pixels per frame pixel."""
        return float(self.crop.to_crop[0, 0])

    @property
    def corner(self) -> NDArray[np.float32]:
        """(2,) where the frame's first pixel is on the crop."""
        return self.crop.to_crop[:, 2]


class CarriedParts:
    """The running mean of what the parser saw, wherever the body is by now."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._seen: PartMaps | None = None
        self._calls = 0

    @property
    def known(self) -> bool:
        """Whether the parser has seen this person."""
        return self._seen is not None

    def add(self, new: PartMaps) -> None:
        """Take in what the parser saw of another frame."""
        old = self._seen
        self._calls += 1
        if old is None:
            self._seen = new
            return
        step = 1.0 / new.scale
        everywhere = np.full(new.planes.shape[1:], 255, np.uint8)
        before = _sampled(old, everywhere, step, -new.corner * step, new.joints)
        weight = np.float32(max(1.0 / self._calls, _weight(old, new)))
        mean = before + weight * (new.planes.astype(np.float32) - before)
        self._seen = replace(new, planes=np.asarray(mean + np.float32(0.5), np.uint8))

    def on(self, view: View, pose: Pose) -> Planes:
        """(3, h, w) uint8 on a view's analysis grid: skin, worn, hair; 0 beside the person.

        All is 0 while nothing is known.

        Args:
            view: the person's neighbourhood.
            pose: of the person in it.
        """
        if self._seen is None:
            return np.zeros((len(PLANES), *view.shape), np.uint8)
        joints = pose.landmarks_px[BODY_POINTS]
        return _sampled(self._seen, view.person, view.step, view.first, joints)


def _weight(old: PartMaps, new: PartMaps) -> float:
    """Share of a new call in the mean: more after a longer time, and of a body that moved."""
    points = {int(point): place for point, place in zip(BODY_POINTS, new.joints, strict=True)}
    across = points[Landmark.LEFT_SHOULDER] - points[Landmark.RIGHT_SHOULDER]
    moved = float(np.abs(new.joints - old.joints).max()) / max(float(np.hypot(*across)), 1.0)
    mean_s = float(np.interp(moved, (STILL, MOVING), (STILL_MEAN_S, MOVING_MEAN_S)))
    return 1.0 - float(np.exp(-abs(new.time_s - old.time_s) / mean_s))


def _sampled(
    seen: PartMaps,
    where: Alpha,
    step: float,
    first: NDArray[np.float32],
    joints: Points,
) -> Planes:
    """Planes where (h, w) something is asked for; the cells' middles are ``step`` px apart.

    ``first`` (2,) is the first of them, ``joints`` are where the body's points are now, frame px.
    """
    now, then = (joints - first) / step, (seen.joints - first) / step
    moved = movement(*where.shape, now.astype(np.float32), then.astype(np.float32), NEAR)
    left, top = (seen.scale * first + seen.corner).tolist()
    found = sample(seen.planes, where, moved, float(seen.scale * step), left, top, False)
    return np.asarray(found, np.uint8)
