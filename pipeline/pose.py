"""Where a person's body is in a frame: MediaPipe Pose, made steady and kept to one person.

``PoseEstimator`` is MediaPipe behind our types, for single pictures; ``PoseTracker`` is what a live
session uses.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.blazepose.follower import Follower
from pipeline.closing import Closing
from pipeline.geometry import bounding_box
from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.native_log import without_native_noise
from pipeline.scene import CutDetector
from pipeline.smoothing import PoseSmoother, torso_length_px
from pipeline.stance import measure_stance
from pipeline.structures import Alpha, Frame, Image, Pose

_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_BOXED = [*range(Landmark.MOUTH_RIGHT + 1), *_SHOULDERS, Landmark.LEFT_HIP, Landmark.RIGHT_HIP]

MODEL_COMPLEXITY = 1  # the one model inside the wheel; 0 and 2 would be downloaded
BLANK_SIZE = 32  # px; any size does, MediaPipe's region of interest is relative

# How far a person can get between two frames, in body sizes (torso lengths); a hop to a neighbour
# is at least 1. Seen on the clips: up to 0.14 in 42 ms.
JUMP = 0.25
SPEED_PER_S = 3.0
GROWTH = 1.4
GROWTH_PER_S = 2.0
KEEP_S = 1.0  # so long a lost person is preferred to others
LARGER = 1.08  # by so much the second one must be larger to be the nearest
TORSO_PER_SHOULDERS = 1.5  # of a frontal person; stands in where the hips are out of the picture
MIN_UPRIGHT = 0.5  # a hand taken for a person mostly lies on its side
BOX_MARGIN = 0.3  # around head and torso, in shoulder widths
GREY = 127


class PoseEstimator(Closing):
    """MediaPipe Pose on pictures of their own. Not for use by several threads at once."""

    def __init__(self) -> None:
        from mediapipe.python.solutions.pose import Pose as MediaPipePose  # slow to import

        with without_native_noise():
            self._graph: Any = MediaPipePose(
                static_image_mode=True,
                model_complexity=MODEL_COMPLEXITY,
                enable_segmentation=True,
            )
            # loads the models now instead of on the first picture
            self._graph.process(np.zeros((BLANK_SIZE, BLANK_SIZE, 3), np.uint8))
        self._warned = False

    def estimate(self, frame: Frame) -> Pose | None:
        """Find the body in a picture, exactly as MediaPipe sees it.

        Returns:
            The pose in pixels of the frame, or None when there is nobody.

        Raises:
            RuntimeError: the estimator is closed.
        """
        if self._graph is None:
            raise RuntimeError("this PoseEstimator is closed; make a new one")
        with self._hush():
            result = self._graph.process(np.ascontiguousarray(frame.image))
        if result.pose_landmarks is None:
            return None
        self._warned = True
        return _from_mediapipe(
            result.pose_landmarks.landmark, result.segmentation_mask, frame.size_wh
        )

    def _hush(self) -> AbstractContextManager[None]:
        """The first picture with a person makes MediaPipe warn about its own graph, once."""
        return nullcontext() if self._warned else without_native_noise()

    def close(self) -> None:
        """Release the graph; closing twice is harmless."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.close()


def _from_mediapipe(
    landmarks: Any, mask: NDArray[np.float32] | None, size_wh: tuple[int, int]
) -> Pose:
    """MediaPipe's normalised landmarks and 0..1 mask → ``Pose`` in pixels.

    Convention: MediaPipe's 0..1 spans the picture edge to edge, ours counts from the centre of
        the first pixel, hence the half pixel.
    """
    width, height = size_wh
    values = np.array([(p.x, p.y, p.z, p.visibility) for p in landmarks], np.float64)
    xy = values[:, :2] * (width, height) - 0.5
    return Pose(
        landmarks_px=xy.astype(np.float32),
        visibility=np.clip(values[:, 3], 0.0, 1.0).astype(np.float32),
        z_px=(values[:, 2] * width).astype(np.float32),
        person_alpha=_to_alpha(mask, size_wh),
    )


def _to_alpha(mask: NDArray[np.float32] | None, size_wh: tuple[int, int]) -> Alpha:
    width, height = size_wh
    if mask is None:
        return np.zeros((height, width), np.uint8)
    return np.asarray(cv2.convertScaleAbs(mask, alpha=255.0), np.uint8)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """Where the followed person was last seen, raw."""

    place: NDArray[np.float32]  # (2,) middle of the shoulders, px
    size_px: float  # torso length, also where the hips are out of the picture
    face_px: float  # eyes to mouth; hardly shortened by a turn
    time_s: float

    @classmethod
    def of(cls, pose: Pose, time_s: float) -> _Sighting:
        shoulders = pose.landmarks_px[_SHOULDERS]
        width_px = float(np.hypot(*(shoulders[0] - shoulders[1])))
        size_px = max(torso_length_px(pose), TORSO_PER_SHOULDERS * width_px, 1.0)
        eyes = pose.landmarks_px[[Landmark.LEFT_EYE, Landmark.RIGHT_EYE]].mean(axis=0)
        mouth = pose.landmarks_px[[Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT]].mean(axis=0)
        face_px = max(float(np.hypot(*(eyes - mouth))), 1.0)
        return cls(shoulders.mean(axis=0), size_px, face_px, time_s)

    def nearer_than(self, other: _Sighting) -> bool:
        """Clearly larger, by body and face together: either alone is often misjudged."""
        ratio = (self.size_px / other.size_px) * (self.face_px / other.face_px)
        return ratio > LARGER**2

    def distance(self, other: _Sighting) -> float:
        """In body sizes of the larger one."""
        gap_px = float(np.hypot(*(self.place - other.place)))
        return gap_px / max(self.size_px, other.size_px)

    def may_be(self, other: _Sighting) -> bool:
        """Whether a person can have come from ``self`` to ``other`` in the time between."""
        step_s = max(other.time_s - self.time_s, 0.0)
        ratio = max(self.size_px, other.size_px) / min(self.size_px, other.size_px)
        return (
            self.distance(other) <= JUMP + SPEED_PER_S * step_s
            and ratio <= GROWTH + GROWTH_PER_S * step_s
        )


class PoseTracker(Closing):
    """Follows one person through a video: steady landmarks, restarted on scene cuts.

    Of several people the nearest one, that is the largest in the picture, is followed and kept;
    a jump to another person counts as a loss, and the lost one is looked for first.
    """

    def __init__(self) -> None:
        self._follower = Follower()
        self._smoother = PoseSmoother()
        self._cuts = CutDetector()
        self._cut = False
        self._followed = False
        self._last: _Sighting | None = None
        self._beside: Pose | None = None

    @property
    def beside(self) -> Pose | None:
        """Who else was seen when it was last decided whom to follow; None when nobody was.

        Raw, and to be judged like any pose: MediaPipe sees people in furniture too.
        """
        return self._beside

    @property
    def cut(self) -> bool:
        """Whether the last frame began a new scene."""
        return self._cut

    def track(self, frame: Frame) -> Pose | None:
        """Find the followed person in the next frame.

        Returns:
            The smoothed pose, or None when the person is not there or cannot be trusted.
        """
        self._cut = self._cuts.is_cut(frame)
        if self._cut:
            self._forget()
        pose = self._follow(frame)
        if pose is None:
            self._smoother.reset()
            return None
        return self._smoother.smooth(pose, frame.time_s)

    def _follow(self, frame: Frame) -> Pose | None:
        pose = self._follower.estimate(frame)
        if self._followed and self._last is not None and pose is not None:
            seen = _Sighting.of(pose, frame.time_s)
            if self._last.may_be(seen):
                self._last = seen
                return pose
            self._follower.reset()
            pose = self._follower.estimate(frame)
        self._followed = False
        if pose is None or not _is_upper_body(pose):
            return pose
        pose = self._choose(frame, pose)
        if pose is not None:
            self._followed = True
            self._last = _Sighting.of(pose, frame.time_s)
        return pose

    def _choose(self, frame: Frame, found: Pose) -> Pose | None:
        """Decide whom to follow from now on: the one just lost, otherwise the nearest.

        MediaPipe finds one person, not always the largest; the second look is at the same frame
        with the first person painted over. Afterwards the follower keeps to the chosen one.
        """
        first = _Sighting.of(found, frame.time_s)
        lost = self._last
        if lost is not None and frame.time_s - lost.time_s > KEEP_S:
            lost = None
        if lost is not None and lost.may_be(first):
            return found
        self._follower.reset()
        other = self._follower.estimate(Frame(_paint_over(frame.image, found), frame.time_s))
        self._beside = other
        if other is not None and _is_upper_body(other):
            second = _Sighting.of(other, frame.time_s)
            wanted = lost.may_be(second) if lost else second.nearer_than(first)
            if wanted:  # the second one is followed now; see them in the true picture
                chosen = self._follower.estimate(frame)
                if chosen is not None and second.may_be(_Sighting.of(chosen, frame.time_s)):
                    self._beside = found
                    return chosen
        if other is not None:
            self._follower.reset()
        # only somebody else is there: wait a moment for the one we lost
        return None if lost is not None else self._follower.estimate(frame)

    def _forget(self) -> None:
        self._follower.reset()
        self._smoother.reset()
        self._followed = False
        self._last = None
        self._beside = None

    def reset(self) -> None:
        """Forget the person and the scene."""
        self._forget()
        self._cuts.reset()

    def close(self) -> None:
        """Release the networks; closing twice is harmless."""
        self._follower.close()


def _is_upper_body(pose: Pose) -> bool:
    """Good enough to be compared with other people; whether to dress it is the gate's question."""
    stance = measure_stance(pose)
    return stance.shoulder_visibility >= MIN_VISIBILITY and stance.upright >= MIN_UPRIGHT


def _paint_over(image: Image, pose: Pose) -> Image:
    """A copy of the picture with this person's head and torso under a grey box."""
    points = pose.landmarks_px[_BOXED]
    shoulder_px = float(np.hypot(*np.subtract(*pose.landmarks_px[_SHOULDERS])))
    box = bounding_box(points, pose.size_wh, margin=round(BOX_MARGIN * shoulder_px))
    painted = image.copy()
    painted[box.slices] = GREY
    return painted
