"""Where a garment's torso goes on a body: control points in the texture and their targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import ease, interpolate
from pipeline.looks.drape import (
    EASE,
    HANGING,
    INNER,
    INNER_AT,
    PLACED,
    SEAM_HEIGHT,
    Drape,
    Rows,
    hang,
)
from pipeline.structures import PART_CODES, Body, Category, Garment, Part, Points, Side, Sleeves
from pipeline.trunk import OUTWARD, SLOPE_STATIONS, Axes, Pair

Vector = NDArray[np.float64]

SIDE_SHARES = (0.15, 0.30, 0.50, 0.70, 0.88)  # of the way from armpit to hem
ARMPIT_DEPTH = 0.235  # tl below the shoulder line
LOWEST_ARMPIT = 0.36  # tl: roomy armholes hang this low at most
FLAT_EASE = 1.25  # half width of a garment lying flat / half chest it is made for
FLAT_EASE_DRESS = 1.12  # dresses are cut closer
USUAL_HEM, HEM_SLOPE = 1.08, 0.4  # tl: what hangs lower is mostly a slimmer cut, not a longer one
CROPPED, LOOSE_FROM, LOOSE_SHARE = 0.66, 0.83, 0.5  # tl; of what is missing to the usual hem
NARROWEST_STRAP, WIDEST_NECK = 0.42, 0.62  # hw from the centre line
NECK_RISE = 0.25  # of the slope towards the neck
LIFT_FROM, LIFT_FULL = 0.85, 0.35  # cosine of the upper arm to the torso: hangs, lifted
CLOTH_THICKNESS = 0.005  # tl
SEAM_SHARES = (0.35, 0.7)  # of the way from neck to shoulder
SEAM_SLACK = 0.10  # half widths: how far a seam may leave the straight line; more is a hood
INNER_SHARES = (0.33, 0.75)  # of the way from armpit to hem
HEM_STRETCH = 1.22  # a hem may reach this much further to hide the worn one
LONGEST_HEM = 1.30  # likewise, of what the cut alone says
HEM_OVERLAP = 0.035  # tl past the worn hem

_KINDS = dict.fromkeys(("neck", "neck_center", "shoulder", "armpit", "seam"), PLACED)
_KINDS["inner"] = INNER
_SLOPE_STATIONS: list[float] = SLOPE_STATIONS.tolist()


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


class Fit(NamedTuple):
    """A garment's torso on a body.

    Attributes:
        targets: (k, 2) float32 frame px, where the control points go, in the order of ``sources``.
        armpits: per side where the garment's armpit goes, frame px.
        sleeve_scale: frame px per texture px along the sleeves.
    """

    targets: Points
    armpits: Mapping[Side, Pair]
    sleeve_scale: float


class TorsoFit:
    """The torso's control points: ``sources`` (k, 2) texture px, and their ``fit`` per frame."""

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
        self._drape = Drape(
            y_tex=self.sources[:, 1].copy(),
            half_tex=np.array([self._half_tex(control) for control in self._controls]),
            sign=np.array([OUTWARD[c.side] if c.side else 0.0 for c in self._controls]),
            kind=np.array([_KINDS.get(c.name, HANGING) for c in self._controls]),
            armpit_y=self._armpit_y,
            chest_tex=self._chest_tex,
            length_tex=self._length_tex,
            garment_half_tex=self.half_tex,
            flares=self._dress,
        )

    def _half_tex(self, control: _Control) -> float:
        own = abs(float(control.source[0]) - self.centre_x)
        return control.measure if control.name == "inner" else own

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

    def fit(self, body: Body) -> Fit:
        """Hang the torso on a body."""
        axes = Axes.of(body)
        roomy = (FLAT_EASE_DRESS if self._dress else FLAT_EASE) * axes.half_chest_px / self.half_tex
        scale = self._scale(axes, roomy)
        rows = self._rows(axes, scale, body.worn_hem)
        armpits = {side: self._armpit(body, axes, rows, side) for side in Side}
        places = np.zeros((len(self._controls), 2))
        necks: dict[Side, Pair] = {}
        for k, control in enumerate(self._controls):
            name, side = control.name, control.side
            if side is None:
                if name == "neck_center":
                    places[k] = self._neck_center(axes, rows, scale, list(necks.values()))
            elif name == "neck":
                places[k] = necks[side] = self._neck(axes, scale, control.source, body, side)
            elif name == "shoulder":
                places[k] = axes.told(body.arms[side].shoulder_tip)
            elif name == "armpit":
                places[k] = armpits[side]
            elif name == "seam":
                places[k] = self._seam(axes, scale, body, side, necks[side], control.measure)
        widths = (body.half_widths_px[Side.LEFT], body.half_widths_px[Side.RIGHT])
        reach = (armpits[Side.LEFT][0], armpits[Side.RIGHT][0])
        return Fit(
            hang(places, self._drape, rows, axes, body.levels, widths, reach),
            {side: axes.place(*place, axes.middle) for side, place in armpits.items()},
            math.sqrt(scale * roomy),  # a slim cut says less about the sleeves
        )

    def _scale(self, axes: Axes, roomy: float) -> float:
        """Frame px per texture px along the cloth, seen from the front."""
        length = (self._hem_y - self._top_y) * roomy / axes.torso_px
        usual = USUAL_HEM + SEAM_HEIGHT
        if self._dress or length <= usual:
            return roomy
        return roomy * (usual + HEM_SLOPE * (length - usual)) / length

    def _rows(self, axes: Axes, scale: float, worn_hem: float | None) -> Rows:
        """Depths of the garment's armpits and of its hem, tl."""
        armpit = (self._armpit_y - self._top_y) * scale / axes.torso_px - SEAM_HEIGHT
        armpit = min(max(armpit, ARMPIT_DEPTH), LOWEST_ARMPIT)
        natural = (self._hem_y - self._top_y) * scale / axes.torso_px - SEAM_HEIGHT
        natural = hem = max(natural, armpit + 0.12)
        if not self._dress and natural < USUAL_HEM:
            # what is wide for its length is rather cut loose than short, unless clearly cropped
            loose = LOOSE_SHARE * ease((natural - CROPPED) / (LOOSE_FROM - CROPPED))
            hem += loose * (USUAL_HEM - natural)
        if worn_hem is not None and worn_hem > hem:
            longest = min(HEM_STRETCH * hem, LONGEST_HEM * natural)
            hem = min(worn_hem + HEM_OVERLAP, longest)
        return Rows(armpit, natural, hem)

    def _armpit(self, body: Body, axes: Axes, rows: Rows, side: Side) -> Pair:
        """Where the garment's armpit goes, as all places below: across and up, px."""
        arm, sign = body.arms[side], OUTWARD[side]
        across, up = axes.told(arm.armpit)
        out = sign * across + 0.03 * axes.half_seen_px
        # under a lifted arm the side of the body is in sight, and the cloth begins there
        shoulder, elbow = axes.told(arm.shoulder), axes.told(arm.elbow)
        lift = (shoulder[1] - elbow[1]) / max(math.dist(shoulder, elbow), 1e-6)
        in_sight = ease((LIFT_FROM - lift) / (LIFT_FROM - LIFT_FULL))
        seen = EASE * float(np.interp(rows.armpit, body.levels, body.half_widths_px[side]))
        out += in_sight * max(0.0, seen - out)
        return sign * out, up - (rows.armpit - ARMPIT_DEPTH) * axes.torso_px

    def _neck(self, axes: Axes, scale: float, source: Vector, body: Body, side: Side) -> Pair:
        """Where the neckline meets the shoulder: on the slope from neck to shoulder tip."""
        out = abs(float(source[0]) - self.centre_x) * scale / axes.half_chest_px
        out = min(max(out, NARROWEST_STRAP if self._sleeveless else 0.0), WIDEST_NECK)
        up_px = 0.14 * axes.torso_px
        if body.slopes_px is not None:
            up_px = interpolate(out, _SLOPE_STATIONS, body.slopes_px[side].tolist())
        # nearer to the neck than the first station the slope rises on, hair or not
        up_px += max(0.0, _SLOPE_STATIONS[0] - out) * NECK_RISE * axes.half_chest_px
        up_px += CLOTH_THICKNESS * axes.torso_px
        return OUTWARD[side] * out * axes.half_seen_px, up_px

    def _seam(
        self, axes: Axes, scale: float, body: Body, side: Side, neck: Pair, share: float
    ) -> Pair:
        """On the slope from neck to shoulder tip."""
        sign, tip = OUTWARD[side], axes.told(body.arms[side].shoulder_tip)
        # the upper edge of the cloth ends at the shoulder tip, or at the end of a strap
        share *= self._strap_share(scale, side, neck, tip)
        across = neck[0] + share * (tip[0] - neck[0])
        if body.slopes_px is None:
            return across, neck[1] + share * (tip[1] - neck[1])
        at = [station * axes.half_seen_px for station in _SLOPE_STATIONS]
        slope = [*body.slopes_px[side].tolist(), tip[1]]
        up_px = interpolate(sign * across, [*at, max(sign * tip[0], 1.0)], slope)
        return across, up_px + CLOTH_THICKNESS * axes.torso_px

    def _strap_share(self, scale: float, side: Side, neck: Pair, tip: Pair) -> float:
        """How much of the way from neck to shoulder tip the cloth covers."""
        if not self._sleeveless:
            return 1.0
        ends = self._marks[f"shoulder_{side}"], self._marks[f"neck_{side}"]
        wide = abs(float(ends[0][0] - ends[1][0]))
        return min(wide * scale / max(math.dist(tip, neck), 1.0), 1.0)

    def _neck_center(self, axes: Axes, rows: Rows, scale: float, necks: Sequence[Pair]) -> Pair:
        """Below the middle of the neck points by the garment's own neckline depth."""
        first, second = necks
        left, right = self._marks["neck_left"], self._marks["neck_right"]
        deep_tex = float(self._marks["neck_center"][1]) - 0.5 * float(left[1] + right[1])
        across_tex = max(1.0, abs(float(left[0] - right[0])))
        # the rows of the chest are squeezed to fit between shoulder and armpit: so is the neckline
        chest = (rows.armpit + SEAM_HEIGHT) * axes.torso_px / self._chest_tex
        scale = min(scale, chest, 1.25 * math.dist(first, second) / across_tex)
        return 0.5 * (first[0] + second[0]), 0.5 * (first[1] + second[1]) - deep_tex * scale


def _mean_y(marks: Mapping[str, Vector], name: str) -> float:
    return 0.5 * float(marks[f"{name}_left"][1] + marks[f"{name}_right"][1])
