"""One thing of a scene, ready to be drawn: triangles, what their corners carry, a material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weights.training.generator.materials import Material
from weights.training.generator.meshes import Floats, Ints, Mesh, normals
from weights.training.generator.shading import ATTRIBUTES, FIELDS, NORMAL, REST, UV, WORLD


@dataclass(frozen=True, slots=True)
class Item:
    """Something to draw.

    Attributes:
        attributes: (n, ATTRIBUTES), columns as named in ``shading``.
        keep: (n,) negative where it is cut away.
        faces: (m, 3).
        material: what it is made of.
        holes: whether the transparency of its texture cuts holes.
    """

    attributes: Floats
    keep: Floats
    faces: Ints
    material: Material
    holes: bool = False


def make_item(
    mesh: Mesh,
    posed: Floats,
    rest: Floats,
    material: Material,
    fields: Floats | None = None,
    keep: Floats | None = None,
    holes: bool = False,
) -> Item:
    """Gather corners of a mesh from arrays over its positions.

    Args:
        posed, rest: (p, 3) positions in the world and on the resting body.
        fields: (p, k) values of the surface, at most ten.
        keep: (p,) cut field.
    """
    corner = mesh.vertex
    attributes = np.zeros((len(corner), ATTRIBUTES), np.float32)
    attributes[:, NORMAL : NORMAL + 3] = normals(posed, mesh.triangles)[corner]
    attributes[:, REST : REST + 3] = rest[corner]
    attributes[:, WORLD : WORLD + 3] = posed[corner]
    attributes[:, UV : UV + 2] = mesh.uv
    if fields is not None:
        attributes[:, FIELDS : FIELDS + fields.shape[1]] = fields[corner]
    kept = np.ones(len(corner), np.float32) if keep is None else keep[corner].astype(np.float32)
    return Item(attributes, kept, mesh.faces, material, holes)


def carry(transforms: Floats, points: Floats) -> Floats:
    """Move points (n, 3) by one transform (n, 3, 4) each."""
    return np.asarray(
        np.einsum("nij,nj->ni", transforms[:, :, :3], points) + transforms[:, :, 3], np.float32
    )
