"""The own parser over the frames of one clip, without its flicker.

Alone, it sees every frame afresh: noise and the pose's jitter move its crop and tip pixels that
are undecided from class to class. Here the crop stays until the person has left it by a few
pixels, and where the picture is still, what the network says is averaged over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.own_parser import INPUT_HW, MIDDLE, OwnCrop, OwnParse, OwnParser, picture_planes
from pipeline.structures import Image, Pose

COLOURS = 3  # planes of the picture before the outline
KEPT_PX = 6.0  # how far the corners of the wanted crop may lie from those of the kept one
NEW_SHARE = 0.12  # of a new frame where nothing moves
CALM, MOVED = 4.0, 12.0  # grey levels of change: below is noise, above counts at once
BLUR_PX = 5  # the change is seen in squares so large, in which noise averages out
REACH_PX = 9  # around what moved nothing is old either

Planes = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Last:
    """What is carried to the next frame, in the crop's pixels.

    Attributes:
        crop: of all that follows.
        picture: (4, 256, 192) planes of colours and outline, the mean where it is still.
        logits: (11, 256, 192).
    """

    crop: OwnCrop
    picture: Planes
    logits: Planes

    def moved_to(self, crop: OwnCrop) -> _Last:
        """As seen in another crop; its rim is stretched over what was outside."""
        if crop is self.crop:
            return self
        height, width = INPUT_HW
        move = crop.to_crop @ np.vstack([self.crop.to_frame, [0, 0, 1]])
        picture, logits = (
            _warped(planes, move, (width, height)) for planes in (self.picture, self.logits)
        )
        return _Last(crop, picture, logits)


class SteadyParser:
    """Parses the frames of one person in one clip, in order.

    Args:
        parser: does the work; others may use it too.
    """

    def __init__(self, parser: OwnParser) -> None:
        self._parser = parser
        self._last: _Last | None = None

    def reset(self) -> None:
        """Forget: a cut, or somebody else."""
        self._last = None

    def run(self, image: Image, pose: Pose, whole: bool = False) -> OwnParse:
        """Parse the next frame; arguments as those of ``OwnParser.run``."""
        crop = self._crop(OwnCrop.around(pose, whole))
        picture = picture_planes(image, pose.person_alpha, crop)
        new = self._parser.run_planes(picture, pose, crop)
        if self._last is None:
            self._last = _Last(crop, picture[0], new.logits)
        else:
            last = self._last.moved_to(crop)
            share = _news(picture[0], last.picture)
            self._last = _Last(
                crop,
                _towards(last.picture, picture[0], share),
                _towards(last.logits, new.logits, share),
            )
        return OwnParse(crop, self._last.logits)

    def _crop(self, wanted: OwnCrop) -> OwnCrop:
        if self._last is None:
            return wanted
        height, width = INPUT_HW
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32)
        frame = corners @ wanted.to_frame[:, :2].T + wanted.to_frame[:, 2]
        off = np.abs(self._last.crop.points(frame) - corners).max()
        return self._last.crop if off <= KEPT_PX else wanted


def _news(picture: Planes, last: Planes) -> Planes:
    """(H, W) share of the new frame: 1 where the picture has changed, little where it is noise."""
    most = np.zeros(picture.shape[1:], np.float32)
    for new, old in zip(picture[:COLOURS], last[:COLOURS], strict=True):
        change = cv2.blur(cv2.subtract(new, old), (BLUR_PX, BLUR_PX))
        np.maximum(most, np.abs(change), out=most)
    near = cv2.dilate(most, np.ones((REACH_PX, REACH_PX), np.uint8))
    ramp = np.clip((near * MIDDLE - CALM) / (MOVED - CALM), 0, 1)
    return np.asarray(NEW_SHARE + (1 - NEW_SHARE) * ramp, np.float32)


def _towards(old: Planes, new: Planes, share: Planes) -> Planes:
    """(n, H, W) between two, by the share of the new."""
    between = new - old
    between *= share
    between += old
    return between


def _warped(planes: Planes, move: NDArray[np.float64], size_wh: tuple[int, int]) -> Planes:
    """(n, H, W) moved."""
    return np.stack(
        [
            cv2.warpAffine(
                plane, move, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            for plane in planes
        ]
    )
