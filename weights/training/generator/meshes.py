"""MakeHuman's files: Wavefront meshes, and clothes that are bound to the base mesh (.mhclo)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

CUBIC_PER_METRE = 10.0  # MakeHuman counts in decimetres
BOUND_BY_ONE = 1  # columns of a vertex that sits on one vertex of the base mesh
BOUND_BY_THREE = 9  # three vertices, three weights, an offset


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles over corners; a corner is a vertex with a place in the texture.

    Attributes:
        vertex: (n,) which position each corner has.
        uv: (n, 2) place in the texture, 0..1, v upwards.
        faces: (m, 3) corners of each triangle.
    """

    vertex: Ints
    uv: Floats
    faces: Ints

    @property
    def triangles(self) -> Ints:
        """(m, 3) positions of each triangle."""
        return self.vertex[self.faces]


@dataclass(frozen=True, slots=True)
class Proxy:
    """Something worn: its vertices hang on three vertices each of the base mesh.

    Attributes:
        mesh: its own triangles.
        reference: (v, 3) vertices of the base mesh.
        weights: (v, 3) of those.
        offset: (v, 3) in MakeHuman's axes and scale.
        scales: per axis, the two base vertices whose distance scales the offset, and its unit.
        hides: vertices of the body that it covers.
        island: (v,) number of the connected piece a vertex belongs to.
    """

    mesh: Mesh
    reference: Ints
    weights: Floats
    offset: Floats
    scales: dict[int, tuple[int, int, float]]
    hides: Ints
    island: Ints

    def fit(self, base: Floats) -> Floats:
        """Put it on a body: base mesh (n, 3) in metres → own vertices (v, 3)."""
        cubic = _to_makehuman(base)
        scale = np.ones(3, np.float32)
        for axis, (first, second, unit) in self.scales.items():
            scale[axis] = abs(cubic[first, axis] - cubic[second, axis]) / unit
        bound = (cubic[self.reference] * self.weights[:, :, None]).sum(1) + self.offset * scale
        return _from_makehuman(bound)

    def blend(self, per_vertex: Floats) -> Floats:
        """Carry values (n, k) of the base mesh over to the own vertices (v, k)."""
        return np.asarray((per_vertex[self.reference] * self.weights[:, :, None]).sum(1))


def _to_makehuman(points: Floats) -> Floats:
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], 1) * CUBIC_PER_METRE


def _from_makehuman(points: Floats) -> Floats:
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1) / CUBIC_PER_METRE


def read_obj(path: Path) -> tuple[Floats, dict[str, Mesh]]:
    """Positions (n, 3) and a mesh per group; a file without groups has the one called ''."""
    positions: list[list[float]] = []
    uvs: list[list[float]] = []
    corners: dict[str, list[tuple[tuple[int, int], ...]]] = {}
    group = ""
    for line in path.read_text(errors="ignore").splitlines():
        words = line.split()
        match words[:1]:
            case ["v"]:
                positions.append([float(x) for x in words[1:4]])
            case ["vt"]:
                uvs.append([float(x) for x in words[1:3]])
            case ["g"]:
                group = words[1] if len(words) > 1 else ""
            case ["f"]:
                corners.setdefault(group, []).extend(_fan([_corner(w) for w in words[1:]]))
    texture = np.array(uvs or [[0.0, 0.0]], np.float32)
    meshes = {name: _mesh(np.array(faces, np.int32), texture) for name, faces in corners.items()}
    return np.array(positions, np.float32), meshes


def _corner(word: str) -> tuple[int, int]:
    parts = word.split("/")
    return int(parts[0]) - 1, int(parts[1]) - 1 if len(parts) > 1 and parts[1] else 0


def _fan(polygon: list[tuple[int, int]]) -> list[tuple[tuple[int, int], ...]]:
    return [(polygon[0], polygon[i], polygon[i + 1]) for i in range(1, len(polygon) - 1)]


def _mesh(faces: Ints, uvs: Floats) -> Mesh:
    unique, inverse = np.unique(faces.reshape(-1, 2), axis=0, return_inverse=True)
    return Mesh(
        unique[:, 0].astype(np.int32),
        uvs[unique[:, 1]].astype(np.float32),
        inverse.reshape(-1, 3).astype(np.int32),
    )


def read_proxy(path: Path) -> Proxy:
    """Read a .mhclo file and the mesh it names."""
    rows: list[list[float]] = []
    hides: list[int] = []
    scales: dict[int, tuple[int, int, float]] = {}
    obj, section = "", ""
    for line in path.read_text(errors="ignore").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("verts", "delete_verts"):
            section = words[0]
        elif words[0] == "obj_file":
            obj = words[1]
        elif words[0] in ("x_scale", "y_scale", "z_scale"):
            scales["xyz".index(words[0][0])] = (int(words[1]), int(words[2]), float(words[3]))
        elif section == "verts" and _is_number(words[0]):
            rows.append(_binding([float(w) for w in words]))
        elif section == "delete_verts" and words[0].isdigit():
            hides += _ranges(words)
    bound = np.array(rows, np.float32)
    meshes = read_obj(path.with_name(obj))[1]
    mesh = _merged(list(meshes.values()))
    return Proxy(
        mesh=mesh,
        reference=bound[:, :3].astype(np.int32),
        weights=bound[:, 3:6],
        offset=bound[:, 6:9],
        scales=scales,
        hides=np.array(hides, np.int32),
        island=islands(mesh.triangles, len(bound)),
    )


def _is_number(word: str) -> bool:
    return word.lstrip("-").replace(".", "", 1).replace("e-", "", 1).isdigit()


def _binding(numbers: list[float]) -> list[float]:
    if len(numbers) == BOUND_BY_ONE:
        return [numbers[0]] * 3 + [1.0, 0.0, 0.0] + [0.0] * 3
    return (numbers + [0.0] * 3)[:BOUND_BY_THREE]


def _ranges(words: list[str]) -> list[int]:
    """``3 7 - 9`` → 3, 7, 8, 9."""
    found: list[int] = []
    for i, word in enumerate(words):
        if word == "-":
            found += range(int(words[i - 1]) + 1, int(words[i + 1]))
        else:
            found.append(int(word))
    return found


def _merged(meshes: list[Mesh]) -> Mesh:
    starts = np.cumsum([0] + [len(m.vertex) for m in meshes])
    return Mesh(
        np.concatenate([m.vertex for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=False)]).astype(
            np.int32
        ),
    )


def subdivided(mesh: Mesh, count: int) -> tuple[Mesh, csr_matrix]:
    """Cut every triangle into four.

    Args:
        count: positions the mesh refers to.

    Returns:
        The finer mesh, and the (positions, count) matrix that gives its positions, or any values
        at them, from those of the coarse one.
    """
    positions, to_positions = _with_midpoints(mesh.triangles, count)
    corners, to_corners = _with_midpoints(mesh.faces, len(mesh.vertex))
    # a corner in the middle of an edge sits on the position in the middle of the same edge
    vertex = np.zeros(to_corners.shape[0], np.int32)
    vertex[: len(mesh.vertex)] = mesh.vertex
    vertex[corners.ravel()] = positions.ravel()
    uv = np.asarray(to_corners @ mesh.uv, np.float32)
    return Mesh(vertex, uv, corners), to_positions


def _with_midpoints(triangles: Ints, count: int) -> tuple[Ints, csr_matrix]:
    """Four triangles for each, and the matrix that makes the new points."""
    edges = np.stack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]], 1)
    unique, inverse = np.unique(np.sort(edges.reshape(-1, 2), 1), axis=0, return_inverse=True)
    middle = (inverse.reshape(-1, 3) + count).astype(np.int32)
    a, b, c = triangles.T
    ab, bc, ca = middle.T
    finer = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], 1).reshape(-1, 3)
    rows = np.repeat(np.arange(len(unique)), 2) + count
    halves = csr_matrix(
        (np.full(len(rows), 0.5), (rows, unique.ravel())), (count + len(unique), count)
    )
    same = csr_matrix(
        (np.ones(count), (np.arange(count), np.arange(count))), (count + len(unique), count)
    )
    return finer.astype(np.int32), (halves + same).tocsr()


def islands(triangles: Ints, count: int) -> Ints:
    """(count,) number of the connected piece each vertex belongs to."""
    first = np.concatenate([triangles[:, 0], triangles[:, 1]])
    second = np.concatenate([triangles[:, 1], triangles[:, 2]])
    graph = coo_matrix((np.ones(len(first)), (first, second)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def normals(positions: Floats, triangles: Ints) -> Floats:
    """(n, 3) unit normals; of vertices in no triangle, zero."""
    corner = positions[triangles[:, 0]]
    face = np.cross(positions[triangles[:, 1]] - corner, positions[triangles[:, 2]] - corner)
    summed = np.zeros((len(positions), 3), np.float64)
    for axis in range(3):
        for k in range(3):
            summed[:, axis] += np.bincount(triangles[:, k], face[:, axis], len(positions))
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return np.asarray(summed / np.maximum(length, 1e-12), np.float32)
