"""Where a garment's torso goes on a body: control points in the texture and their targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.body import OUTWARD, SLOPE_STATIONS
from pipeline.geometry import smoothstep, unit
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
LIFT_FROM, LIFT_FULL = 0.85, 0.35  # cosine of the upper arm to the torso: hangs, lifted
CLOTH_THICKNESS = 0.005  # tl
SEAM_SHARES = (0.35, 0.7)  # of the way from neck to shoulder
SEAM_SLACK = 0.10  # half widths: how far a seam may leave the straight line; more is a hood
INNER_AT = 0.5  # of the way from the centre line to the side
INNER_SHARES = (0.33, 0.75)  # of the way from armpit to hem
ROUNDEST = 1.28  # scale at the centre / at the whole width: a body seen from the front is round
STRETCH_FROM = 0.4  # of the way from armpit to hem: above, the cloth keeps its length
HEM_STRETCH = 1.22  # a hem may reach this much further to hide the worn one
HEM_OVERLAP = 0.035  # tl past the worn hem


_SIDES = (Side.LEFT, Side.RIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class _Control:
    """One control point: what it is, whose side, where in the texture, and one number of its own.

    ``measure`` is the share of the way from neck to shoulder of a ``seam`` point, and half the
    garment's width (texture px) at the height of an ``inner`` point.
    """

    name: str
    side: Side | None
    source: Vector
    measure: float = 0.0


class _Rows(NamedTuple):
    """Depths below the shoulder line, tl."""

    armpit: float
    natural_hem: float
    hem: float

    def chest(self, chest_tex: float) -> float:
        """tl per texture px between shoulder and armpit."""
        return (self.armpit + SEAM_HEIGHT) / chest_tex


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
        self._chest_tex = max(self._armpit_y - self._top_y, 1.0)
        self._length_tex = max(self._hem_y - self._armpit_y, 1.0)
        torso = garment.parts == PART_CODES[Part.TORSO]
        self._controls = [
            *self._edge_controls(torso),
            *self._seam_controls(garment.parts > 0),
            *self._inner_controls(torso),
            *self._middle_controls(torso),
        ]
        self.sources: Vector = np.array([control.source for control in self._controls])
        self._y = self.sources[:, 1]
        self._sign = np.array([OUTWARD[c.side] if c.side else 0.0 for c in self._controls])
        self._is_inner = np.array([control.name == "inner" for control in self._controls])
        self._half = np.abs(self.sources[:, 0] - self.centre_x)
        self._half[self._is_inner] = [c.measure for c in self._controls if c.name == "inner"]

    def _edge_controls(self, torso: NDArray[np.bool_]) -> list[_Control]:
        """Corners, and the sides from armpit to hem."""
        controls = []
        names = ["neck", "armpit", "hem"] + ([] if self._sleeveless else ["shoulder"])
        for side in Side:
            controls += [_Control(name, side, self._marks[f"{name}_{side}"]) for name in names]
            controls += [
                _Control("side", side, self._side_point(torso, side, share))
                for share in SIDE_SHARES
            ]
        return controls

    def _seam_controls(self, cloth: NDArray[np.bool_]) -> list[_Control]:
        """The upper edge between neck and shoulder."""
        controls = []
        for side in Side:
            neck, shoulder = self._marks[f"neck_{side}"], self._marks[f"shoulder_{side}"]
            for share in SEAM_SHARES:
                point = neck + share * (shoulder - neck)
                column = cloth[:, int(np.clip(np.rint(point[0]), 0, cloth.shape[1] - 1))]
                top = float(column.argmax()) if column.any() else float(point[1])
                slack = SEAM_SLACK * self.half_tex
                height = float(np.clip(top, point[1] - slack, point[1] + slack))
                controls.append(_Control("seam", side, np.array([point[0], height]), share))
        return controls

    def _inner_controls(self, torso: NDArray[np.bool_]) -> list[_Control]:
        """Points between the centre line and the sides: prints keep their shape there."""
        below = [self._armpit_y + share * (self._hem_y - self._armpit_y) for share in INNER_SHARES]
        rows = [0.5 * (self._top_y + self._armpit_y), self._armpit_y, *below]
        controls = []
        for side in Side:
            for y in rows:
                edge = self._side_point(torso, side, (y - self._armpit_y) / self._length_tex)
                half = self.half_tex if y <= self._armpit_y else abs(edge[0] - self.centre_x)
                x = self.centre_x + OUTWARD[side] * INNER_AT * half
                controls.append(_Control("inner", side, np.array([x, y]), half))
        return controls

    def _middle_controls(self, torso: NDArray[np.bool_]) -> list[_Control]:
        """The centre line; ``neck_center`` is the first one."""
        waist = np.array([self.centre_x, 0.5 * (self._armpit_y + self._hem_y)])
        return [
            _Control("neck_center", None, self._marks["neck_center"]),
            _Control("middle", None, np.array([self.centre_x, self._armpit_y])),
            _Control("middle", None, waist),
            _Control("middle", None, self._hem_centre(torso)),
        ]

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
        arm = body.arms[side]
        place: Vector = arm.armpit + outward * 0.03 * body.half_chest_seen_px
        # under a lifted arm the side of the body is in sight, and the cloth begins there
        lift = float(-(unit(arm.elbow - arm.shoulder) @ body.up))
        in_sight = float(smoothstep((LIFT_FROM - lift) / (LIFT_FROM - LIFT_FULL)))
        seen = EASE * float(
            np.interp(self.armpit_depth(body), body.levels, body.half_widths_px[side])
        )
        wider = max(0.0, seen - float((place - body.mid_shoulder) @ outward))
        place += outward * (in_sight * wider) - body.up * drop_px
        return place

    def hem_depth(self, body: Body) -> float:
        """Depth of the hem below the shoulder line, tl."""
        depth = self._natural_hem(body)
        if body.worn_hem is not None and body.worn_hem > depth:
            depth = min(body.worn_hem + HEM_OVERLAP, depth * HEM_STRETCH)
        return depth

    def _natural_hem(self, body: Body) -> float:
        natural = (self._hem_y - self._top_y) * self.scale(body) / body.torso_px - SEAM_HEIGHT
        return max(natural, self.armpit_depth(body) + 0.12)

    def targets(self, body: Body) -> Points:
        """Where the control points go: (k, 2) frame px, in the order of ``sources``."""
        rows = _Rows(self.armpit_depth(body), self._natural_hem(body), self.hem_depth(body))
        armpits = {side: self.armpit(body, side) for side in Side}
        out = self._on_rows(body, rows, armpits)
        necks: dict[Side, Vector] = {}
        for k, control in enumerate(self._controls):
            side = control.side
            if side is None:
                if control.name == "neck_center":
                    out[k] = self._neck_center(body, necks[Side.LEFT], necks[Side.RIGHT])
            elif control.name == "neck":
                out[k] = necks[side] = self._neck(side, control.source, body)
            elif control.name == "shoulder":
                out[k] = body.arms[side].shoulder_tip
            elif control.name == "armpit":
                out[k] = armpits[side]
            elif control.name == "seam":
                out[k] = self._seam(body, side, necks[side], control.measure)
        return out.astype(np.float32)

    def _on_rows(self, body: Body, rows: _Rows, armpits: Mapping[Side, Vector]) -> Vector:
        """Targets of all points that hang at a depth of their own: sides, inner and middle ones."""
        depth = self._depths(rows)
        left, right = (np.interp(depth, body.levels, body.half_widths_px[side]) for side in _SIDES)
        seen = np.where(self._sign > 0.0, left, right)
        own = self._half / self.half_tex * body.half_chest_seen_px
        # hides the body, keeps the garment's cut
        edge = np.maximum(EASE * seen, np.minimum(own, self._widest(depth) * seen))
        shift = 0.5 * (left - right)
        right_axis = body.right.astype(np.float64)
        reach = [float((armpits[side] - body.mid_shoulder) @ right_axis) for side in _SIDES]
        on_chest = depth <= rows.armpit
        across = np.where(on_chest & (self._sign > 0.0), reach[0], self._sign * edge)
        across = np.where(on_chest & (self._sign < 0.0), reach[1], across)
        from_middle = self._inward(body, rows, on_chest, across - shift)
        across = np.where(self._is_inner, shift + from_middle, across)
        across = np.where(self._sign == 0.0, shift, across)
        down = -body.up.astype(np.float64) * body.torso_px
        placed: Vector = body.mid_shoulder + right_axis * across[:, None] + down * depth[:, None]
        return placed

    def _depths(self, rows: _Rows) -> Vector:
        """Depth of every control point, tl. What hides the worn hem is taken near the hem."""
        share = (self._y - self._armpit_y) / self._length_tex
        chest = rows.armpit + (self._y - self._armpit_y) * rows.chest(self._chest_tex)
        extra = np.maximum(0.0, share - STRETCH_FROM) / (1.0 - STRETCH_FROM)
        below = rows.armpit + (rows.natural_hem - rows.armpit) * share
        below = below + (rows.hem - rows.natural_hem) * extra
        depths: Vector = np.where(share < 0.0, chest, below)
        return depths

    def _inward(
        self, body: Body, rows: _Rows, on_chest: NDArray[np.bool_], edge_px: Vector
    ) -> Vector:
        """Inner points: cloth lies true to scale on the front of a round body and turns away at
        its sides. ``edge_px``: signed distance of the sides from the middle."""
        below = (rows.natural_hem - rows.armpit) / self._length_tex
        scale = np.where(on_chest, rows.chest(self._chest_tex), below)
        seen_px = body.torso_px * body.half_chest_seen_px / body.half_chest_px
        round_by = scale * seen_px * self._half / np.maximum(np.abs(edge_px), 1.0)
        round_by = np.minimum(np.maximum(round_by, 1.0), ROUNDEST)
        inward: Vector = edge_px * (round_by * INNER_AT + (1.0 - round_by) * INNER_AT**4)
        return inward

    def _widest(self, depth: Vector) -> Vector:
        """Cloth / body where the garment itself is wide; a dress may flare."""
        if not self._dress:
            return np.full(len(depth), WIDEST_UPPER)
        flare = np.clip((depth - SKIRT_FROM) / (SKIRT_FULL - SKIRT_FROM), 0.0, 1.0)
        widest: Vector = WIDEST_UPPER + flare * (WIDEST_SKIRT - WIDEST_UPPER)
        return widest

    def _seam(self, body: Body, side: Side, neck: Vector, share: float) -> Vector:
        """On the slope from neck to shoulder tip."""
        outward = OUTWARD[side] * body.right.astype(np.float64)
        middle, up = body.mid_shoulder, body.up.astype(np.float64)
        first = neck - middle
        last = self._strap_end(body, side, neck) - middle
        out = float((first + share * (last - first)) @ outward)
        tip = body.arms[side].shoulder_tip - middle
        if body.slopes_px is None:
            height = float((first + share * (last - first)) @ up)
        else:
            at = [*(SLOPE_STATIONS * body.half_chest_seen_px), max(float(tip @ outward), 1.0)]
            height = float(np.interp(out, at, [*body.slopes_px[side], float(tip @ up)]))
            height += CLOTH_THICKNESS * body.torso_px
        place: Vector = middle + outward * out + up * height
        return place

    def _strap_end(self, body: Body, side: Side, neck: Vector) -> Vector:
        """Where the upper edge of the cloth ends: the shoulder tip, or the end of a strap."""
        tip = body.arms[side].shoulder_tip.astype(np.float64)
        if not self._sleeveless:
            return tip
        marks = self._marks
        wide = abs(float(marks[f"shoulder_{side}"][0] - marks[f"neck_{side}"][0]))
        share = wide * self.scale(body) / max(float(np.hypot(*(tip - neck))), 1.0)
        end: Vector = neck + min(share, 1.0) * (tip - neck)
        return end

    def _neck(self, side: Side, source: Vector, body: Body) -> Vector:
        """Where the neckline meets the shoulder: on the slope from neck to shoulder tip."""
        outward = OUTWARD[side] * body.right.astype(np.float64)
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
            + outward * (out * body.half_chest_seen_px)
            + body.up.astype(np.float64) * height_px
        )
        return neck

    def _neck_center(self, body: Body, first: Vector, second: Vector) -> Vector:
        """Below the middle of the neck points by the garment's own neckline depth."""
        left, right = self._marks["neck_left"], self._marks["neck_right"]
        deep_tex = float(self._marks["neck_center"][1]) - 0.5 * float(left[1] + right[1])
        across_tex = max(1.0, abs(float(left[0] - right[0])))
        drawn = float(np.hypot(*(first - second)))
        # the rows of the chest are squeezed to fit between shoulder and armpit: so is the neckline
        chest = (self.armpit_depth(body) + SEAM_HEIGHT) * body.torso_px / self._chest_tex
        scale = min(self.scale(body), chest, 1.25 * drawn / across_tex)
        centre: Vector = 0.5 * (first + second) - body.up * (deep_tex * scale)
        return centre


def _mean_y(marks: Mapping[str, Vector], name: str) -> float:
    return 0.5 * float(marks[f"{name}_left"][1] + marks[f"{name}_right"][1])
