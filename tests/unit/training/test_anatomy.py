"""Where a face ends and a neck begins on the synthetic people."""

from __future__ import annotations

import numpy as np

from weights.training.generator.anatomy import below_jaw

LIPS = [(0, -0.100, 1.500)]
EARS = [(0.07, 0.005, 1.535), (0.07, 0.000, 1.580), (-0.07, 0.005, 1.535), (-0.07, 0.0, 1.58)]
FACE = {
    "chin": (0, -0.098, 1.455),
    "cheek": (0.05, -0.050, 1.510),
    "before the ear": (0.065, -0.010, 1.530),
    "edge of the jaw": (0.045, -0.060, 1.484),
}
NECK = {
    "under the chin": (0, -0.060, 1.440),
    "throat": (0, -0.040, 1.400),
    "below the ear": (0.06, 0.010, 1.500),
    "nape": (0, 0.060, 1.480),
}


def test_the_jaw_parts_face_and_neck() -> None:
    points = np.array([*LIPS, *EARS, *FACE.values(), *NECK.values()], np.float32)
    count = len(points)
    lips, ears, head = (np.zeros(count, bool) for _ in range(3))
    lips[0], ears[1:5], head[:] = True, True, True  # the bones of the head move all of it
    below = below_jaw(points, lips, ears, head)
    parts = dict(zip([*FACE, *NECK], below[5:], strict=True))
    assert {name for name, share in parts.items() if share > 0.5} == set(NECK)
