"""Simple solids as meshes: sheets, tubes and boxes."""

from __future__ import annotations

import numpy as np

from weights.training.generator.meshes import Floats, Mesh

ROUND = 12  # sides of a tube


def grid(points: Floats, around: bool, across: bool = False) -> Mesh:
    """Triangles over a (rows, columns) sheet; ``around`` and ``across`` close the two."""
    rows, columns = points.shape[:2]
    faces = []
    for i in range(rows if across else rows - 1):
        for j in range(columns if around else columns - 1):
            a, b = i * columns + j, i * columns + (j + 1) % columns
            c, d = (i + 1) % rows * columns + j, (i + 1) % rows * columns + (j + 1) % columns
            faces += [(a, b, c), (b, d, c)]
    count = rows * columns
    return Mesh(
        np.arange(count, dtype=np.int32),
        np.zeros((count, 2), np.float32),
        np.array(faces, np.int32),
    )


def tube(path: Floats, radius: float | Floats, closed: bool = False) -> tuple[Mesh, Floats]:
    """A round tube along a path (n, 3), and its points."""
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    sheet = _rings(path, ahead, radius, ROUND)
    return grid(sheet, around=True, across=closed), sheet.reshape(-1, 3)


def tubes(paths: Floats, radius: Floats, sides: int) -> tuple[Mesh, Floats]:
    """Many open tubes along paths (n, k, 3) as one mesh, and its points."""
    sheets = _rings(paths, np.gradient(paths, axis=1), radius, sides)
    count, knots = paths.shape[:2]
    one = grid(np.zeros((knots, sides, 3)), around=True).faces
    faces = one + (np.arange(count) * knots * sides)[:, None, None]
    total = count * knots * sides
    mesh = Mesh(
        np.arange(total, dtype=np.int32),
        np.zeros((total, 2), np.float32),
        faces.reshape(-1, 3).astype(np.int32),
    )
    return mesh, sheets.reshape(-1, 3)


def _rings(path: Floats, ahead: Floats, radius: float | Floats, sides: int) -> Floats:
    """(..., n, sides, 3) circles square to a path."""
    ahead = ahead / (np.linalg.norm(ahead, axis=-1, keepdims=True) + 1e-9)
    first = np.cross(ahead, [0.3, 0.2, 0.93])
    first = first / (np.linalg.norm(first, axis=-1, keepdims=True) + 1e-9)
    second = np.cross(ahead, first)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = first[..., None, :] * np.cos(angle) + second[..., None, :] * np.sin(angle)
    thick = np.broadcast_to(radius, path.shape[:-1])[..., None, None]
    return np.asarray(path[..., None, :] + thick * ring)


def box(size: Floats) -> tuple[Mesh, Floats]:
    """A box around the origin; every side has corners of its own."""
    points, faces = [], []
    for axis in range(3):
        for sign in (-1, 1):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            start = len(points)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = np.zeros(3)
                corner[axis], corner[u], corner[v] = sign, a, b
                points.append(corner * size / 2)
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    mesh = Mesh(
        np.arange(24, dtype=np.int32), np.zeros((24, 2), np.float32), np.array(faces, np.int32)
    )
    return mesh, np.array(points)
