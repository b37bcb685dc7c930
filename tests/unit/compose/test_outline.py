"""The person's outline: smooth, and on the edge that the picture shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.compose.outline import true_outline

ROWS, COLUMNS = 96, 120
SLANT, MIDDLE = 0.35, 40.0  # the person's left edge: columns per row, and its column in row 0
WALL, SHIRT = (200, 128, 128), (60, 150, 110)  # Lab bytes
MASK_PIXEL = 3  # cells
INSIDE = slice(12, ROWS - 12)  # rows far from the picture's ends


def _edge() -> NDArray[np.float64]:
    return MIDDLE + SLANT * np.arange(ROWS)


def _mask(off: float = 0.0, waver: float = 0.0) -> NDArray[np.uint8]:
    """The person right of the edge, as a coarse network sees it: in steps, off, and wavering."""
    rows, columns = np.mgrid[:ROWS:MASK_PIXEL, :COLUMNS:MASK_PIXEL]
    place = MIDDLE + SLANT * rows + off + waver * np.sin(rows / 4.0)
    small = np.clip(columns - place + 0.5, 0.0, 1.0) * 255
    return cv2.resize(small.astype(np.uint8), (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR)


def _picture(shirt: tuple[int, int, int] = SHIRT) -> NDArray[np.uint8]:
    inside = np.arange(COLUMNS) - _edge()[:, None] > 0.0
    lab = np.where(inside[..., None], shirt, WALL).astype(np.float32)
    lab = cv2.GaussianBlur(lab, (0, 0), 0.7)
    noise = np.random.default_rng(1).normal(0.0, 2.0, lab.shape)
    return np.clip(lab + noise, 0, 255).astype(np.uint8)


def _found(alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Column, by row, at which the person begins."""
    after = (alpha > 127).argmax(axis=1)
    rows = np.arange(len(alpha))
    low, high = alpha[rows, after - 1].astype(float), alpha[rows, after].astype(float)
    return after - (high - 127.5) / np.maximum(high - low, 1.0)


def _miss(alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    return (_found(alpha) - _edge())[INSIDE]


@pytest.mark.parametrize("off", [-2.5, 2.5])
def test_an_edge_beside_the_pictures_moves_onto_it(off: float) -> None:
    mask = _mask(off)
    assert abs(np.median(_miss(mask))) > 1.5
    miss = _miss(true_outline(mask, _picture()))
    assert abs(np.median(miss)) < 0.5
    assert np.abs(miss).max() < 1.25


def test_an_edge_that_wavers_becomes_straight() -> None:
    mask = _mask(waver=2.0)
    assert _miss(mask).std() > 1.0
    assert _miss(true_outline(mask, _picture())).std() < 0.45


def test_where_the_picture_shows_no_edge_the_mask_is_only_smoothed() -> None:
    mask = _mask(1.0)
    smooth = _miss(true_outline(mask, _picture(shirt=WALL)))
    assert abs(np.median(smooth) - np.median(_miss(mask))) < 0.4
    jagged = np.abs(np.diff(_miss(mask), 2)).mean()
    assert np.abs(np.diff(smooth, 2)).mean() < 0.65 * jagged


def test_a_stronger_edge_on_the_wall_draws_nothing_to_it() -> None:
    picture = _picture()
    door = np.abs(np.arange(COLUMNS) - (_edge()[:, None] - 12)) < 4
    picture[door] = (5, 128, 128)
    assert np.abs(_miss(true_outline(_mask(), picture))).max() < 1.0


def test_stripes_on_the_shirt_do_not_draw_the_edge_inwards() -> None:
    picture = _picture()
    inward = np.arange(COLUMNS) - _edge()[:, None]
    picture[(inward > 2.5) & (inward < 4.0)] = (150, 128, 128)
    assert np.median(_miss(true_outline(_mask(), picture))) < 0.6


def test_an_edge_is_about_two_cells_wide() -> None:
    alpha = true_outline(_mask(), _picture())
    soft = ((alpha > 12) & (alpha < 243)).sum(axis=1)[INSIDE]
    assert 1 <= np.median(soft) <= 4
