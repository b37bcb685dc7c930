"""Where a garment's torso goes on a body: control points in the texture and their targets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.body import OUTWARD, SLOPE_STATIONS
from pipeline.structures import PART_CODES, Body, Category, Garment, Part, Points, Side, Sleeves

Vector = NDArray[np.float64]

SIDE_SHARES = (0.15, 0.30, 0.50, 0.70, 0.88)  # of the way from armpit to hem
ARMPIT_DEPTH = 0.235  # tl below the shoulder line
LOWEST_ARMPIT = 0.36  # tl: roomy armholes hang this low at most
SEAM_HEIGHT = 0.09  # tl; the shoulder seam lies this far above the line through the joints
EASE = 1.04  # cloth / body
FLAT_EASE = 1.25  # half width of a garment lying flat / half chest it is made for
FLAT_EASE_DRESS = 1.12  # dresses are cut closer
USUAL_HEM, HEM_SLOPE = 1.08, 0.4  # tl: what hangs lower is mostly a slimmer cut, not a longer one
WIDEST_UPPER, WIDEST_SKIRT = 1.18, 1.80  # cloth / body when the garment itself is wide
SKIRT_FROM, SKIRT_FULL = 0.80, 1.10  # tl: a dress may flare from the waist down
NARROWEST_STRAP, WIDEST_NECK = 0.42, 0.62  # hw from the centre line
NECK_RISE = 0.25  # of the slope towards the neck
CLOTH_THICKNESS = 0.008  # tl
HEM_STRETCH = 1.22  # a hem may reach this much further to hide the worn one
HEM_OVERLAP = 0.035  # tl past the worn hem


class TorsoFit:
    """The torso's control points. ``sources`` (k, 2) texture px; ``targets`` per frame."""

    def __init__(self, garment: Garment) -> None:
        marks = {name: np.asarray(p, np.float64) for name, p in garment.landmarks.items()}
        self._marks = marks
        self._sleeveless = garment.sleeves is Sleeves.SLEEVELESS
        self._dress = garment.category is Category.DRESS
        self.centre_x = 0.5 * float(marks["armpit_left"][0] + marks["armpit_right"][0])
        self.half_tex = 0.5 * abs(float(marks["armpit_left"][0] - marks["armpit_right"][0]))
        top = "neck" if self._sleeveless else "shoulder"
        self._top_y = _mean_y(marks, top)
        self._armpit_y = _mean_y(marks, "armpit")
        self._hem_y = _mean_y(marks, "hem")
        self._names: list[tuple[str, Side | None]] = []
        sources: list[Vector] = []
        torso = garment.parts == PART_CODES[Part.TORSO]
        for side in Side:
            points = ["neck", "armpit", "hem"] + ([] if self._sleeveless else ["shoulder"])
            for name in points:
                self._names.append((name, side))
                sources.append(marks[f"{name}_{side}"])
            for share in SIDE_SHARES:
                self._names.append(("side", side))
                sources.append(self._side_point(torso, side, share))
        hem_centre = self._hem_centre(torso)
        for name, point in (
            ("neck_center", marks["neck_center"]),
            ("middle", np.array([self.centre_x, self._armpit_y])),
            ("middle", np.array([self.centre_x, 0.5 * (self._armpit_y + self._hem_y)])),
            ("middle", hem_centre),
        ):
            self._names.append((name, None))
            sources.append(point)
        self.sources: Vector = np.array(sources)

    def _side_point(self, torso: NDArray[np.bool_], side: Side, share: float) -> Vector:
        """The torso's own edge at one height."""
        y = self._armpit_y + share * (self._hem_y - self._armpit_y)
        row = torso[int(np.clip(np.rint(y), 0, torso.shape[0] - 1))]
        sign = OUTWARD[side]
        x = self.centre_x + sign * self.half_tex
        columns = np.flatnonzero(row)
        middle = int(np.rint(self.centre_x))
        if len(columns) and row[middle]:
            gaps = np.flatnonzero(~row)
            beyond = gaps[gaps > middle] if sign > 0 else gaps[gaps < middle]
            edge = (
                (beyond.min() - 1 if sign > 0 else beyond.max() + 1)
                if len(beyond)
                else (columns[-1] if sign > 0 else columns[0])
            )
            x = float(edge)
        return np.array([x, y])

    def _hem_centre(self, torso: NDArray[np.bool_]) -> Vector:
        column = torso[:, int(np.clip(np.rint(self.centre_x), 0, torso.shape[1] - 1))]
        lowest = float(np.flatnonzero(column).max()) if column.any() else self._hem_y
        limit = 0.25 * self.half_tex
        y = float(np.clip(lowest, self._hem_y - limit, self._hem_y + limit))
        return np.array([self.centre_x, y])

    def scale(self, body: Body) -> float:
        """Frame px per texture px along the cloth, seen from the front."""
        roomy = self._roomy_scale(body)
        length = (self._hem_y - self._top_y) * roomy / body.torso_px
        usual = USUAL_HEM + SEAM_HEIGHT
        if self._dress or length <= usual:
            return roomy
        return roomy * (usual + HEM_SLOPE * (length - usual)) / length

    def sleeve_scale(self, body: Body) -> float:
        """Frame px per texture px along the sleeves: a slim cut says less about them."""
        return float(np.sqrt(self.scale(body) * self._roomy_scale(body)))

    def _roomy_scale(self, body: Body) -> float:
        ease = FLAT_EASE_DRESS if self._dress else FLAT_EASE
        return ease * body.half_chest_px / self.half_tex

    def armpit_depth(self, body: Body) -> float:
        """Depth of the garment's armpits below the shoulder line, tl."""
        natural = (self._armpit_y - self._top_y) * self.scale(body) / body.torso_px - SEAM_HEIGHT
        return min(max(natural, ARMPIT_DEPTH), LOWEST_ARMPIT)

    def armpit(self, body: Body, side: Side) -> Vector:
        """Where the garment's armpit goes: (2,) frame px."""
        outward = OUTWARD[side] * body.right
        drop_px = (self.armpit_depth(body) - ARMPIT_DEPTH) * body.torso_px
        place: Vector = body.arms[side].armpit + outward * 0.03 * body.half_chest_seen_px
        return place - body.up * drop_px

    def hem_depth(self, body: Body) -> float:
        """Depth of the hem below the shoulder line, tl."""
        natural = (self._hem_y - self._top_y) * self.scale(body) / body.torso_px - SEAM_HEIGHT
        depth = max(natural, self.armpit_depth(body) + 0.12)
        if body.worn_hem is not None and body.worn_hem > depth:
            depth = min(body.worn_hem + HEM_OVERLAP, depth * HEM_STRETCH)
        return depth

    def targets(self, body: Body) -> Points:
        """Where the control points go: (k, 2) frame px, in the order of ``sources``."""
        narrowing = body.half_chest_seen_px / body.half_chest_px
        top, hem = self.armpit_depth(body), self.hem_depth(body)
        out = np.zeros((len(self._names), 2))
        for k, (name, side) in enumerate(self._names):
            if side is not None:
                out[k] = self._side_target(name, side, self.sources[k], body, hem, narrowing)
            elif name == "middle":
                out[k] = self._middle(body, self._depth(self.sources[k, 1], top, hem))
        neck = [k for k, (name, _) in enumerate(self._names) if name == "neck"]
        centre = next(k for k, (name, _) in enumerate(self._names) if name == "neck_center")
        out[centre] = self._neck_center(body, out[neck[0]], out[neck[1]])
        return out.astype(np.float32)

    def _depth(self, y: float, top: float, hem: float) -> float:
        share = (y - self._armpit_y) / max(self._hem_y - self._armpit_y, 1.0)
        return float(top + (hem - top) * share)

    def _side_target(
        self,
        name: str,
        side: Side,
        source: Vector,
        body: Body,
        hem: float,
        narrowing: float,
    ) -> Vector:
        arm = body.arms[side]
        outward = OUTWARD[side] * body.right.astype(np.float64)
        if name == "neck":
            return self._neck(side, source, body, outward, narrowing)
        if name == "shoulder":
            return arm.shoulder_tip.astype(np.float64)
        if name == "armpit":
            return self.armpit(body, side)
        depth = self._depth(float(source[1]), self.armpit_depth(body), hem)
        own = abs(float(source[0]) - self.centre_x) / self.half_tex * body.half_chest_seen_px
        width = self._width(body, side, depth, own)
        edge: Vector = body.mid_shoulder + outward * width - body.up * (depth * body.torso_px)
        return edge

    def _width(self, body: Body, side: Side, depth: float, own_px: float) -> float:
        """Half width of the cloth at one depth: hides the body, keeps the garment's cut."""
        seen = float(np.interp(depth, body.levels, body.half_widths_px[side]))
        widest = WIDEST_UPPER
        if self._dress:
            flare = np.clip((depth - SKIRT_FROM) / (SKIRT_FULL - SKIRT_FROM), 0.0, 1.0)
            widest += float(flare) * (WIDEST_SKIRT - WIDEST_UPPER)
        return max(EASE * seen, min(own_px, widest * seen))

    def _neck(
        self, side: Side, source: Vector, body: Body, outward: Vector, narrowing: float
    ) -> Vector:
        """Where the neckline meets the shoulder: on the slope from neck to shoulder tip."""
        out = abs(float(source[0]) - self.centre_x) * self.scale(body) / body.half_chest_px
        out = (
            min(max(out, NARROWEST_STRAP), WIDEST_NECK)
            if self._sleeveless
            else min(out, WIDEST_NECK)
        )
        if body.slopes_px is None:
            height_px = 0.14 * body.torso_px
        else:
            height_px = float(np.interp(out, SLOPE_STATIONS, body.slopes_px[side]))
        # nearer to the neck than the first station the slope rises on, hair or not
        height_px += max(0.0, SLOPE_STATIONS[0] - out) * NECK_RISE * body.half_chest_px
        height_px += CLOTH_THICKNESS * body.torso_px
        neck: Vector = (
            body.mid_shoulder
            + outward * (out * narrowing * body.half_chest_px)
            + body.up.astype(np.float64) * height_px
        )
        return neck

    def _middle(self, body: Body, depth: float) -> Vector:
        left = float(np.interp(depth, body.levels, body.half_widths_px[Side.LEFT]))
        right = float(np.interp(depth, body.levels, body.half_widths_px[Side.RIGHT]))
        shift = 0.5 * (left - right)
        middle: Vector = body.mid_shoulder - body.up * (depth * body.torso_px) + body.right * shift
        return middle

    def _neck_center(self, body: Body, first: Vector, second: Vector) -> Vector:
        """Below the middle of the neck points by the garment's own neckline depth."""
        left, right = self._marks["neck_left"], self._marks["neck_right"]
        deep_tex = float(self._marks["neck_center"][1]) - 0.5 * float(left[1] + right[1])
        across_tex = max(1.0, abs(float(left[0] - right[0])))
        drawn = float(np.hypot(*(first - second)))
        # the rows of the chest are squeezed to fit between shoulder and armpit: so is the neckline
        chest_tex = max(1.0, self._armpit_y - self._top_y)
        chest = (self.armpit_depth(body) + SEAM_HEIGHT) * body.torso_px / chest_tex
        scale = min(self.scale(body), chest, 1.25 * drawn / across_tex)
        centre: Vector = 0.5 * (first + second) - body.up * (deep_tex * scale)
        return centre


def _mean_y(marks: Mapping[str, Vector], name: str) -> float:
    return 0.5 * float(marks[f"{name}_left"][1] + marks[f"{name}_right"][1])
