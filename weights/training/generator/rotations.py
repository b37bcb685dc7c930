"""Small rotation algebra, float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def unit(vector: ArrayLike) -> Vector:
    """Scale to length 1 along the last axis; zero stays zero."""
    value: NDArray[Any] = np.asarray(vector, np.float64)
    return value / (np.linalg.norm(value, axis=-1, keepdims=True) + 1e-12)


def about(axis: ArrayLike, angle: float) -> Matrix:
    """Right-handed rotation about an axis, angle in radians."""
    x, y, z = unit(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def euler(x: float, y: float, z: float) -> Matrix:
    """First about x, then y, then z, radians."""
    return about([0, 0, 1], z) @ about([0, 1, 0], y) @ about([1, 0, 0], x)


def between(first: Vector, second: Vector) -> Matrix:
    """The shortest rotation that turns one direction into another."""
    a, b = unit(first), unit(second)
    axis, cosine = np.cross(a, b), float(np.clip(a @ b, -1, 1))
    if np.linalg.norm(axis) < 1e-8:
        return np.eye(3) if cosine > 0 else about([0, 0, 1], np.pi)
    return about(axis, float(np.arccos(cosine)))


def axis_angle(rotation: Matrix) -> tuple[Vector, float]:
    """Axis (not of unit length) and angle, radians, of a rotation."""
    angle = float(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
    axis = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    return axis, angle


def frame(direction: Vector, normal: Vector) -> Matrix:
    """Columns: a direction, the part of ``normal`` square to it, and their cross product."""
    d = unit(direction)
    n = unit(normal - (normal @ d) * d)
    return np.stack([d, n, np.cross(d, n)], 1)
