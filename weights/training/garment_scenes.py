"""Photos of garments with exact masks: procedural cloth laid on, hung before or worn over anything.

No photo takes part. Everything is drawn flat, at the size the network sees.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from weights.training.camera import Camera
from weights.training.garment_outlines import Piece, bounds, filled, sample_outline
from weights.training.generator import colours
from weights.training.generator.prints import sample_print

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

GAMMA = 1 / 2.2
PICTURE_PX = 256  # at which lengths below are meant
LACE = 0.08  # share of garments
PRINTED = 0.25
WHITE_ON_WHITE = 0.12
SHADOWED = 0.75
CLUTTER = 0.3  # share of pictures with other things at their borders


class Scenes:
    """Draws scenes for ever.

    Args:
        rng: where chance comes from; size: of the square pictures, px.
    """

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self._rng, self._size = rng, size
        self._camera = Camera(rng)

    def draw(self) -> tuple[Bytes, Bytes]:
        """One picture (S, S, 3) uint8 RGB and its mask (S, S) uint8, 0..255."""
        rng, size = self._rng, self._size
        pieces = self._placed(sample_outline(rng))
        white = rng.random() < WHITE_ON_WHITE
        behind, hanging = self._surroundings(white)
        cover = np.max([filled(piece.points, size) for piece in pieces], axis=0)
        if rng.random() < SHADOWED:
            behind = behind * self._shadow(cover)[..., None]
        picture, mask = behind, np.zeros((size, size), np.float32)
        cloth = self._cloth(white)
        hanger = self._hanger(pieces) if hanging else None
        for number, piece in enumerate(pieces):
            alpha = filled(piece.points, size)
            shaded = self._shaded(self._grained(cloth, piece), alpha, piece)
            seen = alpha * self._lace if not piece.inside else alpha
            picture = picture + seen[..., None] * (shaded - picture)
            mask = np.maximum(mask, alpha)
            if hanger is not None and (piece.inside or number == 0):
                picture, mask = self._hung(picture, mask, hanger)
                hanger = None
        image = np.clip(np.maximum(picture, 0) ** GAMMA * 255, 0, 255).astype(np.uint8)
        return self._camera.photograph(image), (mask * 255).astype(np.uint8)

    def _placed(self, pieces: list[Piece]) -> list[Piece]:
        """In pixels: turned, sized and put somewhere near the middle, then bent a little."""
        rng, size = self._rng, self._size
        low, high = bounds(pieces)
        fill = rng.uniform(0.6, 0.97)
        scale = fill * size / (high - low).max()
        wide = np.exp(rng.uniform(-0.05, 0.35))  # portraits are squeezed into a square
        stretch = np.array([min(wide, 0.97 * size / (scale * (high - low)[0])), 1.0])
        turn = rng.normal(0, 0.07)
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        spare = np.maximum(size - (high - low) * scale * stretch, 0)
        middle = size / 2 + rng.uniform(-0.25, 0.25, 2) * spare
        waves = rng.normal(0, 0.006 * size, (2, 3))
        placed = []
        for piece in pieces:
            at = (piece.points - (low + high) / 2) * scale * stretch @ turned.T + middle
            phase = at[:, ::-1] / size * 2 * np.pi
            for k in range(3):
                at = at + waves[:, k] * np.sin((k + 1) * phase + k)
            placed.append(Piece(at.astype(np.float32), piece.inside, piece.own_grain))
        return placed

    def _field(self, cells: float, power: float = 1.0) -> Floats:
        """(S, S) smooth noise, so many cells across."""
        many = max(2, round(cells))
        coarse = self._rng.normal(0, power, (many + 1, many + 1)).astype(np.float32)
        return cv2.resize(coarse, (self._size, self._size), interpolation=cv2.INTER_CUBIC)

    def _flat(self, colour: tuple[float, float, float]) -> Floats:
        return np.tile(np.array(colour, np.float32), (self._size, self._size, 1))

    # what lies behind

    def _surroundings(self, white: bool) -> tuple[Floats, bool]:
        """(S, S, 3) linear light, and whether the garment hangs."""
        rng = self._rng
        kind = rng.random()
        if white or kind < 0.34:
            bright = rng.uniform(0.75, 1.0)
            plain = self._flat((bright, bright * rng.uniform(0.96, 1.0), bright))
            if rng.random() < 0.5:
                plain = plain * (1 + self._field(2, 0.04))[..., None]
            return plain, rng.random() < 0.1
        if kind < 0.52:
            return self._wall(), True
        makers = (self._boards, self._tiles, self._sheet, self._rug)
        behind = makers[int(rng.integers(len(makers)))]()
        behind = behind * (1 + self._field(2, 0.12))[..., None]
        return self._cluttered(behind), False

    def _paint(self) -> tuple[float, float, float]:
        rng = self._rng
        if rng.random() < 0.5:
            light = rng.uniform(0.2, 0.85)
            return light, light * rng.uniform(0.9, 1.0), light * rng.uniform(0.7, 1.02)
        if rng.random() < 0.5:
            brown = rng.uniform(0.3, 1.6)
            return 0.35 * brown, 0.2 * brown, 0.1 * brown
        return colours.colorful(rng)

    def _wall(self) -> Floats:
        wall = self._flat(self._paint()) * (1 + self._field(2, 0.2))[..., None]
        return self._cluttered(wall)

    def _turned(self, pitch: float, turn: float | None = None) -> tuple[Floats, Floats]:
        """Two coordinates counted in stripes of ``pitch`` px, along and across some direction."""
        rng = self._rng
        angle = turn if turn is not None else float(rng.choice([0, np.pi / 2]) + rng.normal(0, 0.3))
        y, x = np.mgrid[0 : self._size, 0 : self._size].astype(np.float32)
        along, across = (
            x * np.cos(angle) + y * np.sin(angle),
            y * np.cos(angle) - x * np.sin(angle),
        )
        return along / pitch, across / pitch + float(rng.uniform(0, 1))

    def _boards(self) -> Floats:
        rng = self._rng
        along, across = self._turned(self._size * rng.uniform(0.08, 0.5))
        number = np.floor(across).astype(int) % 64
        tone = np.exp(rng.normal(0, 0.18, 64)).astype(np.float32)[number]
        grain = cv2.remap(
            self._field(60, 1.0),
            ((along * 3) % self._size).astype(np.float32),
            ((across * 40) % self._size).astype(np.float32),
            cv2.INTER_LINEAR,
        )
        gap = np.where(across % 1 < rng.uniform(0.01, 0.04), rng.uniform(0.3, 0.8), 1.0)
        light = tone * np.exp(rng.uniform(0, 0.15) * grain) * gap
        return np.asarray(self._flat(self._paint()) * light[..., None], np.float32)

    def _tiles(self) -> Floats:
        rng = self._rng
        along, across = self._turned(self._size * rng.uniform(0.15, 0.6))
        width = rng.uniform(0.01, 0.05)
        joint = (along % 1 < width) | (across % 1 < width)
        light = np.where(joint, rng.uniform(0.3, 1.5), 1.0) * (1 + self._field(30, 0.03))
        return np.asarray(self._flat(self._paint()) * light[..., None], np.float32)

    def _sheet(self) -> Floats:
        """Cloth with creases."""
        rng = self._rng
        cloth = self._flat(self._paint())
        light = 1 + self._folds(rng.uniform(0.05, 0.25))
        return np.asarray(cloth * light[..., None], np.float32)

    def _rug(self) -> Floats:
        rng = self._rng
        grain = self._field(self._size / rng.uniform(1.5, 6), rng.uniform(0.05, 0.3))
        spots = self._field(8, rng.uniform(0, 0.15))
        light = np.exp(grain + spots)[..., None]
        return np.asarray(self._flat(self._paint()) * light, np.float32)

    def _cluttered(self, behind: Floats) -> Floats:
        """Other things along the borders."""
        rng, size = self._rng, self._size
        if rng.random() > CLUTTER:
            return behind
        behind = np.ascontiguousarray(behind)
        for _ in range(rng.integers(1, 4)):
            ink = [float(c) for c in self._paint()]
            edge, reach = rng.uniform(0, size), rng.uniform(0.02, 0.15) * size
            box = np.array([(edge - size / 4, -reach), (edge + size / 4, reach)])
            if rng.random() < 0.5:
                box = box[:, ::-1]
            if rng.random() < 0.5:
                box = size - box
            corners = [[int(v) for v in corner] for corner in box]
            cv2.rectangle(behind, corners[0], corners[1], ink, -1, cv2.LINE_AA)
        return behind

    def _shadow(self, cover: Floats) -> Floats:
        rng, size = self._rng, self._size
        reach = size / PICTURE_PX
        dx, dy = rng.normal(0, 5, 2) * reach
        moved = cv2.warpAffine(cover, np.array([[1, 0, dx], [0, 1, dy]]), (size, size))
        soft = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.8, 8) * reach))
        return np.asarray(1 - rng.uniform(0.08, 0.6) * soft, np.float32)

    # the garment

    def _cloth(self, white: bool) -> Floats:
        """(S, S, 3) flat cloth, with its pattern; sets how far one sees through it."""
        rng = self._rng
        self._lace = np.ones((self._size, self._size), np.float32)
        if rng.random() < LACE:
            holes = self._field(rng.uniform(15, 50)) > rng.uniform(-0.3, 0.8)
            self._lace = np.where(holes, rng.uniform(0.1, 0.6), 1.0).astype(np.float32)
        if white:
            pale = rng.uniform(0.72, 1.0)
            return self._flat((pale, pale, pale * rng.uniform(0.95, 1.0)))
        cloth = self._flat(colours.cloth(rng, colours.skin(rng)))
        second = np.array(colours.cloth(rng, colours.skin(rng)), np.float32)
        kind, size = rng.random(), self._size
        along, across = self._turned(size * rng.uniform(0.02, 0.14), float(rng.choice([0, 1.571])))
        share = rng.uniform(0.15, 0.7)
        if kind < 0.2:
            cloth[across % 1 < share] = second
        elif kind < 0.3:
            first, other = (np.where(c % 1 < share, 0.5, 0.0) for c in (along, across))
            cloth += ((first + other)[..., None] * (second - cloth)).astype(np.float32)
        elif kind < 0.45:
            for _ in range(rng.integers(1, 4)):
                ink = np.array(colours.colorful(rng), np.float32)
                cloth[self._field(rng.uniform(8, 45)) > rng.uniform(0.4, 1.2)] = ink
        elif kind < 0.52:
            cloth[across % 40 < 20] = second  # two halves
        elif kind < 0.57:
            cloth[np.hypot(along % 1 - 0.5, across % 1 - 0.5) < share / 2] = second
        return self._printed(cloth) if rng.random() < PRINTED else cloth

    def _printed(self, cloth: Floats) -> Floats:
        rng, size = self._rng, self._size
        side = int(size * rng.uniform(0.15, 0.45))
        stamp = cv2.resize(sample_print(rng), (side, side), interpolation=cv2.INTER_AREA)
        x, y = (size - side) // 2, int(rng.uniform(0.2, 0.5) * size)
        part = cloth[y : y + side, x : x + side]
        stamp = stamp[: part.shape[0]].astype(np.float32) / 255
        part += stamp[..., 3:] * (stamp[..., :3] ** 2.2 - part)
        return cloth

    def _grained(self, cloth: Floats, piece: Piece) -> Floats:
        """The cloth turned along a sleeve."""
        if not piece.own_grain:
            return cloth
        half = len(piece.points) // 2
        way = piece.points[half - 1] - piece.points[0]
        angle = float(np.degrees(np.arctan2(way[0], way[1])))
        middle = tuple(float(v) for v in piece.points.mean(0))
        turned = cv2.getRotationMatrix2D((middle[0], middle[1]), angle, 1.0)
        return cv2.warpAffine(
            cloth, turned, (self._size, self._size), borderMode=cv2.BORDER_REFLECT
        )

    def _folds(self, strength: float) -> Floats:
        """Creases: slopes of noise of several sizes, stretched in one direction."""
        rng = self._rng
        relief = self._field(rng.uniform(4, 9)) + 0.4 * self._field(rng.uniform(10, 25))
        slope = cv2.Sobel(relief, cv2.CV_32F, *((1, 0) if rng.random() < 0.6 else (0, 1)))
        return np.asarray(strength * slope / (slope.std() + 1e-6), np.float32)

    def _shaded(self, cloth: Floats, alpha: Floats, piece: Piece) -> Floats:
        rng, size = self._rng, self._size
        light = 1 + self._folds(rng.uniform(0.02, 0.16))
        rim = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(1.0, 5.0) * size / PICTURE_PX)
        light = light * (1 - rng.uniform(0, 0.7) * (1 - rim))
        if piece.inside:
            light = light * rng.uniform(0.35, 0.85)
        return np.asarray(cloth * np.maximum(light, 0.05)[..., None], np.float32)

    # hangers

    def _hanger(self, pieces: list[Piece]) -> Floats:
        """(S, S) a bow through the shoulders and a hook."""
        rng, size = self._rng, self._size
        low, high = bounds(pieces)
        x, y = (low[0] + high[0]) / 2, low[1] + rng.uniform(0, 0.03) * size
        reach, drop = (high[0] - low[0]) * rng.uniform(0.2, 0.4), size * rng.uniform(0.03, 0.1)
        thick = max(1, int(size * rng.uniform(0.008, 0.04)))
        plane = np.zeros((size, size), np.uint8)
        rise = rng.uniform(0.0, 0.08) * size
        bow = [(x - reach, y + drop), (x - reach / 3, y - rise), (x, y - rise * 1.4)]
        bow += [(x + reach / 3, y - rise), (x + reach, y + drop)]
        cv2.polylines(plane, [np.array(bow, np.int32)], False, 255, thick, cv2.LINE_AA)
        top = int(y - rise * 1.4 - size * rng.uniform(0.05, 0.12))
        thin = max(1, thick // 3)
        cv2.line(plane, (int(x), int(y - rise)), (int(x), top), 255, thin, cv2.LINE_AA)
        bend = int(size * 0.02)
        cv2.ellipse(plane, (int(x) - bend, top), (bend, bend), 0, 180, 380, 255, thin, cv2.LINE_AA)
        return np.asarray(plane.astype(np.float32) / 255)

    def _hung(self, picture: Floats, mask: Floats, hanger: Floats) -> tuple[Floats, Floats]:
        rng = self._rng
        tone = float(rng.choice([0.01, 0.8, 0.25, rng.uniform(0.02, 0.7)]))
        ink = np.array([tone, tone * rng.uniform(0.6, 1.0), tone * rng.uniform(0.4, 1.0)])
        return (
            np.asarray(picture + hanger[..., None] * (ink - picture), np.float32),
            np.asarray(mask * (1 - hanger), np.float32),
        )
