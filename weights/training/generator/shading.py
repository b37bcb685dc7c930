"""From geometry to light and labels, pixel by pixel. Compiled with numba; one thread."""

from __future__ import annotations

import numba
import numpy as np

from weights.training.generator.materials import COLUMN, Kind, Pattern
from weights.training.generator.meshes import Floats, Ints
from weights.training.generator.raster import Bytes

# Columns of a vertex's attributes
NORMAL, REST, WORLD, UV, FIELDS = 0, 3, 6, 9, 11
SKIN_CLASSES = 6  # the first fields of skin: how much a vertex is face, neck, arm, hand, leg, foot
SCALP, LIPS, BEARD, BLUSH = FIELDS + 6, FIELDS + 7, FIELDS + 8, FIELDS + 9
CLOTH_U, CLOTH_V = FIELDS, FIELDS + 1  # of cloth: along its threads, metres
ATTRIBUTES = FIELDS + 10

# The material columns, as plain numbers numba can freeze
_KIND, _LABEL, _BASE, _SECOND = (COLUMN[k] for k in ("kind", "label", "base", "second"))
_PATTERN, _PER_M, _SHARE, _SPLIT = (COLUMN[k] for k in ("pattern", "per_metre", "share", "split_m"))
_BUMP, _FOLD, _WEAVE, _GLOSS = (COLUMN[k] for k in ("bump", "fold_scale", "weave", "gloss"))
_LAYER, _RECOLOUR, _SHIFT = (COLUMN[k] for k in ("layer", "recolour", "noise_shift"))
_PRINT, _PRINT_X, _BEARD = (COLUMN[k] for k in ("print_layer", "print_x", "beard"))
_SKIN, _CLOTH, _TEXTURED, _EYE = (int(k) for k in (Kind.SKIN, Kind.CLOTH, Kind.TEXTURED, Kind.EYE))
_ACROSS, _ALONG, _CHECKS = (
    int(k) for k in (Pattern.STRIPES_ACROSS, Pattern.STRIPES_ALONG, Pattern.CHECKS)
)
_BLOTCHES, _DOTS, _HALVES, _TARTAN = (
    int(k) for k in (Pattern.BLOTCHES, Pattern.DOTS, Pattern.TWO_HALVES, Pattern.TARTAN)
)

HAIR_LABEL = 1
HAIRLINE = 0.5  # of the scalp field
SHADOW_BIAS = 0.012
SHADOW_TEXELS = 1.2  # reach of the soft edge
WRAP_RED = 0.18  # light goes around skin, red most
FINE_GRAIN = 9.0  # of the noise against folds
SKIN_GRAIN_PER_M = 260.0
FOLD_CELLS = 8.0  # noise cells in 1 / fold_scale metres


@numba.njit(cache=True, fastmath=True, inline="always")
def _noise(volume: Floats, x: float, y: float, z: float, channel: int) -> float:
    side = volume.shape[0]
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    tx, ty, tz = x - fx, y - fy, z - fz
    i, j, k = int(fx) % side, int(fy) % side, int(fz) % side
    i1, j1, k1 = (i + 1) % side, (j + 1) % side, (k + 1) % side
    low = (volume[i, j, k, channel] * (1 - tx) + volume[i1, j, k, channel] * tx) * (1 - ty) + (
        volume[i, j1, k, channel] * (1 - tx) + volume[i1, j1, k, channel] * tx
    ) * ty
    high = (volume[i, j, k1, channel] * (1 - tx) + volume[i1, j, k1, channel] * tx) * (1 - ty) + (
        volume[i, j1, k1, channel] * (1 - tx) + volume[i1, j1, k1, channel] * tx
    ) * ty
    return low * (1 - tz) + high * tz


@numba.njit(cache=True, fastmath=True, inline="always")
def _wave(x: float, share: float) -> float:
    return 1.0 if x - np.floor(x) < share else 0.0


@numba.njit(cache=True, fastmath=True)
def _pattern(m: Floats, u: float, v: float, z: float, blotch: float) -> float:
    """How much of the second colour shows here, 0..1."""
    kind, f, share = int(m[_PATTERN]), m[_PER_M], m[_SHARE]
    if kind == _ACROSS:
        return _wave(v * f, share)
    if kind == _ALONG:
        return _wave(u * f, share)
    if kind == _CHECKS:
        return 0.5 * _wave(u * f, 0.5) + 0.5 * _wave(v * f, 0.5)
    if kind == _TARTAN:
        wide = 0.5 * _wave(u * f, share) + 0.5 * _wave(v * f, share)
        thin = max(_wave(u * f * 0.5 + 0.3, 0.06), _wave(v * f * 0.5 + 0.3, 0.06))
        return wide * (1 - thin) + thin * (1 - wide)
    if kind == _BLOTCHES:
        return min(max((blotch - 0.45) * 10, 0.0), 1.0)
    if kind == _DOTS:
        du, dv = u * f - np.floor(u * f) - 0.5, v * f - np.floor(v * f) - 0.5
        return 1.0 if du * du + dv * dv < 0.3 * share else 0.0
    if kind == _HALVES:
        return 1.0 if z < m[_SPLIT] else 0.0
    return 0.0


@numba.njit(cache=True, fastmath=True, inline="always")
def _texel(textures: Bytes, layer: int, u: float, v: float, channel: int) -> float:
    size = textures.shape[1]
    column = min(int((u - np.floor(u)) * size), size - 1)
    row = min(int((1 - (v - np.floor(v))) * size), size - 1)
    return (textures[layer, row, column, channel] / 255.0) ** 2.2


@numba.njit(cache=True, fastmath=True)
def _lit(shadow: Floats, x: float, y: float, z: float) -> float:
    """Share of the key light that arrives at a place in the shadow map's clip space."""
    size = shadow.shape[0]
    column, row = (x * 0.5 + 0.5) * size, (0.5 - y * 0.5) * size
    lit = 0.0
    for dy in (-SHADOW_TEXELS, 0.0, SHADOW_TEXELS):
        for dx in (-SHADOW_TEXELS, 0.0, SHADOW_TEXELS):
            i, j = int(row + dy), int(column + dx)
            inside = 0 <= i < size and 0 <= j < size
            if not inside or z - SHADOW_BIAS <= shadow[i, j]:
                lit += 1.0
    return lit / 9.0


@numba.njit(cache=True, fastmath=True)
def shade(
    triangle: Ints,
    weights: Floats,
    faces: Ints,
    item: Ints,
    attributes: Floats,
    materials: Floats,
    textures: Bytes,
    noise: Floats,
    openness: Floats,
    shadow: Floats,
    to_shadow: Floats,
    eye: Floats,
    harmonics: Floats,
    key: Floats,
    colour: Floats,
    label: Bytes,
) -> None:
    """Light every covered pixel.

    Args:
        triangle, weights: of ``rasterise``.
        faces: (m, 3); item: (m,) row of ``materials`` for each.
        attributes: (n, ATTRIBUTES) of the vertices.
        textures: (k, S, S, 4) uint8 RGBA.
        noise: of ``noise_volume``.
        openness: (H, W) 0..1, how much of the surroundings a pixel sees.
        shadow: (S, S) depth seen from the key light; to_shadow: (3, 4) world → its clip space.
        eye: (3,) where the camera is.
        harmonics: (9, 3) light from all around.
        key: (2, 3) direction towards the key light, and its colour.
        colour: (H, W, 3) out, linear light.
        label: (H, W) out.
    """
    height, width = triangle.shape
    at = np.zeros(ATTRIBUTES, np.float32)
    for y in range(height):
        for x in range(width):
            t = triangle[y, x]
            if t < 0:
                continue
            a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
            wa, wb = weights[y, x, 0], weights[y, x, 1]
            wc = 1 - wa - wb
            for k in range(ATTRIBUTES):
                at[k] = wa * attributes[a, k] + wb * attributes[b, k] + wc * attributes[c, k]
            m = materials[item[t]]
            kind = int(m[_KIND])
            nx, ny, nz = at[0], at[1], at[2]
            vx, vy, vz = eye[0] - at[6], eye[1] - at[7], eye[2] - at[8]
            far = 1 / np.sqrt(vx * vx + vy * vy + vz * vz)
            vx, vy, vz = vx * far, vy * far, vz * far
            scale = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
            if kind != _SKIN and nx * vx + ny * vy + nz * vz < 0:
                scale = -scale
            nx, ny, nz = nx * scale, ny * scale, nz * scale
            r, g, bl = m[_BASE], m[_BASE + 1], m[_BASE + 2]
            qx, qy, qz = at[3] + m[_SHIFT], at[4] + m[_SHIFT] * 0.7, at[5]
            this, gloss, wrap = int(m[_LABEL]), m[_GLOSS], 0.0
            if kind == _SKIN:
                best = 0
                for k in range(1, SKIN_CLASSES):
                    if at[FIELDS + k] > at[FIELDS + best]:
                        best = k
                this = _SKIN_LABELS[best]
                wrap = WRAP_RED
                blotch = _noise(noise, qx * 60, qy * 60, qz * 60, 0) - 0.5
                grain = _noise(
                    noise, qx * SKIN_GRAIN_PER_M, qy * SKIN_GRAIN_PER_M, qz * SKIN_GRAIN_PER_M, 0
                )
                tone = 1 + 0.12 * blotch + 0.16 * (grain - 0.5)
                red = 0.22 * at[BLUSH] + 0.45 * at[LIPS] + 0.1 * max(blotch, 0.0)
                r, g, bl = r * tone, g * tone * (1 - 0.55 * red), bl * tone * (1 - 0.45 * red)
                hairy = 0.0
                if at[SCALP] + 0.25 * (grain - 0.5) > HAIRLINE:
                    hairy, this = 0.9, HAIR_LABEL
                elif at[BEARD] > 0.05:
                    hairy = min(max((at[BEARD] * m[_BEARD] + 0.5 * (grain - 0.5)) * 1.6, 0.0), 0.92)
                    hairy *= 1 - at[LIPS]
                h = (0.6 + 0.8 * grain) * hairy
                r = r * (1 - hairy) + m[_SECOND] * h
                g = g * (1 - hairy) + m[_SECOND + 1] * h
                bl = bl * (1 - hairy) + m[_SECOND + 2] * h
                gloss *= 1 - 0.8 * hairy
            elif kind == _CLOTH:
                u, v = at[CLOTH_U], at[CLOTH_V]
                f = m[_FOLD] * FOLD_CELLS
                warp = _noise(noise, qx * f * 0.4, qy * f * 0.4, qz * f * 0.4, 0) * 6
                px, py, pz = qx * f + warp, qy * f - warp, qz * f * 0.55 + warp
                fold = _noise(noise, px, py, pz, 0)
                gx = _noise(noise, px, py, pz, 1)
                gy = _noise(noise, px, py, pz, 2)
                gz = _noise(noise, px, py, pz, 3) * 0.55
                fine = _noise(noise, px * 2.7 + 11, py * 2.7, pz * 2.7, 0)
                gx += 0.6 * _noise(noise, px * 2.7 + 11, py * 2.7, pz * 2.7, 1)
                gy += 0.6 * _noise(noise, px * 2.7 + 11, py * 2.7, pz * 2.7, 2)
                gz += 0.6 * _noise(noise, px * 2.7 + 11, py * 2.7, pz * 2.7, 3)
                along = gx * nx + gy * ny + gz * nz
                nx -= m[_BUMP] * (gx - along * nx)
                ny -= m[_BUMP] * (gy - along * ny)
                nz -= m[_BUMP] * (gz - along * nz)
                scale = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
                nx, ny, nz = nx * scale, ny * scale, nz * scale
                blotch = _noise(
                    noise, qx * m[_PER_M] * 2, qy * m[_PER_M] * 2, qz * m[_PER_M] * 2, 0
                )
                second = _pattern(m, u, v, at[5], blotch)
                r += (m[_SECOND] - r) * second
                g += (m[_SECOND + 1] - g) * second
                bl += (m[_SECOND + 2] - bl) * second
                layer = int(m[_PRINT])
                if layer >= 0 and at[4] < 0.02:
                    pu = (at[3] - m[_PRINT_X]) / m[_PRINT_X + 2] + 0.5
                    pv = (at[5] - m[_PRINT_X + 1]) / m[_PRINT_X + 3] + 0.5
                    if 0 < pu < 1 and 0 < pv < 1:
                        size = textures.shape[1]
                        solid = textures[layer, int((1 - pv) * size), int(pu * size), 3] / 255.0
                        r += (_texel(textures, layer, pu, pv, 0) - r) * solid
                        g += (_texel(textures, layer, pu, pv, 1) - g) * solid
                        bl += (_texel(textures, layer, pu, pv, 2) - bl) * solid
                grain = _noise(noise, qx * 900, qy * 900, qz * 900, 0) - 0.5
                tone = 1 + m[_WEAVE] * grain
                tone *= 1 + m[_BUMP] * (0.9 * (fold - 0.5) + 0.35 * (fine - 0.5))
                r, g, bl = r * tone, g * tone, bl * tone
            elif kind == _TEXTURED:
                layer = int(m[_LAYER])
                tr = _texel(textures, layer, at[UV], at[UV + 1], 0)
                tg = _texel(textures, layer, at[UV], at[UV + 1], 1)
                tb = _texel(textures, layer, at[UV], at[UV + 1], 2)
                light = (0.3 * tr + 0.55 * tg + 0.15 * tb) * m[_SHARE]
                keepit = 1 - m[_RECOLOUR]
                r = tr * keepit + r * light * m[_RECOLOUR]
                g = tg * keepit + g * light * m[_RECOLOUR]
                bl = tb * keepit + bl * light * m[_RECOLOUR]
            elif kind == _EYE:
                du, dv = at[UV], at[UV + 1]
                off = np.sqrt(du * du + dv * dv)
                if off < 0.42:
                    r, g, bl = 0.01, 0.01, 0.01
                elif off >= 1.0:
                    r, g, bl = 0.55, 0.5, 0.48
            light_r = light_g = light_b = 0.0
            for k in range(9):
                if k == 0:
                    basis = 1.0
                elif k == 1:
                    basis = ny
                elif k == 2:
                    basis = nz
                elif k == 3:
                    basis = nx
                elif k == 4:
                    basis = nx * ny
                elif k == 5:
                    basis = ny * nz
                elif k == 6:
                    basis = 3 * nz * nz - 1
                elif k == 7:
                    basis = nx * nz
                else:
                    basis = nx * nx - ny * ny
                light_r += harmonics[k, 0] * basis
                light_g += harmonics[k, 1] * basis
                light_b += harmonics[k, 2] * basis
            free = openness[y, x]
            light_r, light_g, light_b = (
                max(light_r, 0.01) * free,
                max(light_g, 0.01) * free,
                max(light_b, 0.01) * free,
            )
            lx, ly, lz = key[0, 0], key[0, 1], key[0, 2]
            facing = nx * lx + ny * ly + nz * lz
            sx = to_shadow[0, 0] * at[6] + to_shadow[0, 1] * at[7] + to_shadow[0, 2] * at[8]
            sy = to_shadow[1, 0] * at[6] + to_shadow[1, 1] * at[7] + to_shadow[1, 2] * at[8]
            sz = to_shadow[2, 0] * at[6] + to_shadow[2, 1] * at[7] + to_shadow[2, 2] * at[8]
            lit = 0.0
            if facing > -wrap:
                lit = _lit(shadow, sx + to_shadow[0, 3], sy + to_shadow[1, 3], sz + to_shadow[2, 3])
            direct = max(facing, 0.0) * lit
            red_direct = max((facing + wrap) / (1 + wrap), 0.0) * lit
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            scale = 1 / np.sqrt(hx * hx + hy * hy + hz * hz + 1e-12)
            shine = max((hx * nx + hy * ny + hz * nz) * scale, 0.0) ** 24 * gloss * lit
            rim = (1 - max(nx * vx + ny * vy + nz * vz, 0.0)) ** 4 * gloss * 0.5
            colour[y, x, 0] = (
                r * (light_r + key[1, 0] * red_direct) + shine * key[1, 0] + rim * light_r
            )
            colour[y, x, 1] = g * (light_g + key[1, 1] * direct) + shine * key[1, 1] + rim * light_g
            colour[y, x, 2] = (
                bl * (light_b + key[1, 2] * direct) + shine * key[1, 2] + rim * light_b
            )
            label[y, x] = this


_SKIN_LABELS = np.array([2, 3, 5, 6, 8, 9], np.uint8)
"""Class of each of the ``SKIN_CLASSES``: face, neck and chest, arms, hands, legs, feet."""
