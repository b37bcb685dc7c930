from __future__ import annotations

import numpy as np

from pipeline.body import BodyTracker
from pipeline.looks import draw_look, warm_up
from pipeline.looks.raster import extent, fill_sheet, lay_over, mip_levels, take_alpha
from pipeline.structures import Sleeves

from .figures import SIZE_WH, look, person

KERNELS = (extent, fill_sheet, take_alpha, lay_over)
RNG = np.random.default_rng(3)


def square(size: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    axis = np.linspace(0, size, cells + 1)
    x, y = np.meshgrid(axis, axis)
    points = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
    n = cells + 1
    triangles = []
    for r in range(cells):
        for c in range(cells):
            i = r * n + c
            triangles += [(i, i + 1, i + n), (i + 1, i + n + 1, i + n)]
    return points, np.array(triangles, np.int32)


def draw(picture: np.ndarray, corners: np.ndarray, texture: np.ndarray, triangles: np.ndarray):
    out = np.zeros((40, 40, 4), np.uint8)
    packed, levels = out.view(np.uint32)[..., 0], mip_levels(picture)[:10:3]
    fill_sheet(packed, (0, 0), corners, texture, triangles, levels, (0, 0))
    return out


def test_the_identity_keeps_every_pixel() -> None:
    picture = RNG.integers(0, 256, (40, 40, 4), np.uint8)
    points, triangles = square(39.0, 5)
    out = draw(picture, points, points, triangles)
    assert np.abs(out[:38, :38].astype(int) - picture[:38, :38]).max() <= 1


def test_neighbours_leave_no_gap_and_no_double() -> None:
    picture = np.full((40, 40, 4), 200, np.uint8)
    points, triangles = square(30.0, 7)
    bent = points + RNG.normal(0, 0.7, points.shape).astype(np.float32)
    out = draw(picture, bent + 4, points + 2, triangles)
    assert (out[8:30, 8:30] == 200).all()


def test_a_pattern_squeezed_into_a_crease_becomes_its_mean() -> None:
    picture = np.full((80, 80, 4), 255, np.uint8)
    picture[::4, :, :3] = picture[1::4, :, :3] = 0  # stripes of two pixels
    points, triangles = square(78.0, 1)
    narrow = points * np.array([0.3, 0.02], np.float32)  # a strip of less than two rows
    out = draw(picture, narrow + np.float32(4), points, triangles)
    grey = out[5, 6:26, 0].astype(int)
    assert np.abs(grey - 128).max() < 40
    assert (out[5, 6:26, 3] == 255).all()


def test_a_fold_does_not_cover_the_right_side() -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[:, :20] = (255, 0, 0, 255)
    picture[:, 20:] = (0, 255, 0, 255)
    texture = np.array([[0, 0], [19, 0], [0, 38], [38, 0], [38, 38], [20, 38]], np.float32)
    corners = np.array([[0, 0], [30, 0], [0, 30], [2, 0], [2, 30], [30, 30]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 5]], np.int32)  # the second one lies turned over
    for order in (triangles, triangles[::-1].copy()):
        assert tuple(draw(picture, corners, texture, order)[5, 5]) == (255, 0, 0, 255)


def test_a_fold_cuts_no_hole_with_its_clear_margin() -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[:20] = (255, 0, 0, 255)  # the lower half is the clear margin
    texture = np.array([[1, 1], [30, 1], [1, 18], [1, 22], [30, 22], [1, 38]], np.float32)
    corners = np.array([[0, 0], [30, 0], [0, 30], [0, 0], [30, 0], [0, 30]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    for order in (triangles, triangles[::-1].copy()):
        assert tuple(draw(picture, corners, texture, order)[5, 5]) == (255, 0, 0, 255)


def test_outside_the_picture_is_clear() -> None:
    points, triangles = square(30.0, 1)
    out = draw(np.full((10, 10, 4), 255, np.uint8), points, points, triangles)
    assert out[5, 5, 3] == 255 and not out[12:, 12:].any()


def test_levels_keep_the_mean_so_that_stripes_turn_grey_not_noisy() -> None:
    stripes = np.zeros((96, 96, 4), np.uint8)
    stripes[::2] = 255
    small = mip_levels(stripes)[-1]
    packed = small.packed.view(np.uint8).reshape(*small.packed.shape, 4)
    assert np.abs(packed.astype(int) - 127).max() <= 25
    assert small.scale_x == packed.shape[1] / 96


def test_lay_over_is_premultiplied_over() -> None:
    below = np.zeros((1, 3, 4), np.uint8)
    below[:] = (100, 0, 0, 200)
    layer = np.zeros((1, 3, 4), np.uint8)
    layer[0, 1] = (0, 64, 0, 128)
    layer[0, 2] = (0, 255, 0, 255)
    parts = np.full((1, 3), 1, np.uint8)
    lay_over(below.view(np.uint32)[..., 0], parts, layer.view(np.uint32)[..., 0], (0, 0), 2)
    assert below[0].tolist() == [[100, 0, 0, 200], [50, 64, 0, 228], [0, 255, 0, 255]]
    assert parts[0].tolist() == [1, 2, 2]


def test_warm_up_leaves_nothing_to_compile() -> None:
    warm_up()
    compiled = {kernel: len(kernel.signatures) for kernel in KERNELS}
    for stance in ("down", "raised"):
        for kind in Sleeves:
            draw_look(look(kind), BodyTracker().update(person(stance), 0.0), SIZE_WH)
    assert {kernel: len(kernel.signatures) for kernel in KERNELS} == compiled
