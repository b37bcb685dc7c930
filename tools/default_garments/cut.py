"""The cut of a garment: a handful of measures to outlines and landmarks, all in units."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, radians, sin

import numpy as np

from pipeline.geometry import smoothstep, unit
from tools.default_garments.canvas import Floats, mirror, offset, resample, smooth_curve

SHORT_UNITS = 1.2  # a sleeve shorter than this ends above the elbow


@dataclass(frozen=True)
class Neck:
    """The front opening.

    Attributes:
        half_width: of the opening at the shoulder seam.
        depth: from the neck points to the lowest point of the front opening.
        roundness: exponent of the superellipse; 2 is round, near 1 is a V.
        band: width of the band around the opening; 0 for none.
        back_rise: how far the back edge stands above the neck points.
        top: where the opening begins; negative for a collar that stands up.
        collar: a turned-down collar lies around the opening.
    """

    half_width: float = 0.34
    depth: float = 0.28
    roundness: float = 2.1
    band: float = 0.068
    back_rise: float = 0.032
    top: float = 0.0
    collar: bool = False


@dataclass(frozen=True)
class SleeveCut:
    """A sleeve that hangs down and out.

    Attributes:
        length: shoulder tip to cuff along the outer edge.
        angle_deg: of the cuff end, from the vertical.
        start_deg: the same at the shoulder.
        cuff: width at the end.
        fullness: width of the middle against a straight sleeve, 0 = straight.
    """

    length: float
    angle_deg: float
    start_deg: float
    cuff: float
    fullness: float = 0.0


@dataclass(frozen=True)
class Cut:
    """All measures of a garment; the defaults are a classic tee."""

    neck: Neck = field(default_factory=Neck)
    shoulder: tuple[float, float] = (0.88, 0.20)
    armpit: tuple[float, float] = (1.0, 0.90)
    armhole_bow: float = 0.085
    waist: tuple[float, float] = (0.955, 1.60)
    hem_half: float = 1.0
    length: float = 2.70
    hem_curve: float = 0.035
    side_vent: float = 0.0
    hem_wave: float = 0.0
    sleeve: SleeveCut | None = SleeveCut(0.72, 57, 60, 0.60)

    def opening(self, count: int = 121) -> Floats:
        """Front neck opening, picture left to right."""
        t = np.linspace(-np.pi / 2, np.pi / 2, count)
        power = 2 / self.neck.roundness
        x = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power
        y = np.abs(np.cos(t)) ** power
        # the power bunches the points up: space them evenly again
        top, depth = self.neck.top, self.neck.depth
        curve = np.stack([x * self.neck.half_width, top + y * (depth - top)], axis=1)
        return resample(curve, count)

    def band_edge(self) -> Floats:
        """Outer edge of the neck band, picture left to right."""
        return offset(self.opening(), self.neck.band)

    def back_edge(self, count: int = 61) -> Floats:
        """Upper edge of the back of the neck, picture left to right."""
        if self.neck.collar:
            return self._collar_top(count)
        a, band, rise = self.neck.half_width, self.neck.band, self.neck.back_rise
        half = [
            (a + band, 0.004),
            (a + 0.52 * band, -0.62 * rise),
            (a - 0.45 * band, -0.96 * rise),
            (0.5 * a, -0.90 * rise),
        ]
        middle = (0.0, -0.72 * rise)
        return smooth_curve([*((-x, y) for x, y in half), middle, *half[::-1]], count)

    def _collar_top(self, count: int) -> Floats:
        """Upper fold of a turned-down collar at the back."""
        a, top = self.neck.half_width, self.neck.top
        half = [(a + 0.012, top + 0.012), (0.9 * a, top - 0.016), (0.5 * a, top - 0.036)]
        return smooth_curve([*((-x, y) for x, y in half), (0.0, top - 0.040), *half[::-1]], count)

    def back_band_edge(self, count: int = 61) -> Floats:
        """Lower edge of the back of the neck band, picture left to right."""
        if self.neck.collar:
            a = self.neck.half_width
            half = [(1.0 * a, self.neck.top + 0.03), (0.85 * a, 0.045), (0.5 * a, 0.075)]
            return smooth_curve([*((-x, y) for x, y in half), (0.0, 0.082), *half[::-1]], count)
        a, low = self.neck.half_width, self.neck.band - 0.72 * self.neck.back_rise
        half = [(a, 0.004), (0.93 * a, 0.45 * low), (0.55 * a, 0.88 * low)]
        return smooth_curve([*((-x, y) for x, y in half), (0.0, low), *half[::-1]], count)

    def armhole(self, count: int = 40) -> Floats:
        """Right armhole of the picture, from the shoulder tip to the armpit."""
        s, a = np.array(self.shoulder), np.array(self.armpit)
        if self.sleeve is None:
            (sx, sy), (wide, high) = s, a - s
            low = np.array([sx + 0.36 * wide, sy + 0.82 * high])
            return smooth_curve([s, np.array([sx - 0.02, sy + 0.42 * high]), low, a], count)
        middle = s + 0.55 * (a - s) - (self.armhole_bow, 0)
        return smooth_curve([s, middle, a], count)

    def side(self, count: int = 60) -> Floats:
        """Right side seam of the picture, from the armpit to the hem corner."""
        low = (self.hem_half - 0.3 * (self.hem_half - self.waist[0]), self.length * 0.82)
        return smooth_curve(
            [self.armpit, self.waist, low, (self.hem_half, self.hem_corner_y)], count
        )

    @property
    def hem_corner_y(self) -> float:
        """Height of the hem corners."""
        return self.length - self.hem_curve - self.side_vent

    def hem(self, count: int = 121) -> Floats:
        """Hem from the right corner of the picture to the left."""
        x = np.linspace(1, -1, count)
        drop = 1 - np.abs(x) ** 2.2
        vent = self.side_vent * (1 - smoothstep((np.abs(x) - 0.45) / 0.55))
        wave = self.hem_wave * np.sin(19 * x + 0.8 * np.sin(5 * x)) * drop
        y = self.hem_corner_y + self.hem_curve * drop + vent + wave
        return np.asarray(np.stack([x * self.hem_half, y], axis=1), np.float32)

    def shoulder_line(self, count: int = 20) -> Floats:
        """From the neck band's outer top to the right shoulder tip of the picture."""
        start = np.array([self.neck.half_width + self.neck.band, 0.0])
        end = np.array(self.shoulder)
        middle = 0.5 * (start + end) - (0, 0.012)
        return smooth_curve([start, middle, end], count)

    def _below_band(self) -> Floats:
        """Upper edge of the front: it runs on below the band, or light would show in the seam."""
        return offset(self.opening(), 0.5 * self.neck.band)

    def body(self) -> Floats:
        """Outline of the front body below the neck band, closed."""
        half = np.concatenate([self.shoulder_line(), self.armhole(), self.side()])
        return np.concatenate([self._below_band(), half, self.hem(), mirror(half)[::-1]])

    def raglan_start(self) -> int:
        """Index on ``band_edge`` where the right raglan seam of the picture begins."""
        return round(0.86 * (len(self.band_edge()) - 1))

    def raglan_seam(self, count: int = 50) -> Floats:
        """Right raglan seam of the picture, from the neck to the armpit."""
        start, end = self.band_edge()[self.raglan_start()], np.array(self.armpit)
        way = end - start
        low = start + 0.40 * way + (0.035, -0.02)
        return smooth_curve([start, low, start + 0.78 * way + (0.0, -0.035), end], count)

    def raglan_body(self) -> Floats:
        """Outline of the front body between two raglan seams, closed."""
        half = np.concatenate([self.raglan_seam(), self.side()])
        start = self.raglan_start()
        band = self._below_band()[len(self.band_edge()) - 1 - start : start + 1]
        return np.concatenate([band, half, self.hem(), mirror(half)[::-1]])

    def raglan_shoulder(self) -> Floats:
        """From the raglan seam along the neck band and the shoulder to its tip."""
        return np.concatenate([self._below_band()[self.raglan_start() :], self.shoulder_line()])

    def sleeve_edges(self, count: int = 60) -> tuple[Floats, Floats]:
        """Outer and inner edge of the right sleeve of the picture, shoulder to cuff.

        Raises:
            ValueError: the cut has no sleeves.
        """
        if self.sleeve is None:
            raise ValueError("this cut has no sleeves")
        cut = self.sleeve
        t = np.linspace(0, 1, count)
        angle = radians(cut.start_deg) + (radians(cut.angle_deg) - radians(cut.start_deg)) * (
            np.minimum(1, t * 2.2) ** 0.8
        )
        steps = np.stack([np.sin(angle), np.cos(angle)], axis=1) * cut.length / (count - 1)
        outer = np.array(self.shoulder) + np.concatenate([[(0, 0)], np.cumsum(steps[1:], axis=0)])
        end = radians(cut.angle_deg)
        cuff_inner = outer[-1] + cut.cuff * np.array([-cos(end), sin(end)])
        armpit = np.array(self.armpit)
        span = cuff_inner - armpit
        normal = np.array([-span[1], span[0]]) / np.hypot(*span)
        fullness = cut.fullness
        inner = smooth_curve(
            [
                armpit,
                armpit + 0.3 * span + normal * (0.02 + fullness),
                armpit + 0.62 * span + normal * (0.012 + fullness * 0.9),
                cuff_inner,
            ],
            count,
        )
        return outer.astype(np.float32), inner

    def sleeve_grain(self) -> tuple[Floats, Floats]:
        """Edges of the right sleeve paired across its axis, so that cross threads run straight.

        Near the shoulder the inner edge runs on below the body, as the cloth does.
        """
        outer, inner = self.sleeve_edges()
        if self.sleeve is not None and self.sleeve.length < SHORT_UNITS:
            return self._short_grain(outer[-1], inner[-1], len(outer))
        axis = unit(0.5 * (outer[-1] + inner[-1]) - 0.5 * (outer[0] + inner[0]))
        way_out, way_in = outer @ axis, inner @ axis
        back = unit(inner[0] - inner[6]) * max(float(way_in[0] - way_out[0]) + 0.3, 0.3)
        inner = np.concatenate([[inner[0] + back], inner])
        way_in = np.maximum.accumulate(inner @ axis)
        share = (way_out - way_out[0]) / (way_out[-1] - way_out[0])
        wanted = way_out[0] + share * (way_in[-1] - way_out[0])
        paired = np.stack([np.interp(wanted, way_in, inner[:, i]) for i in (0, 1)], axis=1)
        return outer, paired.astype(np.float32)

    def _short_grain(self, high: Floats, low: Floats, count: int) -> tuple[Floats, Floats]:
        """Grain of a short sleeve: straight from the cuff, given by its two corners."""
        down = unit(low - high)
        axis = np.array([down[1], -down[0]], np.float32)
        length = float((high - np.array(self.shoulder)) @ axis)
        top = high - length * axis
        width = max(float((np.array(self.armpit) - top) @ down), float(np.hypot(*(low - high))))
        start = top + 1.04 * width * down
        return np.linspace(top, high, count), np.linspace(start, low, count)

    def _neck_point(self) -> tuple[float, float]:
        """Where the right half of the opening in the picture crosses the shoulder seam."""
        opening = self.opening()
        right = opening[len(opening) // 2 :]
        x, y = right[int(np.abs(right[:, 1]).argmin())]
        return float(x), float(y)

    def landmarks(self) -> dict[str, tuple[float, float]]:
        """All landmarks of ``Garment`` in units; left and right are the wearer's."""
        right_of_picture = {
            "neck": self._neck_point(),
            "shoulder": self.shoulder,
            "armpit": self.armpit,
            "hem": (self.hem_half, self.hem_corner_y),
        }
        if self.sleeve is not None:
            outer, inner = self.sleeve_edges()
            right_of_picture["cuff_outer"] = tuple(outer[-1])
            right_of_picture["cuff_inner"] = tuple(inner[-1])
        found = {"neck_center": (0.0, self.neck.depth)}
        for name, (x, y) in right_of_picture.items():
            found[f"{name}_left"] = (float(x), float(y))
            found[f"{name}_right"] = (-float(x), float(y))
        return found
