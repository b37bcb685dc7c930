"""Reading pictures in tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pil


def read_mask(path: Path) -> np.ndarray:
    """A grey PNG as (H, W) uint8; fails when it is anything else."""
    with Pil.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)
