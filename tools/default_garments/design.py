"""What a design says about a garment; ``tailor`` makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.structures import Category, Part, Sleeves
from tools.default_garments.canvas import Canvas, Floats
from tools.default_garments.cloth import Drape
from tools.default_garments.cut import Cut
from tools.default_garments.fabrics import RGB, Fabric
from tools.default_garments.layers import Layer
from tools.default_garments.light import Finish

Print = Callable[[Canvas, Part, Floats, Floats, Floats], Floats]
"""(canvas, part, u, v, albedo (H, W, 3)) -> albedo; u, v are cloth coordinates in units."""


@dataclass(frozen=True)
class Design:
    """One default garment.

    Attributes:
        id, name, category, sleeves: as in ``Garment``.
        seed: of its folds and yarns.
        cut: its measures.
        fabric: of body and sleeves.
        trim: of neck band and cuffs.
        finish: how the cloth answers light.
        drape: how it lies.
        prints: applied one after the other on body and sleeves.
        cuff: length of a separate cuff band in units, 0 for a stitched hem.
        waistband: the same at the hem.
        details: draw collars, plackets, pockets over the finished front.
        back_details: the same on the inside of the back.
        label: a woven label inside the back.
        headroom: units needed above the neck points.
        thread: how much lighter than the cloth the stitches are.
        cuff_button: colour of the buttons on the cuffs.
        skirt: where a gathered skirt begins, units below the neck.
        raglan: sleeves run up to the neck and are of this fabric.
    """

    id: str
    name: str
    seed: int
    cut: Cut
    fabric: Fabric
    trim: Fabric
    sleeves: Sleeves
    category: Category = Category.UPPER
    finish: Finish = field(default_factory=Finish)
    drape: Drape = field(default_factory=Drape)
    prints: tuple[Print, ...] = ()
    cuff: float = 0.0
    waistband: float = 0.0
    details: tuple[Callable[[Canvas, Design], list[Layer]], ...] = ()
    back_details: tuple[Callable[[Canvas, Design], list[Layer]], ...] = ()
    raglan: Fabric | None = None
    label: bool = True
    thread: float = 0.06
    cuff_button: RGB | None = None
    skirt: float | None = None
    headroom: float = 0.16
