"""Seamless noise in space, with its slope, looked up by the shader."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from weights.training.generator.meshes import Floats

SIDE = 64  # cells; the noise repeats after as many
OCTAVES = ((6.0, 1.0), (3.0, 0.5), (1.5, 0.25), (0.8, 0.13))  # radius in cells, strength
SPREAD = 0.25  # standard deviation around 0.5


def noise_volume(seed: int = 5) -> Floats:
    """(64, 64, 64, 4) float32: value (about 0..1) and its slope per cell along the three axes."""
    rng = np.random.default_rng(seed)
    total = np.zeros((SIDE,) * 3)
    for radius, strength in OCTAVES:
        octave = gaussian_filter(rng.normal(0, 1, (SIDE,) * 3), radius, mode="wrap")
        total += strength * octave / octave.std()
    total = total / total.std() * SPREAD + 0.5
    slopes = [(np.roll(total, -1, axis) - np.roll(total, 1, axis)) / 2 for axis in range(3)]
    return np.ascontiguousarray(np.stack([total, *slopes], -1), np.float32)
