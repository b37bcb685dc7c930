"""The rasteriser behind the synthetic people."""

from __future__ import annotations

import numpy as np

from weights.training.generator.raster import empty_buffers, rasterise

SIZE = (16, 16)
UV = np.array([[0, 0], [1, 0], [0, 1]] * 2, np.float32)
OPAQUE = np.full((1, 4, 4), 255, np.uint8)


def _draw(depths: tuple[float, float], keep: list[float], holes: np.ndarray = OPAQUE) -> np.ndarray:
    """Two triangles over the lower left half of the picture, at two depths; which one is seen."""
    corners = [(-1, -1), (1, -1), (-1, 1)]
    clip = np.array([(x, y, z, 1) for z in depths for x, y in corners], np.float32)
    faces = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    depth, triangle, weights = empty_buffers(SIZE)
    layer = np.array([0, -1], np.int32)  # only the first one has holes
    rasterise(
        clip, np.array(keep, np.float32), UV, faces, layer, holes, depth, triangle, weights
    )  # fmt: skip
    return triangle


def test_the_nearer_one_is_seen_inside_the_triangle_alone() -> None:
    seen = _draw((0.2, 0.5), [1] * 6)
    assert seen[12, 3] == 0 and seen[3, 12] == -1
    assert _draw((0.5, 0.2), [1] * 6)[12, 3] == 1


def test_a_cut_runs_where_the_field_changes_sign() -> None:
    seen = _draw((0.2, 0.5), [1, -1, 1, 1, 1, 1])
    assert seen[14, 2] == 0 and seen[14, 12] == 1


def test_a_transparent_texture_is_a_hole() -> None:
    assert _draw((0.2, 0.5), [1] * 6, np.zeros((1, 4, 4), np.uint8))[12, 3] == 1
