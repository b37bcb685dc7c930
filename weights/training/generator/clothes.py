"""Clothes cut from the helper garments around the body: any sleeve, hem, neckline and looseness.

A garment is the helper mesh pushed outwards and cut by fields, in metres: positive is cloth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np

from weights.training.generator.anatomy import Places
from weights.training.generator.meshes import Floats

UPPER_ARM_M = 0.27  # turns a step along the arm into metres
CLEAR_OF_ARMS_M = 10.0  # hems do not cut sleeves
UNDER_CLOTH_M = 0.01  # so deep under a garment the body is not drawn
BARE_SHOULDERS = 0.1  # of upper garments
HALTERS = 0.35  # of those; the others have straps
COLLAR_SLOPE = 0.6  # a collar lies lower in front than behind


class Neckline(Enum):
    """Shapes of the hole for the head."""

    ROUND = auto()
    V = auto()
    SQUARE = auto()
    HIGH = auto()


@dataclass(frozen=True, slots=True)
class UpperCut:
    """How a shirt, jumper, jacket or dress is cut.

    Attributes:
        sleeve: where sleeves end: 0 shoulder, 1 elbow, 2 wrist.
        hem: height of the lower edge, 0 crotch, 1 neck.
        hem_wave_m: how far it dips and rises around the body.
        neckline, neck_width_m, neck_depth_m: the hole in front.
        collar_m: how far cloth climbs the neck.
        opening_m: half width of an open front, 0 = closed; opening_flare widens it downwards.
        halter_m: half width, at the root of the neck, of cloth that leaves the shoulders bare;
        halter_flare: how much wider it gets downwards, 0 = no halter.
        strap_m: width of the straps above the upper edge, 0 = none; strap_x_m: from the middle;
        bib_m: how far below the root of the neck the upper edge lies then.
    """

    sleeve: float
    hem: float
    hem_wave_m: float = 0.0
    neckline: Neckline = Neckline.ROUND
    neck_width_m: float = 0.08
    neck_depth_m: float = 0.03
    collar_m: float = 0.0
    opening_m: float = 0.0
    opening_flare: float = 0.0
    halter_m: float = 0.0
    halter_flare: float = 0.0
    strap_m: float = 0.0
    strap_x_m: float = 0.0
    bib_m: float = 0.0

    def field(self, at: Places) -> Floats:
        """(n,) metres inside the garment."""
        x, y, z = at.rest.T
        sleeve = (self.sleeve - at.reach) * UPPER_ARM_M
        wave = self.hem_wave_m * np.cos(2 * np.arctan2(x, y - at.neck[1]))
        hem = (at.height - self.hem) * at.torso_m + wave + CLEAR_OF_ARMS_M * at.arm
        behind = y - at.neck[1]
        top = self.collar_m - (z - at.neck[2]) + COLLAR_SLOPE * behind
        inside = np.minimum(np.minimum(sleeve, hem), top)
        if self.neckline is not Neckline.HIGH:
            front = self._hole(x, z - at.neck[2]) + 3.0 * np.maximum(behind + 0.02, 0)
            inside = np.minimum(inside, front)
        if self.opening_m > 0:
            drop = np.clip(at.neck[2] - z, 0, 1)
            gap = np.abs(x) - self.opening_m - self.opening_flare * drop
            inside = np.minimum(inside, gap + 5.0 * np.maximum(behind + 0.03, 0))
        inside = np.minimum(inside, self._bare_shoulders(x, z - at.neck[2]))
        return np.asarray(inside, np.float32)

    def _bare_shoulders(self, x: Floats, up: Floats) -> Floats:
        """(n,) metres inside what halter or straps leave of the upper edge."""
        inside = np.full_like(x, np.inf)
        if self.halter_flare > 0:
            inside = self.halter_m + self.halter_flare * np.maximum(-up, 0) - np.abs(x)
        if self.strap_m > 0:
            strap = self.strap_m / 2 - np.abs(np.abs(x) - self.strap_x_m)
            inside = np.minimum(inside, np.maximum(strap, -self.bib_m - up))
        return inside

    def _hole(self, x: Floats, up: Floats) -> Floats:
        """(n,) metres outside the hole; ``up`` is the height above the root of the neck."""
        width, depth = self.neck_width_m, self.neck_depth_m + 0.04
        if self.neckline is Neckline.V:
            edge = width * np.clip(1 + up / depth, 0, 3)
            return (np.abs(x) - edge) * depth / float(np.hypot(depth, width))
        if self.neckline is Neckline.SQUARE:
            return np.maximum(np.abs(x) - width, -depth - up)
        round_ = np.hypot(x / width, np.minimum(up, 0) / depth)
        return (round_ - 1) * min(width, depth)


@dataclass(frozen=True, slots=True)
class LowerCut:
    """How trousers, shorts or leggings are cut: between two heights, arms left out."""

    waist: float
    leg_end: float

    def field(self, at: Places) -> Floats:
        """(n,) metres inside the garment."""
        inside = np.minimum(self.waist - at.height, at.height - self.leg_end) * at.torso_m
        return np.asarray(inside - CLEAR_OF_ARMS_M * np.clip(at.arm - 0.05, 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Drape:
    """How cloth hangs.

    Attributes:
        loose_m: distance from the body where it is nearest.
        sleeve_m, hem_m: how much further it stands off at cuffs and hem.
        boxy: 0..1, how far it hangs straight down from the chest.
        ripple_m: height of the folds that change the outline.
        waves: (3, 4) directions and phases of those folds.
    """

    loose_m: float
    sleeve_m: float = 0.0
    hem_m: float = 0.0
    boxy: float = 0.0
    ripple_m: float = 0.004
    waves: Floats = field(default_factory=lambda: np.zeros((3, 4), np.float32))

    def push(self, at: Places, outward: Floats, smooth: Floats) -> Floats:
        """Rest positions (n, 3) of the hanging cloth.

        Args:
            outward: (n, 3) normals of the helper.
            smooth: (n, 3) the helper with hollows filled.
        """
        torso = (1 - np.clip(at.arm * 1.5, 0, 1))[:, None]
        filled = at.rest + torso * 0.6 * (smooth - at.rest)
        sunk = ((filled - at.rest) * outward).sum(1)
        filled = filled + outward * np.maximum(0.005 - sunk, 0)[:, None]
        filled = filled + torso * self.boxy * self._to_chest(at, filled)
        ripple = np.ones(len(filled), np.float32)
        for wave in self.waves:
            ripple = ripple * np.sin(at.rest @ wave[:3] + wave[3])
        low = np.clip(1 - at.height, 0, 1.2) * torso[:, 0]
        stand = self.loose_m + self.sleeve_m * np.clip(at.reach, 0, 2) * at.arm + self.hem_m * low
        stand = stand + self.ripple_m * (ripple + 0.5) * (0.4 + low + np.clip(at.reach, 0, 1))
        return np.asarray(filled + outward * stand[:, None], np.float32)

    def _to_chest(self, at: Places, points: Floats) -> Floats:
        """What moves points below the chest out to the chest's own width, (n, 3)."""
        chest = (np.abs(at.height - 0.72) < 0.06) & (at.arm < 0.2)
        if not chest.any():
            return np.zeros_like(points)
        middle = points[chest].mean(0)
        wide, deep = np.abs(points[chest] - middle)[:, :2].max(0)
        across, along = points[:, 0] - middle[0], points[:, 1] - middle[1]
        radius = np.hypot(across / wide, along / deep)
        grow = np.clip(0.95 / np.maximum(radius, 0.3), 1, 1.6) - 1
        grow = grow * np.clip((0.75 - at.height) / 0.2, 0, 1)
        return np.stack([across * grow, along * grow, np.zeros_like(grow)], 1)


def thread_coordinates(at: Places) -> Floats:
    """(n, 2) places along the threads, metres: across and along the torso or the sleeve."""
    across = at.rest[:, 0] * (1 - at.arm) + at.rest[:, 1] * at.arm
    along = at.rest[:, 2] * (1 - at.arm) + at.reach * UPPER_ARM_M * at.arm
    return np.stack([across, along], 1).astype(np.float32)


def sample_drape(rng: np.random.Generator) -> Drape:
    """Anything from a leotard to a big jumper."""
    loose = rng.choice([rng.uniform(0.003, 0.01), rng.uniform(0.008, 0.025)])
    waves = np.concatenate([rng.normal(0, 16, (3, 3)), rng.uniform(0, 6.3, (3, 1))], 1)
    return Drape(
        loose_m=float(loose),
        sleeve_m=float(rng.uniform(0, 1.2) * loose + (rng.random() < 0.2) * rng.uniform(0, 0.03)),
        hem_m=float(rng.uniform(0, 1.5) * loose),
        boxy=float(rng.random() < 0.55) * rng.uniform(0.3, 1.0),
        ripple_m=float(rng.uniform(0.1, 0.5) * loose),
        waves=waves.astype(np.float32),
    )


def sample_upper(rng: np.random.Generator) -> UpperCut:
    """A closed garment for the upper body."""
    if rng.random() < BARE_SHOULDERS:
        return _sample_bare_shoulders(rng)
    kind = rng.choice(["none", "short", "half", "long"], p=[0.18, 0.38, 0.08, 0.36])
    sleeves = {
        "none": (-0.16, 0.06),
        "short": (0.3, 0.85),
        "half": (0.85, 1.5),
        "long": (1.7, 2.08),
    }
    neckline = Neckline(rng.choice([n.value for n in Neckline], p=[0.52, 0.26, 0.07, 0.15]))
    deep = rng.random() < 0.25
    dress = rng.random() < 0.06
    crop = rng.random() < 0.1
    hem = (
        rng.uniform(-0.9, -0.4)
        if dress
        else rng.uniform(0.28, 0.5)
        if crop
        else rng.uniform(-0.2, 0.2)
    )
    return UpperCut(
        sleeve=float(rng.uniform(*sleeves[kind])),
        hem=float(hem),
        hem_wave_m=float(rng.normal(0, 0.012)),
        neckline=neckline,
        neck_width_m=float(rng.uniform(0.065, 0.15 if deep else 0.1)),
        neck_depth_m=float(rng.uniform(0.06, 0.17) if deep else rng.uniform(0.01, 0.06)),
        collar_m=float(
            rng.uniform(0.02, 0.08) if neckline is Neckline.HIGH else rng.uniform(-0.01, 0.025)
        ),
    )


def _sample_bare_shoulders(rng: np.random.Generator) -> UpperCut:
    """A top that hangs from the neck or from straps."""
    halter = rng.random() < HALTERS
    return UpperCut(
        sleeve=0.0,
        hem=float(rng.uniform(0.28, 0.5) if rng.random() < 0.25 else rng.uniform(-0.9, 0.2)),
        hem_wave_m=float(rng.normal(0, 0.012)),
        neckline=Neckline.HIGH,
        collar_m=float(rng.uniform(-0.01, 0.03)),
        halter_m=float(rng.uniform(0.04, 0.08)) if halter else 0.0,
        halter_flare=float(rng.uniform(0.35, 0.8)) if halter else 0.0,
        strap_m=0.0 if halter else float(rng.uniform(0.008, 0.045)),
        strap_x_m=float(rng.uniform(0.07, 0.11)),
        bib_m=float(rng.uniform(0.06, 0.15)),
    )


def sample_jacket(rng: np.random.Generator) -> UpperCut:
    """Something worn open over something else."""
    return UpperCut(
        sleeve=float(rng.choice([rng.uniform(1.8, 2.1), rng.uniform(0.4, 1.2)], p=[0.85, 0.15])),
        hem=float(rng.uniform(-0.3, 0.25)),
        neckline=Neckline.HIGH,
        collar_m=float(rng.uniform(0.0, 0.05)),
        opening_m=float(rng.uniform(0.02, 0.09)),
        opening_flare=float(rng.uniform(-0.05, 0.2)),
    )


def sample_lower(rng: np.random.Generator) -> LowerCut:
    """Trousers or shorts."""
    end = rng.uniform(-1.55, -1.2) if rng.random() < 0.6 else rng.uniform(-0.8, -0.2)
    return LowerCut(waist=float(rng.uniform(0.1, 0.36)), leg_end=float(end))


def sample_skirt(rng: np.random.Generator) -> LowerCut:
    """A skirt, from short to long."""
    return LowerCut(waist=float(rng.uniform(0.16, 0.36)), leg_end=float(rng.uniform(-1.2, -0.25)))
