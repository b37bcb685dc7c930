"""The person's part of a frame as the networks see it: 3:4, upright, at a fixed size, and back.

Convention: points are (x, y) px with the origin at the centre of the first pixel, in the frame and
in the crop alike. What lies beyond the frame repeats its edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Floats
from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.stature import measure_stature
from pipeline.structures import Box, Image, Pose

FULL_HW = (1024, 768)
HALF_HW = (512, 384)

# How the people stand in the pictures that the networks were trained with.
TORSO_SHARE = 0.42  # torso length / height of the crop
SHOULDERS_AT = 0.29  # of the height, from the top
LARGEST = 1.4  # times the usual window, to take in arms that reach far out
HEAD_MARGIN = 0.45  # torso lengths above the eyes
ARM_MARGIN = 0.12  # torso lengths around elbows and wrists

_EYES = [Landmark.LEFT_EYE, Landmark.RIGHT_EYE]
_ARMS = [
    Landmark.LEFT_ELBOW,
    Landmark.RIGHT_ELBOW,
    Landmark.LEFT_WRIST,
    Landmark.RIGHT_WRIST,
]


@dataclass(frozen=True, slots=True)
class PersonCrop:
    """A window of a frame, seen at another size.

    Attributes:
        left, top: corner of the window, px from the *outer* corner of the frame's first pixel.
        scale: crop px per frame px.
        size_hw: height and width of the crop, px.
        frame_wh: width and height of the frame, px.
    """

    left: float
    top: float
    scale: float
    size_hw: tuple[int, int]
    frame_wh: tuple[int, int]

    def to_crop(self, points: Floats) -> NDArray[np.float32]:
        """Frame px (..., 2) → crop px."""
        corner = np.array([self.left, self.top])
        return np.asarray((points + 0.5 - corner) * self.scale - 0.5, np.float32)

    def to_frame(self, points: Floats) -> NDArray[np.float32]:
        """Crop px (..., 2) → frame px, the exact inverse."""
        corner = np.array([self.left, self.top])
        return np.asarray((points + 0.5) / self.scale + corner - 0.5, np.float32)

    @property
    def box(self) -> Box:
        """The window's part inside the frame, whole pixels."""
        height, width = self.size_hw
        frame_w, frame_h = self.frame_wh
        right, bottom = self.left + width / self.scale, self.top + height / self.scale
        x0, y0 = (min(max(int(np.floor(a)), 0), n - 1) for a, n in _pairs(self))
        x1, y1 = min(max(int(np.ceil(right)), x0 + 1), frame_w), min(int(np.ceil(bottom)), frame_h)
        return Box(x0, y0, x1, max(y1, y0 + 1))

    def taps(self) -> tuple[Taps, Taps]:
        """Rows and columns that sample the crop out of ``image[box.slices]``."""
        box, (height, width) = self.box, self.size_hw
        step = 1.0 / self.scale
        rows = line_taps(self.top - box.y0, step, height, box.height)
        columns = line_taps(self.left - box.x0, step, width, box.width)
        return rows, columns

    def cut(self, image: Image) -> Image:
        """The crop of a frame's picture, (H, W, 3) uint8 RGB."""
        rows, columns = self.taps()
        part = image[self.box.slices].astype(np.float32)
        part = rows.apply(part, 0)
        return np.asarray(np.rint(columns.apply(part, 1)), np.uint8)

    def put_back(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A crop (H, W) or (H, W, c) back at its place and size in ``box``."""
        box, (height, width) = self.box, self.size_hw
        step = self.scale
        rows = line_taps((box.y0 - self.top) * step, step, box.height, height)
        columns = line_taps((box.x0 - self.left) * step, step, box.width, width)
        part = columns.apply(rows.apply(crop.astype(np.float32), 0), 1)
        return np.asarray(np.rint(part), np.uint8)


def _pairs(crop: PersonCrop) -> tuple[tuple[float, int], tuple[float, int]]:
    return (crop.left, crop.frame_wh[0]), (crop.top, crop.frame_wh[1])


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """How each sample of a line is mixed from the line's values.

    Attributes:
        index: (n, k) int64 which values.
        weight: (n, k) float32 how much of each; every row sums to 1.
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float32]

    def apply(self, values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
        """Sample along one axis of an array."""
        shape = [1] * values.ndim
        shape[axis] = -1
        mixed = sum(
            np.take(values, self.index[:, k], axis) * self.weight[:, k].reshape(shape)
            for k in range(self.index.shape[1])
        )
        return np.asarray(mixed, np.float32)


def line_taps(start: float, step: float, count: int, length: int) -> Taps:
    """Sample a line at even steps: linearly, and with a wider filter where it shrinks.

    Args:
        start: outer edge of the first sample, in values from the outer edge of the first one.
        step: values per sample.
        count: number of samples.
        length: number of values; beyond its ends the line repeats them.
    """
    centre = start + (np.arange(count) + 0.5) * step - 0.5
    reach = max(step, 1.0)
    first = np.ceil(centre - reach).astype(np.int64)
    index = first[:, None] + np.arange(int(np.floor(2 * reach)) + 1)
    weight = np.maximum(1.0 - np.abs(centre[:, None] - index) / reach, 0.0)
    weight /= weight.sum(axis=1, keepdims=True)
    return Taps(np.clip(index, 0, length - 1), weight.astype(np.float32))


def find_crop(pose: Pose, size_hw: tuple[int, int] = FULL_HW) -> PersonCrop:
    """Choose the window in which a person stands like those the networks were trained with.

    The window keeps inside the frame where it fits, and reaches beyond where it does not.

    Args:
        pose: needs both shoulders.
        size_hw: of the crop, px.
    """
    stature = measure_stature(pose)
    torso = stature.torso_px
    height = torso / TORSO_SHARE
    aspect = size_hw[1] / size_hw[0]
    middle = stature.mid_shoulder
    low, high = _reach(pose, torso)
    width = aspect * height
    needed = max(width, 2 * float(max(middle[0] - low[0], high[0] - middle[0])))
    larger = min(max(needed / width, 1.0), LARGEST)
    height, width = height * larger, width * larger
    left = float(middle[0]) - width / 2
    top = min(float(middle[1]) - SHOULDERS_AT * height, float(low[1]))
    frame_w, frame_h = pose.size_wh
    return PersonCrop(
        _inside(left, width, frame_w),
        _inside(top, height, frame_h),
        size_hw[0] / height,
        size_hw,
        pose.size_wh,
    )


def _reach(pose: Pose, torso: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Top-left and bottom-right of head and arms, as far as they are seen."""
    points = pose.landmarks_px.astype(np.float64)
    eyes = points[_EYES].mean(axis=0)
    corners = [eyes - (0.0, HEAD_MARGIN * torso), eyes]
    for joint in _ARMS:
        if pose.visibility[joint] >= MIN_VISIBILITY:
            corners += [points[joint] - ARM_MARGIN * torso, points[joint] + ARM_MARGIN * torso]
    frame = np.asarray(pose.size_wh, np.float64)
    seen = np.clip(np.array(corners), 0.0, frame)
    return seen.min(axis=0), seen.max(axis=0)


def _inside(start: float, size: float, frame: int) -> float:
    """Move a window into the frame if it fits."""
    if size > frame:
        return min(max(start, frame - size), 0.0)
    return min(max(start, 0.0), frame - size)
