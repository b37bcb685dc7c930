"""Wearcast's own human parser: which part of a person every pixel shows, from picture and pose.

What the network sees is in ``own_crop``. It was trained on synthetic people alone, on top of
MediaPipe's pose network (``weights/training``), so it may be used for anything. It keeps nothing
between calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import NotSupported, WeightsError
from pipeline.labels import OwnPart
from pipeline.own_crop import (
    INPUT_HW,
    PICTURE_PLANES,
    POSE_PLANES,
    POSE_STRIDE,
    OwnCrop,
    Planes,
    picture_planes,
    pose_planes,
    square,
)
from pipeline.structures import Image, Pose

WEIGHTS = Path(__file__).parents[1] / "weights" / "own_parser.onnx"
FARTHER = 0.85  # the scale of the second look at a still picture, times that of the first
OUTSIDE = -5.0  # logit of every part where the network saw nothing; background has the opposite


@dataclass(frozen=True, eq=False)
class OwnParse:
    """What the network says of one frame.

    Attributes:
        crop: which part of the frame it saw.
        logits: (11, 256, 192) float32, one plane per ``OwnPart``.
    """

    crop: OwnCrop
    logits: Planes

    @cached_property
    def probabilities(self) -> Planes:
        """(11, 256, 192) float32, summing to 1 in every pixel."""
        raised = np.exp(self.logits - self.logits.max(axis=0))
        return np.asarray(raised / raised.sum(axis=0), np.float32)

    @cached_property
    def crop_labels(self) -> NDArray[np.uint8]:
        """(256, 192) uint8 of ``OwnPart``."""
        return np.asarray(self.logits.argmax(axis=0), np.uint8)

    def frame_logits(self, size_wh: tuple[int, int]) -> Planes:
        """(11, H, W) float32 in the frame's pixels; outside the crop all is background."""
        width, height = size_wh
        whole = np.empty((len(OwnPart), height, width), np.float32)
        whole[:] = _nobody()[:, None, None]
        rows, columns = self._reach(size_wh)
        whole[:, rows, columns] = self._moved(rows, columns)
        return whole

    def onto(self, crop: OwnCrop) -> Planes:
        """(11, 256, 192) float32, the same in the pixels of another crop of the frame."""
        between = square(crop.to_crop) @ np.linalg.inv(square(self.crop.to_crop))
        return self._warped(between[:2], INPUT_HW[::-1])

    def labels(self, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W) uint8 of ``OwnPart`` in the frame's pixels."""
        whole = np.full(size_wh[::-1], OwnPart.BACKGROUND, np.uint8)
        rows, columns = self._reach(size_wh)
        whole[rows, columns] = self._moved(rows, columns).argmax(axis=0)
        return whole

    def _reach(self, size_wh: tuple[int, int]) -> tuple[slice, slice]:
        """The rows and columns of a frame that the crop may say something of."""
        height, width = INPUT_HW
        corners = np.array([[-1, -1, 1], [width, -1, 1], [-1, height, 1], [width, height, 1]])
        places = corners @ self.crop.to_frame.T
        low, high = np.floor(places.min(0)), np.ceil(places.max(0)) + 1
        (x0, y0), (x1, y1) = (np.clip(v, 0, size_wh).astype(int).tolist() for v in (low, high))
        return slice(y0, y1), slice(x0, x1)

    def _moved(self, rows: slice, columns: slice) -> Planes:
        """(11, h, w) logits of some rows and columns of the frame."""
        size_wh = (columns.stop - columns.start, rows.stop - rows.start)
        if not all(size_wh):  # the crop lies beside the frame
            return np.empty((len(OwnPart), *size_wh[::-1]), np.float32)
        to_box = self.crop.to_frame.copy()
        to_box[:, 2] -= columns.start, rows.start
        return self._warped(to_box, size_wh)

    def _warped(self, affine: NDArray[Any], size_wh: tuple[int, int]) -> Planes:
        """(11, h, w) logits, moved (2, 3) from the crop's pixels."""
        return np.stack(
            [
                cv2.warpAffine(
                    plane, affine, size_wh, flags=cv2.INTER_LINEAR, borderValue=(float(outside),)
                )
                for plane, outside in zip(self.logits, _nobody(), strict=True)
            ]
        )


def _nobody() -> NDArray[np.float32]:
    """(11,) logits where the network saw nothing."""
    outside = np.full(len(OwnPart), OUTSIDE, np.float32)
    outside[OwnPart.BACKGROUND] = -OUTSIDE
    return outside


class OwnParser:
    """The network, ready to run on one thread; takes 20 to 25 CPU-ms a call.

    Args:
        weights: ONNX file.

    Raises:
        NotSupported: ONNX Runtime is not installed.
        WeightsError: the file is missing or not this network.
    """

    def __init__(self, weights: Path = WEIGHTS) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise NotSupported(
                "The own parser runs on ONNX Runtime, which is not installed."
                " Run: .venv/bin/pip install -e ."
            ) from error
        if not weights.is_file():
            raise WeightsError(f"There are no weights of the own parser at {weights}.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                weights.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            fits = [tuple(i.shape[1:]) for i in self._session.get_inputs()] == _input_shapes()
        except Exception as error:  # whatever the reader stumbles over, the file is at fault
            raise WeightsError(f"{weights} is damaged or no ONNX file.") from error
        if not fits:
            raise WeightsError(f"{weights} holds another network than the own parser.")

    def run(
        self, image: Image, pose: Pose, whole: bool = False, mirrored: bool = False
    ) -> OwnParse:
        """Parse one frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            pose: of the person in it, in its pixels.
            whole: see the person down to the feet; coarser than the upper body alone.
            mirrored: see them left for right, which is as good, but errs elsewhere.
        """
        return self._look(image, pose, OwnCrop.around(pose, whole), mirrored)

    def study(self, image: Image, pose: Pose, whole: bool = True) -> OwnParse:
        """Parse a still picture in two looks, the second mirrored and a little farther off.

        Takes twice as long as ``run``; the looks' mean errs less than either.
        """
        first = self.run(image, pose, whole)
        second = self._look(image, pose, first.crop.scaled(FARTHER), mirrored=True)
        return OwnParse(first.crop, (first.logits + second.onto(first.crop)) / 2)

    def parse(self, image: Image, pose: Pose | None, whole: bool = True) -> NDArray[np.uint8]:
        """(H, W) uint8 of ``OwnPart``, studied; all background when there is nobody."""
        height, width = image.shape[:2]
        if pose is None:
            return np.zeros((height, width), np.uint8)
        return self.study(image, pose, whole).labels((width, height))

    def logits(self, image: Image, pose: Pose | None, whole: bool = True) -> Planes:
        """(H, W, 11) float32 in the frame's pixels; background everywhere when there is nobody."""
        height, width = image.shape[:2]
        if pose is None:
            return np.tile(_nobody(), (height, width, 1))
        return self.study(image, pose, whole).frame_logits((width, height)).transpose(1, 2, 0)

    def _look(self, image: Image, pose: Pose, crop: OwnCrop, mirrored: bool) -> OwnParse:
        inputs = {
            "picture": picture_planes(image, pose.person_alpha, crop),
            "pose": pose_planes(crop.points(pose.landmarks_px), pose.visibility),
        }
        if mirrored:
            inputs = {name: np.ascontiguousarray(_flipped(p)) for name, p in inputs.items()}
        (logits,) = self._session.run(["logits"], inputs)
        return OwnParse(crop, _flipped(logits[0]) if mirrored else logits[0])


def _flipped(planes: Planes) -> Planes:
    """(…, h, w) left for right."""
    return planes[..., ::-1]


def _input_shapes() -> list[tuple[int, ...]]:
    height, width = INPUT_HW
    return [
        (PICTURE_PLANES, height, width),
        (POSE_PLANES, height // POSE_STRIDE, width // POSE_STRIDE),
    ]
