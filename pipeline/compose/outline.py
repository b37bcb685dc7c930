"""The outline of a person on the analysis grid: smooth, and where the camera's picture shows it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.outline import edge_offsets, moved_edge
from pipeline.compose.morph import doubled
from pipeline.structures import Alpha

SMOOTH = 1.4  # cells; the mask's own pixels are about this size, and show as steps
ALONG = 3  # double cells of the outline that agree on how far it is off
CRISP = 3.0  # contrast regained after smoothing: an edge is about two cells wide


def true_outline(person: Alpha, lab: NDArray[np.uint8]) -> Alpha:
    """The person's alpha with its edge moved onto the edge that the picture shows nearby.

    Where the picture shows none, a dark sleeve before a dark wall, the mask is merely smoothed.

    Args:
        person: (h, w) uint8, 255 where the cell belongs to the person.
        lab: (h, w, 3) uint8, the picture in CIE Lab, see ``images.to_lab_bytes``.
    """
    smooth = np.asarray(cv2.GaussianBlur(person, (0, 0), SMOOTH), np.uint8)
    offsets = edge_offsets(smooth, lab)
    offsets = cv2.blur(cv2.blur(offsets, (ALONG, ALONG)), (ALONG, ALONG))
    return np.asarray(moved_edge(smooth, doubled(offsets), CRISP), np.uint8)
