"""What surfaces are made of, as rows of numbers the shader reads."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from enum import IntEnum

import numpy as np

from weights.training.generator.meshes import Floats

RGB = tuple[float, float, float]  # linear, 0..1


class Kind(IntEnum):
    """How a surface is shaded."""

    SKIN = 0
    CLOTH = 1
    TEXTURED = 2
    EYE = 3
    PLAIN = 4


class Pattern(IntEnum):
    """What is woven into or printed all over a cloth."""

    NONE = 0
    STRIPES_ACROSS = 1
    STRIPES_ALONG = 2
    CHECKS = 3
    BLOTCHES = 4
    DOTS = 5
    TWO_HALVES = 6
    TARTAN = 7


@dataclass(frozen=True, slots=True)
class Material:
    """One surface. Lengths are metres on the body, layers count the scene's textures, -1 = none.

    Attributes:
        kind: how it is shaded.
        label: its class; -1 for skin, whose classes are fields of its vertices.
        base, second: colours; of skin the second is the hair on scalp and chin.
        pattern, per_metre, share, split_m: cloth pattern, its density, the share of the second
            colour, and the height where ``TWO_HALVES`` change.
        bump, fold_scale: depth and density of folds.
        weave: contrast of the finest grain.
        gloss: strength of highlights.
        layer, recolour: texture, and how far its colours give way to ``base``.
        print_layer, print_x, print_z, print_w, print_h: picture on the chest and where.
        beard: how dense, 0..1.
        noise_shift: where in the noise this surface lies; makes no two alike.
    """

    kind: Kind
    label: int
    base: RGB
    second: RGB = (0.0, 0.0, 0.0)
    pattern: Pattern = Pattern.NONE
    per_metre: float = 20.0
    share: float = 0.5
    split_m: float = 0.0
    bump: float = 0.0
    fold_scale: float = 8.0
    weave: float = 0.0
    gloss: float = 0.05
    layer: int = -1
    recolour: float = 0.0
    print_layer: int = -1
    print_x: float = 0.0
    print_z: float = 0.0
    print_w: float = 0.0
    print_h: float = 0.0
    beard: float = 0.0
    noise_shift: float = 0.0

    def row(self) -> Floats:
        """All of it as one row of float32; ``COLUMN`` names the places."""
        flat: list[float] = []
        for value in astuple(self):
            flat += list(value) if isinstance(value, tuple) else [float(value)]
        return np.array(flat, np.float32)


def _columns() -> dict[str, int]:
    places: dict[str, int] = {}
    at = 0
    for field in fields(Material):
        places[field.name] = at
        at += 3 if field.name in ("base", "second") else 1
    return places


COLUMN = _columns()
"""Where each attribute begins in a row."""
