"""Which pixels of a photo are the garment, found from colour and edges alone.

A calm background gives the mask directly. Otherwise many guesses are made, with several notions
of "unlike the background" and several thresholds, and the one whose outline follows the edges
of the picture and is smooth and symmetric is refined with GrabCut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.background import Background, fit_background
from pipeline.garments.outline import Judge
from pipeline.garments.regions import (
    Mask,
    closed,
    components,
    grow,
    holes,
    largest,
    opened,
    reached_from_border,
    shrink,
)
from pipeline.images import to_lab
from pipeline.structures import Image

# Distances are ΔE from the background, scaled by its noise (see ``Background.distance``).
STUDIO_CONTRAST = 14.0
STUDIO_NOISE = 2.0  # L sigma of a plain wall
STUDIO_INLIERS = 0.93
STUDIO_SCORE = 1.45  # a flooded studio picture this well outlined needs nothing more
SHADOW_SHARE = 0.65  # of the contrast, lightness hardly counted: what is nearer may be shadow
SHADOW_SUPPORT = 0.55  # where a shadow fades out the picture has no edge
SHADOW_LEAST_PX = 20
LINE_PX = 9  # width of a joint in the floor that runs from the border to the garment
NEAR_SHARE, NEAR_LEAST = 0.35, 3.5  # nearer than this: certainly background
FAR_SHARE, FAR_LEAST = 0.8, 6.0  # farther than this: certainly not background
SPLITS = 0.25, 0.35, 0.5, 0.65, 0.85  # of the Otsu threshold
SPLIT_LEAST = 3.0
STRIPE_GAP = 0.055  # of the picture: stripes in the background's colour are at most this wide
HOLE_DISTANCE, HOLE_SPREAD = 2.2, 1.2  # an opening shows the background: near in colour, and flat
HOLE_LEAST_PX = 40
HOLE_RING = 21  # px diameter: the garment's colour around a hole
HOLE_NEARER = 0.4  # a hole this much nearer in colour to the background than to its rim is open
HOLE_FAR = 15.0  # ΔE; farther from the background than any shadow makes it
SEED = 7  # GrabCut starts its colour clusters at random
GRABCUT_ROUNDS = 4
GRABCUT_BONUS = 0.04  # its outline is the more exact one, so it may score a little less
FAINT = 0.8, 1.2, 2.2  # ΔE at which a flood of a plain wall stops, the farthest first
FAINT_GAP = 5  # px diameter: what is faint breaks up
FAINT_COST = 0.02  # of score; white stripes on white cost 0.01, a shadow 0.09
WALL_QUANTILES = 0.97, 0.95, 0.92, 0.90, 0.87, 0.84  # of edge strength
CENTRAL = 0.3  # of the picture: how far from its middle a garment is expected
PIECE_SHARE = 0.05  # a studio garment may lie in pieces (a belt, a bow) of at least this size


class CutoutMode(StrEnum):
    """How the mask was found."""

    STUDIO = "studio"
    COLOUR = "colour"
    OUTLINE = "outline"
    NETWORK = "network"


Segment = Callable[[Image], Mask | None]  # a further opinion on a photo, or none


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """The garment's pixels in a photo.

    Attributes:
        mask: (h, w) bool; empty when nothing stands out.
        background: what lies behind.
        mode: how the mask was found.
        score: how well its outline is supported, see ``outline.Judge``.
    """

    mask: Mask
    background: Background
    mode: CutoutMode
    score: float


def cut_out(image: Image, segment: Segment | None = None) -> Cutout:
    """Find the one object in front of the background.

    Args:
        image: (h, w, 3) uint8 RGB, about 512 px long.
        segment: asked for one more guess, which is judged like the others, unless the picture is
            so plain that none is needed.

    Returns:
        The best mask; whether it is a garment is for others to judge.
    """
    smooth = np.asarray(cv2.bilateralFilter(to_lab(image), 5, 6, 3), np.float32)
    background = fit_background(smooth)
    judge = Judge(smooth)
    contrast = otsu(background.distance)
    if _is_studio(background, contrast):
        near = max(NEAR_LEAST, NEAR_SHARE * contrast)
        mask = _main_pieces(_flooded(smooth, background.distance, near), PIECE_SHARE)
        mask = _without_shadow(_without_lines(mask), smooth, background, judge)
        score = judge.score(mask)
        if score >= STUDIO_SCORE:
            return Cutout(mask, background, CutoutMode.STUDIO, score)
    guesses = list(_colour_guesses(smooth, background)) + list(_walled_guesses(smooth))
    if _is_studio(background, contrast):
        guesses.insert(0, (mask, CutoutMode.STUDIO))
    if segment is not None and (opinion := segment(image)) is not None:
        guesses.append((opinion, CutoutMode.NETWORK))
    scores = [judge.score(guess) for guess, _ in guesses]
    best = int(np.argmax(scores))
    mask, mode = guesses[best]
    refined = _refine(image, mask, background)
    refined_score = judge.score(refined)
    if refined_score + GRABCUT_BONUS >= scores[best]:
        found = Cutout(refined, background, mode, refined_score)
    else:
        # a guess was not asked for the gaps beside its sleeves, and they cost the other its score
        found = Cutout(mask & ~holes(refined), background, mode, scores[best])
    return _with_faint_rest(found, judge) if _is_studio(background, contrast) else found


def _with_faint_rest(found: Cutout, judge: Judge) -> Cutout:
    """Add what differs from a plain wall ever so little: white cloth, straps of it.

    Shadows differ as little, but have no edges: the outline tells.
    """
    gaps = holes(found.mask)
    for near in FAINT:
        seen = opened(~reached_from_border(found.background.distance < near), 3)
        mask = closed(largest(found.mask | seen), FAINT_GAP)
        mask = (mask | holes(mask)) & ~gaps
        score = judge.score(mask)
        if score >= found.score - FAINT_COST:
            return replace(found, mask=mask, score=score)
    return found


def _without_lines(mask: Mask) -> Mask:
    """Cut off what is thin and runs out of the picture."""
    labels, _ = components(mask & ~opened(mask, LINE_PX))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.asarray(mask & ~np.isin(labels, border[border > 0]), np.bool_)


def _without_shadow(
    mask: Mask, smooth: NDArray[np.float32], background: Background, judge: Judge
) -> Mask:
    """Cut off what differs from a plain wall in lightness alone and ends without an edge."""
    near = SHADOW_SHARE * otsu(background.shadowless)
    labels, areas = components(opened(mask & ~_flooded(smooth, background.shadowless, near), 3))
    rim = mask & ~shrink(mask, 3)
    kept = mask.copy()
    for label, area in enumerate(areas, start=1):
        here = labels == label
        if area >= SHADOW_LEAST_PX and judge.support_at(grow(here, 3) & rim) < SHADOW_SUPPORT:
            kept &= ~here
    return mask if np.array_equal(kept, mask) else _main_pieces(opened(kept, 3), PIECE_SHARE)


def _is_studio(background: Background, contrast: float) -> bool:
    calm = background.inliers > STUDIO_INLIERS and float(background.sigma[0]) < STUDIO_NOISE
    return calm and contrast > STUDIO_CONTRAST


def otsu(distance: NDArray[np.float32]) -> float:
    """The threshold that best splits a distance map in two."""
    scale = 4.0  # quarter ΔE steps in 8 bits: up to 64
    level, _ = cv2.threshold(
        np.clip(distance * scale, 0, 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU
    )
    return float(level) / scale


def _colour_guesses(
    smooth: NDArray[np.float32], background: Background
) -> Iterator[tuple[Mask, CutoutMode]]:
    gap = round(STRIPE_GAP * max(smooth.shape[:2]))
    for distance in (background.distance, background.shadowless, background.patchwise):
        contrast = otsu(distance)
        for share in SPLITS:
            near = max(SPLIT_LEAST, share * contrast)
            flooded = _flooded(smooth, distance, near)
            yield _tidy(flooded), CutoutMode.COLOUR
            yield _tidy(_bridged(distance > near, gap)), CutoutMode.COLOUR


def _bridged(mask: Mask, gap: int) -> Mask:
    """Join stripes whose background-coloured gaps let the flood in."""
    padded = np.pad(opened(mask, 3), gap)
    joined = closed(padded, gap)[gap:-gap, gap:-gap]
    return ~reached_from_border(~joined)


def _tidy(mask: Mask) -> Mask:
    return _central_piece(opened(closed(mask, 3), 9))


def _flooded(smooth: NDArray[np.float32], distance: NDArray[np.float32], near: float) -> Mask:
    """Everything that the background does not reach from the border, less its openings."""
    mask = ~reached_from_border(distance < near)
    return opened(mask & ~_openings(mask, smooth, distance, near), 3)


def _openings(
    mask: Mask, smooth: NDArray[np.float32], distance: NDArray[np.float32], near: float
) -> Mask:
    """Places inside the outline where the background shows (between straps, inside a sleeve)."""
    labels, areas = components(shrink((distance < min(near, 4.0)) & mask, 3))
    count = np.concatenate([[mask.size], areas]).astype(np.float64)
    lightness = smooth[..., 0].ravel().astype(np.float64)

    def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(labels.ravel(), values, minlength=count.size) / count

    spread = np.sqrt(np.maximum(mean_of(lightness**2) - mean_of(lightness) ** 2, 0.0))
    near_enough = mean_of(distance.ravel().astype(np.float64)) < HOLE_DISTANCE
    opening = (count > HOLE_LEAST_PX) & (spread < HOLE_SPREAD) & near_enough
    opening[0] = False
    return grow(opening[labels], 3)


def _main_pieces(mask: Mask, least_share: float) -> Mask:
    labels, areas = components(mask)
    if not areas.size:
        return mask
    wanted = np.concatenate([[False], areas >= least_share * areas.max()])
    return np.asarray(wanted[labels], np.bool_)


def _central_piece(mask: Mask) -> Mask:
    """Of the large pieces, the one that lies most in the middle of the picture."""
    labels, areas = components(mask)
    if not areas.size:
        return mask
    height, width = mask.shape
    across = np.exp(-(((np.arange(width) / width - 0.5) / CENTRAL) ** 2))
    down = np.exp(-(((np.arange(height) / height - 0.5) / CENTRAL) ** 2))
    weight = np.outer(down, across)
    score = np.bincount(labels.ravel(), weight.ravel(), minlength=areas.size + 1)
    score[0] = 0.0
    return np.asarray(labels == int(score.argmax()), np.bool_)


def _walled_guesses(smooth: NDArray[np.float32]) -> Iterator[tuple[Mask, CutoutMode]]:
    """A garment in its background's colour: whatever a closed outline keeps from the border."""
    lightness = cv2.GaussianBlur(smooth[..., 0], (0, 0), 1.0)
    slope = np.hypot(cv2.Scharr(lightness, -1, 1, 0), cv2.Scharr(lightness, -1, 0, 1))
    for quantile in WALL_QUANTILES:
        wall = grow(slope > np.quantile(slope, quantile), 5)
        inside = ~reached_from_border(~wall)
        yield largest(opened(shrink(inside, 5), 9)), CutoutMode.OUTLINE


def _refine(image: Image, guess: Mask, background: Background) -> Mask:
    """Move the outline of a guess to the nearest colour border."""
    contrast = otsu(background.distance)
    near = max(NEAR_LEAST, NEAR_SHARE * contrast)
    far = max(FAR_LEAST, FAR_SHARE * contrast)
    # nor a main colour of the border that the fit through all of them misses
    patch = max(SPLIT_LEAST, NEAR_SHARE * otsu(background.patchwise))
    certain = shrink(guess, 11) & (background.distance > far)
    certain &= background.patchwise > 2.0 * patch
    refined = _grabcut(image, guess, certain, background.distance < 0.8 * near)
    if not 0.5 < refined.sum() / max(1, guess.sum()) < 1.6:
        return guess
    refined = largest(opened(closed(refined, 3), 7))
    smoothed = cv2.medianBlur(refined.astype(np.uint8), 7) > 0
    return _fill_garment_holes(to_lab(image), largest(smoothed), background, near)


def _grabcut(image: Image, guess: Mask, certain: Mask, doubtful: Mask) -> Mask:
    """Refine a guess. The result depends on the inputs alone."""
    trimap = np.full(guess.shape, cv2.GC_BGD, np.uint8)
    trimap[grow(guess, 25)] = cv2.GC_PR_BGD
    trimap[guess] = cv2.GC_PR_FGD
    trimap[doubtful & guess] = cv2.GC_PR_BGD
    trimap[certain] = cv2.GC_FGD
    if not certain.any() or not (trimap == cv2.GC_BGD).any():
        return guess
    cv2.setRNGSeed(SEED)
    whole = (0, 0, trimap.shape[1], trimap.shape[0])  # ignored when a trimap is given
    behind, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, trimap, whole, behind, front, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD), np.bool_)


def _fill_garment_holes(
    lab: NDArray[np.float32], mask: Mask, background: Background, near: float
) -> Mask:
    """Close the holes of a mask that do not clearly show the background."""
    labels, areas = components(holes(mask))
    filled = mask.copy()
    for label, area in enumerate(areas, start=1):
        here = labels == label
        if area < HOLE_LEAST_PX or not (
            float(np.median(background.distance[here])) <= min(near, 4.0)
            or _shows_background(lab, here, mask, background)
        ):
            filled |= here
    return filled


def _shows_background(
    lab: NDArray[np.float32], here: Mask, mask: Mask, background: Background
) -> bool:
    """A gap beside a sleeve lies in shadow, yet is much nearer to the background than to cloth."""
    colour = np.median(lab[here], axis=0)
    cloth = np.median(lab[grow(here, HOLE_RING) & mask], axis=0)
    behind = background.lab[here].mean(axis=0)
    away = min(float(np.linalg.norm(colour - behind)), float(np.median(background.patchwise[here])))
    return away < min(HOLE_FAR, HOLE_NEARER * float(np.linalg.norm(colour - cloth)))
