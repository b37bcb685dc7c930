"""Finds a person and follows them from frame to frame, as MediaPipe's own graph does."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.blazepose.finder import Finder
from pipeline.blazepose.network import SIDE, LandmarkNetwork, Prediction
from pipeline.blazepose.region import Region, RegionTracker
from pipeline.geometry import bounding_box
from pipeline.structures import Alpha, Frame, Image, Pose

LANDMARKS = 33
ANCHORS = slice(33, 35)
PIXEL_CENTRE = 0.5  # MediaPipe counts pixels from the corner of the first, we from its centre
ROUNDING = 1  # px, of the outline's box


class Follower:
    """One person, frame after frame. Not for use by several threads at once.

    Four fifths of the CPU time of MediaPipe's own graph on a followed frame; as much on a search.
    """

    def __init__(self) -> None:
        self._networks: tuple[Finder, LandmarkNetwork] | None = (Finder(), LandmarkNetwork())
        self._tracker = RegionTracker()
        self._region: Region | None = None

    def estimate(self, frame: Frame) -> Pose | None:
        """The pose of the followed person, else of the most certain one in the frame.

        A person who is lost in this frame is looked for in the next one.

        Returns:
            The pose in pixels of the frame, or None when there is nobody.

        Raises:
            RuntimeError: the follower is closed.
        """
        if self._networks is None:
            raise RuntimeError("this Follower is closed; make a new one")
        finder, network = self._networks
        region = self._region or finder.find(frame.image)
        if region is None:
            return None
        prediction = network.predict(_cut_out(frame.image, region))
        if prediction is None:
            self.reset()
            return None
        to_frame = region.to_frame(SIDE)
        points = prediction.points[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        self._region = self._tracker.advance(points[ANCHORS])
        z_px = prediction.points[:LANDMARKS, 2] * (region.size_px / SIDE)
        return Pose(
            landmarks_px=(points[:LANDMARKS] - PIXEL_CENTRE).astype(np.float32),
            visibility=prediction.visibility[:LANDMARKS].astype(np.float32),
            z_px=z_px.astype(np.float32),
            person_alpha=_alpha_in_frame(prediction, region, frame.size_wh),
        )

    def reset(self) -> None:
        """Forget the person: the next frame is searched anew."""
        self._region = None
        self._tracker.reset()

    def close(self) -> None:
        """Release the networks; closing twice is harmless."""
        networks, self._networks = self._networks, None
        if networks is not None:
            networks[0].close()


def _cut_out(image: Image, region: Region) -> Image:
    """The region as a (256, 256, 3) picture; the frame's last pixels go on beyond its edge."""
    return np.asarray(
        cv2.warpAffine(
            image,
            region.to_frame(SIDE),
            (SIDE, SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _alpha_in_frame(prediction: Prediction, region: Region, size_wh: tuple[int, int]) -> Alpha:
    """The outline in the frame, 0 outside the region.

    MediaPipe cuts out and puts back without its half pixels, which so cancel out.
    """
    width, height = size_wh
    alpha = np.zeros((height, width), np.uint8)
    x, y, w, h = cv2.boundingRect(prediction.alpha)
    to_frame = region.to_frame(SIDE)
    left, top, right, bottom = x - 1, y - 1, x + w, y + h  # interpolation reaches one pixel on
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float64)
    box = bounding_box(corners @ to_frame[:, :2].T + to_frame[:, 2], size_wh, ROUNDING)
    if box.width and box.height:
        to_frame[:, 2] -= (box.x0, box.y0)
        alpha[box.slices] = cv2.warpAffine(prediction.alpha, to_frame, (box.width, box.height))
    return alpha
