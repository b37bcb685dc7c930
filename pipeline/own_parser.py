"""Wearcast's own human parser: which part of a person every pixel shows, from picture and pose.

What the network sees is in ``own_crop``. It was trained on synthetic people alone, on top of
two networks of MediaPipe (``weights/training``), so it may be used for anything. It keeps nothing
between calls.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import NotSupported, WeightsError
from pipeline.own_crop import (
    INPUT_HW,
    PICTURE_PLANES,
    POSE_PLANES,
    POSE_STRIDE,
    OwnCrop,
    Planes,
    picture_planes,
    pose_planes,
)
from pipeline.own_parse import OwnParse, nobody
from pipeline.own_study import snapped, study
from pipeline.structures import Image, Pose

WEIGHTS = Path(__file__).parents[1] / "weights" / "own_parser.onnx"


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

    def study(self, image: Image, pose: Pose, whole: bool = True, closely: bool = True) -> OwnParse:
        """Parse a still picture in several looks, see ``own_study``; finer, and errs less.

        Args:
            closely: up to 18 looks instead of at most four, and borders at the picture's edges.
        """

        alone = replace(pose, person_alpha=np.zeros_like(pose.person_alpha))

        def see(crop: OwnCrop, mirrored: bool, outlined: bool) -> OwnParse:
            return self._look(image, pose if outlined else alone, crop, mirrored)

        seen = study(pose, whole, closely, see)
        return snapped(seen, image) if closely else seen

    def parse(
        self, image: Image, pose: Pose | None, whole: bool = True, closely: bool = True
    ) -> NDArray[np.uint8]:
        """(H, W) uint8 of ``OwnPart``, studied; all background when there is nobody."""
        height, width = image.shape[:2]
        if pose is None:
            return np.zeros((height, width), np.uint8)
        return self.study(image, pose, whole, closely).labels((width, height))

    def logits(self, image: Image, pose: Pose | None, whole: bool = True) -> Planes:
        """(H, W, 11) float32 in the frame's pixels; background everywhere when there is nobody."""
        height, width = image.shape[:2]
        if pose is None:
            return np.tile(nobody(), (height, width, 1))
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
