"""From one look of a garment to the next, without a jump."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep
from pipeline.looks.draw import draw_look
from pipeline.looks.look import Look
from pipeline.structures import Body, Box, DrawnLook

FADE_S = 0.25


class CrossFade:
    """Draws a session's look; when another look of the same garment comes, fades over to it.

    Another garment, or a clock that jumps, changes at once.
    """

    def __init__(self, fade_s: float = FADE_S) -> None:
        self._fade_s = fade_s
        self.reset()

    def reset(self) -> None:
        """The next look appears at once."""
        self._now: _Worn | None = None
        self._before: _Worn | None = None
        self._since_s = 0.0

    def draw(
        self,
        look: Look,
        body: Body,
        size_wh: tuple[int, int],
        time_s: float,
        *,
        garment: object,
        lit: float = 0.0,
    ) -> DrawnLook:
        """Draw a look on a body.

        Args:
            look: the newest there is.
            body: in the frame's px.
            size_wh: of the frame, px.
            time_s: of the frame; grows from call to call.
            garment: what the look shows; looks of the same garment fade into each other.
            lit: of the drawing, see ``DrawnLook``.
        """
        now = self._now
        if now is None or now.look is not look:
            self._before = now if now is not None and now.garment is garment else None
            now, self._since_s = _Worn(look, garment, lit), time_s
            self._now = now
        drawn = now.draw(body, size_wh)
        share = (time_s - self._since_s) / self._fade_s
        if self._before is None or not 0.0 <= share < 1.0:
            self._before = None
            return drawn
        return mix(self._before.draw(body, size_wh), drawn, float(smoothstep(share)))


@dataclass(frozen=True, slots=True, eq=False)
class _Worn:
    look: Look
    garment: object
    lit: float

    def draw(self, body: Body, size_wh: tuple[int, int]) -> DrawnLook:
        return replace(draw_look(self.look, body, size_wh), lit=self.lit)


def mix(old: DrawnLook, new: DrawnLook, share: float) -> DrawnLook:
    """Two drawings of one garment as one.

    Args:
        old, new: on the same body.
        share: 0..1 of the new one.
    """
    box = Box(
        min(old.box.x0, new.box.x0),
        min(old.box.y0, new.box.y0),
        max(old.box.x1, new.box.x1),
        max(old.box.y1, new.box.y1),
    )

    def blend(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
        a, b = _on(box, old.box, first), _on(box, new.box, second)
        return np.asarray(cv2.addWeighted(a, 1.0 - share, b, share, 0.0), np.uint8)

    parts = [_on(box, drawn.box, drawn.parts) for drawn in (old, new)]
    later, earlier = (parts[1], parts[0]) if share >= 0.5 else parts
    collar = None
    if old.back_collar is not None or new.back_collar is not None:
        collar = blend(*(_collar(drawn) for drawn in (old, new)))
    sides = old.sleeve_reach.keys() | new.sleeve_reach.keys()
    reach = {
        side: (1.0 - share) * old.sleeve_reach.get(side, 0.0)
        + share * new.sleeve_reach.get(side, 0.0)
        for side in sides
    }
    return DrawnLook(
        box=box,
        rgba=blend(old.rgba, new.rgba),
        torso_alpha=blend(old.torso_alpha, new.torso_alpha),
        parts=np.where(later > 0, later, earlier),
        vertices_px=new.vertices_px,
        neckline_px=_between(old.neckline_px, new.neckline_px, share),
        hem_px=_between(old.hem_px, new.hem_px, share),
        sleeve_reach=reach,
        back_collar=collar,
        lit=(1.0 - share) * old.lit + share * new.lit,
    )


def _between(
    old: NDArray[np.float32], new: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    if old.shape != new.shape:
        return new
    return np.asarray((1.0 - share) * old + share * new, np.float32)


def _collar(drawn: DrawnLook) -> NDArray[np.uint8]:
    return np.zeros_like(drawn.rgba) if drawn.back_collar is None else drawn.back_collar


def _on(box: Box, own: Box, layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A layer on a larger box."""
    if own == box:
        return layer
    canvas = np.zeros((box.height, box.width, *layer.shape[2:]), np.uint8)
    canvas[own.y0 - box.y0 : own.y1 - box.y0, own.x0 - box.x0 : own.x1 - box.x0] = layer
    return canvas
