"""Where a person's body is in a frame: MediaPipe Pose, made steady and kept to one person.

``PoseEstimator`` is MediaPipe behind our types; ``PoseTracker`` is what a live session uses.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.native_log import without_native_noise
from pipeline.smoothing import PoseSmoother
from pipeline.structures import Alpha, Frame, Pose

MODEL_COMPLEXITY = 1  # the one model inside the wheel; 0 and 2 would be downloaded
BLANK_SIZE = 32  # px; any size does, MediaPipe's region of interest is relative


class PoseEstimator:
    """One MediaPipe graph. Not for use by several threads at once.

    Args:
        static: treat every frame as a picture of its own instead of following a person.
    """

    def __init__(self, static: bool = False) -> None:
        from mediapipe.python.solutions.pose import Pose as MediaPipePose  # slow to import

        self._static = static
        with without_native_noise():
            self._graph: Any = MediaPipePose(
                static_image_mode=static,
                model_complexity=MODEL_COMPLEXITY,
                smooth_landmarks=False,  # ours knows the time between frames
                enable_segmentation=True,
                smooth_segmentation=False,
            )
            self._process_blank()  # loads the models now instead of on the first frame

    def estimate(self, frame: Frame) -> Pose | None:
        """Find the body in a frame, exactly as MediaPipe sees it.

        Returns:
            The pose in pixels of the frame, or None when there is nobody.

        Raises:
            RuntimeError: the estimator is closed.
        """
        if self._graph is None:
            raise RuntimeError("this PoseEstimator is closed; make a new one")
        result = self._graph.process(np.ascontiguousarray(frame.image))
        if result.pose_landmarks is None:
            return None
        return _from_mediapipe(
            result.pose_landmarks.landmark, result.segmentation_mask, frame.size_wh
        )

    def reset(self) -> None:
        """Forget the person that is being followed: the next frame is searched anew.

        A blank frame makes MediaPipe lose its person at the cost of one frame; restarting its
        graph would load the models again, six times as slow.
        """
        if not self._static:
            self._process_blank()

    def _process_blank(self) -> None:
        self._graph.process(np.zeros((BLANK_SIZE, BLANK_SIZE, 3), np.uint8))

    def close(self) -> None:
        """Release the graph; closing twice is harmless."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


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


class PoseTracker:
    """Follows one person through a video: steady landmarks, restarted on scene cuts."""

    def __init__(self) -> None:
        self._estimator = PoseEstimator()
        self._smoother = PoseSmoother()
        self._cut = False

    @property
    def cut(self) -> bool:
        """Whether the last frame began a new scene."""
        return self._cut

    def track(self, frame: Frame) -> Pose | None:
        """Find the followed person in the next frame.

        Returns:
            The smoothed pose, or None when the person is not there or cannot be trusted.
        """
        pose = self._estimator.estimate(frame)
        if pose is None:
            self._smoother.reset()
            return None
        return self._smoother.smooth(pose, frame.time_s)

    def reset(self) -> None:
        """Forget the person and the scene."""
        self._estimator.reset()
        self._smoother.reset()

    def close(self) -> None:
        """Release the graph; closing twice is harmless."""
        self._estimator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
