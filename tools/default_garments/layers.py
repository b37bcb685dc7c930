"""Pieces of cloth one over the other: each is lit by itself and casts a contact shadow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.default_garments.canvas import Canvas, Floats, blur, inside_distance
from tools.default_garments.cloth import edge_roll
from tools.default_garments.light import Finish, lit, to_srgb

MARGIN_PX = 24


@dataclass(frozen=True)
class Layer:
    """One piece.

    Attributes:
        alpha: (H, W) 0..1.
        albedo: (H, W, 3) linear.
        relief: (H, W) px.
        finish: how it answers light.
        part: value in the part map; 0 keeps the one below.
        roll: radius in units by which the edge rolls down.
        shadow: strength of the contact shadow on what lies below.
        shadow_size: its reach, units.
    """

    alpha: Floats
    albedo: Floats
    relief: Floats
    finish: Finish
    part: int = 0
    roll: float = 0.016
    shadow: float = 0.30
    shadow_size: float = 0.020


@dataclass(frozen=True)
class Stack:
    """Layers put together: premultiplied linear colour (H, W, 3), alpha and parts (H, W)."""

    colour: Floats
    alpha: Floats
    parts: NDArray[np.uint8]


def _window(alpha: Floats) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(alpha.max(axis=1)), np.flatnonzero(alpha.max(axis=0))
    if len(rows) == 0:
        return slice(0, 1), slice(0, 1)
    return (
        slice(max(rows[0] - MARGIN_PX, 0), rows[-1] + MARGIN_PX),
        slice(max(columns[0] - MARGIN_PX, 0), columns[-1] + MARGIN_PX),
    )


def compose(canvas: Canvas, layers: Iterable[Layer]) -> Stack:
    """Light the layers and lay them over each other, first one lowest."""
    colour = np.zeros((*canvas.shape, 3), np.float32)
    alpha = np.zeros(canvas.shape, np.float32)
    parts = np.zeros(canvas.shape, np.uint8)
    for layer in layers:
        where = _window(layer.alpha)
        a = layer.alpha[where]
        height = layer.relief[where] + edge_roll(a, max(layer.roll * canvas.scale, 1.0))
        picture = lit(layer.albedo[where], height, layer.finish)
        picture *= (1 - 0.10 * np.exp(-inside_distance(a) / (0.005 * canvas.scale)))[..., None]
        if layer.shadow > 0:
            reach = layer.shadow_size * canvas.scale
            cast = blur(np.roll(a, (round(reach * 0.5), round(reach * 0.3)), (0, 1)), reach)
            colour[where] *= (1 - layer.shadow * cast)[..., None]
        colour[where] = colour[where] * (1 - a[..., None]) + picture * a[..., None]
        alpha[where] = alpha[where] + a - alpha[where] * a
        if layer.part:
            parts[where] = np.where(a > 0.5, layer.part, parts[where]).astype(np.uint8)
    return Stack(colour, alpha, parts)


def to_rgba(stack: Stack, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Reduce to ``size_wh``: (h, w, 4) uint8 sRGB, *not* premultiplied."""
    colour = cv2.resize(stack.colour, size_wh, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(stack.alpha, size_wh, interpolation=cv2.INTER_AREA)
    straight = to_srgb(colour / np.maximum(alpha, 1e-4)[..., None])
    rgba = np.concatenate([straight, 255 * alpha[..., None]], axis=2)
    rgba[rgba[..., 3] < 1] = 0
    return np.asarray(np.round(np.clip(rgba, 0, 255)), np.uint8)
