"""BlazePose's landmark network: a square picture of a person → their landmarks and outline.

Convention: points are (x, y) in pixels of the picture, from the corner of its first pixel.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.native_log import without_native_noise
from pipeline.structures import Alpha, Image

MODEL = "modules/pose_landmark/pose_landmark_full.tflite"  # the one inside MediaPipe's wheel
SIDE = 256  # px, of the picture that the network takes
POINTS = 39  # 33 landmarks, 2 anchors of the next region, 4 that nobody uses
VALUES = 5  # x, y, z, visibility, presence
THREADS = min(2, os.cpu_count() or 1)  # halves the wait, costs no more, gives the same bits
MIN_SCORE = 0.5  # of there being a person; below it they are lost

HEATMAP_SIDE = 64
REACH = 4  # cells around a point in which its heatmap moves it (the graph's 7 means 9 x 9)
MIN_HEAT = 0.5  # of the warmest of them; below it the point stays

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network sees.

    Attributes:
        points: (39, 3) x, y, z; z in the scale of x.
        visibility: (39,) 0..1.
        alpha: (256, 256) uint8, 255 where the pixel belongs to the person.
    """

    points: Floats
    visibility: Floats
    alpha: Alpha


class LandmarkNetwork:
    """The network, loaded. Not for use by several threads at once."""

    def __init__(self) -> None:
        from ai_edge_litert.interpreter import Interpreter  # slow to import

        with without_native_noise():
            self._interpreter = Interpreter(str(model_path()), num_threads=THREADS)
            self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self._outputs: dict[str, int] = {
            output["name"]: output["index"] for output in self._interpreter.get_output_details()
        }

    def predict(self, picture: Image) -> Prediction | None:
        """Read the person in a picture, or None when there is none.

        Args:
            picture: (256, 256, 3) uint8 RGB, the person upright in its middle.
        """
        np.multiply(picture, np.float32(1 / 255), out=self._tensor(self._input)[0])
        self._interpreter.invoke()
        if self._output("Identity_1")[0, 0] <= MIN_SCORE:
            return None
        values = self._output("Identity").reshape(POINTS, VALUES).astype(np.float64)
        cells = refine(values[:, :2] * (HEATMAP_SIDE / SIDE), self._output("Identity_3")[0])
        return Prediction(
            points=np.column_stack([cells * (SIDE / HEATMAP_SIDE), values[:, 2]]),
            visibility=_sigmoid(values[:, 3]),
            alpha=_to_alpha(self._output("Identity_2")[0, :, :, 0]),
        )

    def _output(self, name: str) -> NDArray[np.float32]:
        return self._tensor(self._outputs[name])

    def _tensor(self, index: int) -> NDArray[np.float32]:
        """The network's own memory. Let go of it before the next ``invoke``, which insists."""
        return np.asarray(self._interpreter.tensor(index)(), np.float32)


def model_path(file: str = MODEL) -> Path:
    """A file inside MediaPipe's package, which is found but not imported.

    Raises:
        ModuleNotFoundError: MediaPipe is not installed.
    """
    spec = find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mediapipe is not installed; its wheel holds the models")
    return Path(spec.origin).parent / file


def refine(points: Floats, heatmaps: NDArray[np.float32]) -> Floats:
    """Move each point to the middle of the warmth around it.

    Args:
        points: (n, 2) x, y in cells of the heatmaps.
        heatmaps: (h, w, n) logits.

    Returns:
        (n, 2), a new array; a point with nothing warm near it stays.
    """
    side, count = heatmaps.shape[0], len(points)
    near = points.astype(np.intp)[:, :, None] + np.arange(-REACH, REACH + 1)
    columns, rows = near[:, 0], near[:, 1]
    inside = (near >= 0) & (near < side)
    logits = heatmaps[
        np.clip(rows, 0, side - 1)[:, :, None],
        np.clip(columns, 0, side - 1)[:, None, :],
        np.arange(count)[:, None, None],
    ]
    heat = _sigmoid(logits) * (inside[:, 1, :, None] & inside[:, 0, None, :])
    total = np.maximum(heat.sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    middle = np.column_stack(
        [(heat.sum(axis=1) * columns).sum(axis=1), (heat.sum(axis=2) * rows).sum(axis=1)]
    )
    warm = (heat.max(axis=(1, 2)) >= MIN_HEAT) & inside[:, :, REACH].all(axis=1)
    return np.where(warm[:, None], middle / total[:, None], points)


def _sigmoid(logits: NDArray[np.float32] | Floats) -> Floats:
    # by the hyperbolic tangent: exp would overflow
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits), np.float64)


def _to_alpha(logits: NDArray[np.float32]) -> Alpha:
    """Sigmoid and 0..1 → 0..255 at once."""
    half = np.tanh(logits * np.float32(0.5))
    return np.asarray(cv2.convertScaleAbs(half, alpha=127.5, beta=127.5), np.uint8)
