"""Colours of skin, hair and cloth. Linear light, 0..1."""

from __future__ import annotations

import colorsys

import numpy as np

from weights.training.generator.materials import RGB

# Skin from the lightest to the darkest, sRGB bytes, spaced evenly as seen
SKIN_TONES = (
    (244, 214, 196),
    (232, 190, 165),
    (214, 164, 132),
    (190, 136, 102),
    (156, 106, 76),
    (122, 80, 56),
    (90, 58, 42),
    (62, 40, 31),
)
HAIR_TONES = (
    (16, 13, 12),
    (38, 27, 22),
    (66, 45, 32),
    (98, 66, 42),
    (150, 112, 70),
    (196, 164, 112),
    (128, 124, 120),
    (206, 202, 196),
    (112, 52, 30),
)
HAIR_SHARES = (0.27, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.05)
DYED = 0.02  # share of people with hair of any colour


def linear(srgb: tuple[float, float, float]) -> RGB:
    """sRGB bytes → linear light."""
    r, g, b = ((c / 255.0) ** 2.2 for c in srgb)
    return r, g, b


def skin(rng: np.random.Generator) -> RGB:
    """Any human skin; all tones are as frequent."""
    where = rng.uniform(0, len(SKIN_TONES) - 1)
    tone = [np.interp(where, range(len(SKIN_TONES)), [t[c] for t in SKIN_TONES]) for c in range(3)]
    r, g, b = linear((tone[0], tone[1], tone[2]))
    ruddy, olive = rng.normal(0, 0.06), rng.normal(0, 0.05)
    return r * (1 + ruddy), g * (1 + olive), b * (1 - ruddy / 2)


def hair(rng: np.random.Generator) -> RGB:
    """Hair as it grows, or dyed."""
    if rng.random() < DYED:
        return colorful(rng)
    r, g, b = linear(HAIR_TONES[rng.choice(len(HAIR_TONES), p=HAIR_SHARES)])
    bright = rng.uniform(0.7, 1.3)
    return r * bright, g * bright, b * bright


def colorful(rng: np.random.Generator) -> RGB:
    """Any hue, from pale to deep."""
    r, g, b = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.15, 1), rng.uniform(0.12, 1))
    return linear((r * 255, g * 255, b * 255))


def cloth(rng: np.random.Generator, skin_tone: RGB) -> RGB:
    """What people wear: much black, white, grey, navy; any hue; now and then their own skin's."""
    kind = rng.random()
    if kind < 0.17:
        return (rng.uniform(0.006, 0.04),) * 3
    if kind < 0.36:
        white = rng.uniform(0.5, 0.9)
        warm = rng.uniform(-0.04, 0.06)
        return white * (1 + warm), white, white * (1 - warm)
    if kind < 0.5:
        return (rng.uniform(0.05, 0.5),) * 3
    if kind < 0.6:
        blue = rng.uniform(0.3, 2.5)
        return 0.02 * blue, 0.035 * blue, 0.09 * blue
    if kind < 0.68:
        r, g, b = (c * rng.uniform(0.8, 1.25) for c in skin_tone)
        return r, g, b
    return colorful(rng)
