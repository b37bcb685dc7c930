"""What is behind a person and what lights them: HDRIs, painted rooms, plain walls, blotches."""

from __future__ import annotations

import cv2
import numpy as np

from weights.training.generator import colours
from weights.training.generator.meshes import Floats

SH_GRID_HW = (32, 64)
SH_CLIP = 30.0  # the sun itself becomes the key light instead
BASIS_SCALE = (
    0.282095,
    0.488603,
    0.488603,
    0.488603,
    1.092548,
    1.092548,
    0.315392,
    1.092548,
    0.546274,
)
COSINE_LOBE = (np.pi, *(2 * np.pi / 3,) * 3, *(np.pi / 4,) * 5)


def harmonics(environment: Floats, turn: float) -> Floats:
    """(9, 3) diffuse light of surroundings (h, w, 3) turned about the vertical, radians.

    Source: Ramamoorthi and Hanrahan 2001.
    """
    height, width = SH_GRID_HW
    small = cv2.resize(
        np.minimum(environment, SH_CLIP), (width, height), interpolation=cv2.INTER_AREA
    )
    theta = (np.arange(height) + 0.5) / height * np.pi
    phi = (np.arange(width) + 0.5) / width * 2 * np.pi + turn
    sine = np.sin(theta)[:, None]
    x, y = sine * np.cos(phi), sine * np.sin(phi)
    z = np.broadcast_to(np.cos(theta)[:, None], x.shape)
    solid = sine * (np.pi / height) * (2 * np.pi / width)
    shapes = (1 + 0 * x, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    rows = [
        (small * (shape * scale * solid)[..., None]).sum((0, 1)) * scale * lobe / np.pi
        for shape, scale, lobe in zip(shapes, BASIS_SCALE, COSINE_LOBE, strict=True)
    ]
    return np.asarray(rows, np.float32)


def view(
    environment: Floats, size_hw: tuple[int, int], turn: float, tan_half: float, tilt: float
) -> Floats:
    """(H, W, 3) what a camera facing +y sees of the surroundings."""
    height, width = size_hw
    u, v = np.meshgrid(
        ((np.arange(width) + 0.5) / width * 2 - 1) * tan_half * width / height,
        (1 - (np.arange(height) + 0.5) / height * 2) * tan_half,
    )
    ahead, up = np.cos(tilt) - v * np.sin(tilt), np.sin(tilt) + v * np.cos(tilt)
    azimuth = np.arctan2(ahead, u) - turn
    steep = np.arccos(up / np.sqrt(u**2 + ahead**2 + up**2))
    rows, columns = environment.shape[:2]
    return cv2.remap(
        environment,
        ((azimuth / (2 * np.pi)) % 1 * columns).astype(np.float32),
        (steep / np.pi * rows).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )


def sample_background(
    environments: dict[str, Floats],
    size_hw: tuple[int, int],
    skin: colours.RGB,
    rng: np.random.Generator,
) -> Floats:
    """(H, W, 3) linear light, of about the person's own brightness."""
    kind = rng.random()
    if kind < 0.4:
        name = str(rng.choice(sorted(environments)))
        picture = view(
            environments[name],
            size_hw,
            rng.uniform(0, 6.3),
            rng.uniform(0.3, 0.7),
            rng.normal(0, 0.1),
        )
        picture = picture / (np.median(picture) + 1e-3) * rng.uniform(0.04, 0.35)
        picture = np.minimum(picture, 4.0)
    elif kind < 0.8:
        picture = _room(size_hw, skin, rng)
    else:
        picture = _wall(size_hw, _paint(skin, rng), rng)
    if rng.random() < 0.8:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 4.0))
    return np.asarray(picture * rng.uniform(0.25, 1.1), np.float32)


def _paint(skin: colours.RGB, rng: np.random.Generator) -> colours.RGB:
    """Walls are pale, wooden, skin-coloured, or anything."""
    kind = rng.random()
    if kind < 0.45:
        white = rng.uniform(0.25, 0.85)
        return white, white * rng.uniform(0.92, 1.02), white * rng.uniform(0.8, 1.05)
    if kind < 0.65:
        r, g, b = (c * rng.uniform(0.8, 1.2) for c in skin)
        return r, g, b
    if kind < 0.8:
        brown = rng.uniform(0.3, 1.2)
        return 0.35 * brown, 0.2 * brown, 0.1 * brown
    return colours.colorful(rng)


def _wall(size_hw: tuple[int, int], paint: colours.RGB, rng: np.random.Generator) -> Floats:
    """One colour, unevenly lit, a little stained."""
    height, width = size_hw
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = rng.normal(0, 0.35, 2)
    light = np.exp(slope[0] * (x / width - 0.5) + slope[1] * (y / height - 0.5))
    cells = rng.normal(0, 1, (height // 24 + 2, width // 24 + 2)).astype(np.float32)
    stains = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    light = light * (1 + rng.uniform(0, 0.12) * stains)
    return np.asarray(light[..., None] * np.array(paint, np.float32), np.float32)


def _room(size_hw: tuple[int, int], skin: colours.RGB, rng: np.random.Generator) -> Floats:
    """A wall, a floor, and boxes that could be furniture, windows, doors, shelves, pictures."""
    height, width = size_hw
    picture = _wall(size_hw, _paint(skin, rng), rng)
    if rng.random() < 0.5:
        edge = int(rng.uniform(0.5, 1.0) * height)
        picture[edge:] = _wall(size_hw, _paint(skin, rng), rng)[edge:]
    for _ in range(rng.integers(2, 16)):
        x, y = int(rng.uniform(-0.2, 1) * width), int(rng.uniform(-0.2, 1) * height)
        w, h = int(width * rng.uniform(0.03, 0.6)), int(height * rng.uniform(0.03, 0.6))
        bright = 3.0 if rng.random() < 0.08 else 1.0  # a window or a lamp
        ink = [float(c * bright) for c in _paint(skin, rng)]
        if rng.random() < 0.75:
            cv2.rectangle(picture, (x, y), (x + w, y + h), ink, -1)
            _inside(picture, (x, y, w, h), ink, rng)
        else:
            cv2.ellipse(picture, (x, y), (w // 2, h // 2), rng.uniform(0, 180), 0, 360, ink, -1)
    return picture


def _inside(
    picture: Floats, box: tuple[int, int, int, int], ink: list[float], rng: np.random.Generator
) -> None:
    """Some boxes have shelves, slats or a frame."""
    x, y, w, h = box
    dark = [c * 0.4 for c in ink]
    kind = rng.random()
    if kind < 0.25:
        cv2.rectangle(picture, (x, y), (x + w, y + h), dark, int(rng.integers(1, 6)))
    elif kind < 0.5 and w > 8:
        for step in range(x, x + w, max(int(rng.integers(3, 30)), 2)):
            cv2.line(picture, (step, y), (step, y + h), dark, int(rng.integers(1, 4)))
    elif kind < 0.65 and h > 8:
        for step in range(y, y + h, max(int(rng.integers(4, 40)), 2)):
            cv2.line(picture, (x, step), (x + w, step), dark, int(rng.integers(1, 4)))
