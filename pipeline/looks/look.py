"""What every look offers to the one that draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.looks.mesh import Mesh
from pipeline.structures import Body, Part, Points, Side


@dataclass(frozen=True, slots=True, eq=False)
class Deformed:
    """A look's mesh bent to one body, frame px.

    Attributes:
        vertices_px: (n, 2) float32, one per vertex of the mesh.
        order: the parts from back to front.
        neckline_px: (k, 2) float32, picture left to right.
        hem_px: (2, 2) float32, picture left then right.
        sleeve_reach: per side, 0 shoulder, 1 elbow, 2 wrist.
        collar_px: (m, 2) float32 vertices of the back collar's mesh, or None.
    """

    vertices_px: Points
    order: tuple[Part, ...]
    neckline_px: Points
    hem_px: Points
    sleeve_reach: Mapping[Side, float]
    collar_px: Points | None = None


class Look(Protocol):
    """A garment dressed on a person, ready to draw."""

    @property
    def mesh(self) -> Mesh:
        """Sheets with their textures."""
        ...

    @property
    def collar(self) -> Mesh | None:
        """The inside of the back collar; one sheet, named torso."""
        ...

    def deform(self, body: Body) -> Deformed:
        """Bend the mesh to a body."""
        ...


SLEEVE_PART = {Side.LEFT: Part.LEFT_SLEEVE, Side.RIGHT: Part.RIGHT_SLEEVE}


def depth_order(body: Body, mesh: Mesh) -> tuple[Part, ...]:
    """The mesh's parts from back to front: an arm behind, the torso, the other arms."""
    far_first = sorted(Side, key=lambda side: side is body.nearer_arm)
    behind = [SLEEVE_PART[side] for side in far_first if body.arms[side].behind]
    before = [SLEEVE_PART[side] for side in far_first if not body.arms[side].behind]
    return tuple(part for part in (*behind, Part.TORSO, *before) if part in mesh.sheets)
