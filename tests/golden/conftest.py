"""Golden pictures: compared with a tolerance, rewritten with --update-golden, kept on a miss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from pipeline.images import read_image, write_png
from pipeline.structures import Image

HERE = Path(__file__).parent
SIZE_WH = (320, 240)
MIN_SIMILARITY = 0.97  # another CPU's rounding stays above .995; a garment 2 px off falls below


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[Image, str], None]:
    """Compare a picture with tests/golden/pictures/<name>.png."""

    def check(image: Image, name: str) -> None:
        small = np.asarray(cv2.resize(image, SIZE_WH, interpolation=cv2.INTER_AREA), np.uint8)
        path = HERE / "pictures" / f"{name}.png"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            write_png(path, small)
            return
        golden = read_image(path)
        similarity = structural_similarity(golden, small, channel_axis=-1)
        if similarity < MIN_SIMILARITY:
            failures = HERE / "failures"
            failures.mkdir(exist_ok=True)
            write_png(failures / f"{name}.png", np.concatenate([golden, small], axis=1))
            pytest.fail(
                f"{name} looks different (similarity {similarity:.4f} < {MIN_SIMILARITY})."
                f" Look at {failures / name}.png: golden on the left, now on the right."
            )

    return check
