"""Thin-plate splines as one matrix: computed once per garment, multiplied once per frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def _kernel(first: Array, second: Array) -> NDArray[np.float64]:
    squared = ((first[:, None] - second[None]) ** 2).sum(axis=-1)
    bend: NDArray[np.float64] = squared * np.log(squared + 1e-9)
    return bend


def tps_matrix(sources: Array, points: Array, smoothing: float = 0.02) -> NDArray[np.float32]:
    """The linear map from where ``sources`` go to where ``points`` go.

    Args:
        sources: (k, 2) control points, not all on one line.
        points: (n, 2) points to be carried along.
        smoothing: 0 passes through every target; more gives way where targets disagree.

    Returns:
        (n, k): multiply it with (k, 2) targets.

    Source: Bookstein 1989, "Principal warps".
    """
    scale = float(np.std(sources)) + 1e-6
    middle = sources.mean(axis=0)
    control, wanted = (sources - middle) / scale, (points - middle) / scale
    count = len(control)
    affine = np.column_stack([np.ones(count), control])
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(control, control) + smoothing * np.eye(count)
    system[:count, count:] = affine
    system[count:, :count] = affine.T
    solve = np.linalg.pinv(system)[:, :count]
    basis = np.column_stack([_kernel(wanted, control), np.ones(len(wanted)), wanted])
    return np.asarray(basis @ solve, np.float32)
