"""The burnt-in number survives the way through an encoder, and tells a mirrored picture."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.images import decode_image, encode_jpeg
from stream_server.commands.frame_code import COLUMNS, burn_in, code_cells


def cells_of(image: np.ndarray) -> list[int]:
    width = image.shape[1]
    row = image[image.shape[0] // 24, :, 1]
    return [int(row[int((i + 1.5) * width / COLUMNS)] > 128) for i in range(len(code_cells(0)))]


@pytest.mark.parametrize("number", [0, 1, 299, 2730, 4095])
def test_number_survives_a_strong_jpeg(number: int) -> None:
    image = np.random.default_rng(3).integers(0, 255, (480, 640, 3), np.uint8)
    assert cells_of(decode_image(encode_jpeg(burn_in(image, number), 30))) == code_cells(number)


def test_mirrored_picture_fails_its_markers() -> None:
    coded = burn_in(np.zeros((480, 640, 3), np.uint8), 1234)
    cells = cells_of(coded[:, ::-1])
    assert (cells[0], cells[-1]) == (0, 1)


def test_the_callers_picture_is_not_changed() -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    burn_in(image, 5)
    assert image.max() == 0
