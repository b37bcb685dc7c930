"""Where a person is in a picture: MediaPipe's own search, without the landmarks it leads to."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.blazepose.region import Region
from pipeline.native_log import without_native_noise
from pipeline.structures import Image

BLANK_SIZE = 32  # px; any size does, MediaPipe's region of interest is relative

# The first half of MediaPipe's ``pose_landmark_cpu``.
GRAPH = """
input_stream: "image"
output_stream: "region"
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:all" }
node {
  calculator: "SplitDetectionVectorCalculator"
  input_stream: "all"
  output_stream: "best"
  options {
    [mediapipe.SplitVectorCalculatorOptions.ext] { ranges { begin: 0 end: 1 } element_only: true }
  }
}
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE_CPU:image"
  output_stream: "SIZE:size"
}
node {
  calculator: "PoseDetectionToRoi"
  input_stream: "DETECTION:best"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "ROI:region"
}
"""


class Finder:
    """Looks for a person in one picture at a time. Not for use by several threads at once."""

    def __init__(self) -> None:
        from mediapipe.python.solution_base import SolutionBase  # slow to import

        with without_native_noise():
            self._graph: Any = SolutionBase(graph_config=GRAPH)
            # loads the model now instead of on the first frame
            self._graph.process(np.zeros((BLANK_SIZE, BLANK_SIZE, 3), np.uint8))

    def find(self, image: Image) -> Region | None:
        """The region of the most certain person, or None when there is nobody.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        rect = self._graph.process(np.ascontiguousarray(image)).region
        if rect is None:
            return None
        height, width = image.shape[:2]
        return Region(
            rect.x_center * width, rect.y_center * height, rect.width * width, rect.rotation
        )

    def close(self) -> None:
        """Release the graph. Once."""
        self._graph.close()
