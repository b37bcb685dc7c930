"""What the dressed pictures look like, and what they must leave alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from pipeline.images import to_lab
from pipeline.regression.findings import Floats, Metric, Pair, judged, middle, worst_frame
from pipeline.regression.regions import LIMBS, limb_area

GROUND = 127  # grey behind the dressed region when two are compared
LEAST_SIDE = 7  # px, of the window of structural similarity
FULL_CELL = 0.6
LOCAL = 3.0  # one part of a garment may be off so many times the whole's limit
LEAST_FRAMES = 3
SWAPPED_DELTA_E, STEADY_DELTA_E = 12.0, 4.0  # inside and outside of a limb that changed places
LEAST_LIMB_PX = 12
FULL_OPACITY = 0.99


def judge_picture(pair: Pair) -> list[Metric]:
    """Identity, face, depth order, colour, likeness, area and opacity."""
    return [
        _outside(pair),
        _face(pair),
        _depth(pair),
        _colour(pair),
        _local(pair),
        _similarity(pair),
        _area(pair),
        _opacity(pair),
    ]


def _outside(pair: Pair) -> Metric:
    changed = pair.now.tracks.outside_px
    count, most = int((changed > pair.limits.outside_px).sum()), int(changed.max(initial=0))
    return judged(
        "picture.outside",
        most,
        pair.limits.outside_px,
        "px",
        f"{count} frames change the camera's picture outside of the mask, up to {most} px.",
        worst_frame(changed.astype(np.float32)),
    )


def _face(pair: Pair) -> Metric:
    base, now = pair.tracks("face")
    more = now - np.nan_to_num(base)
    frame = worst_frame(more)
    value = 0.0 if frame is None else float(more[frame])
    touched = int((more > pair.limits.face).sum())
    share = 0.0 if frame is None else float(now[frame])
    return judged(
        "picture.face",
        value,
        pair.limits.face,
        "of the face",
        f"The mask touches the face in {touched} frames, {share:.1%} of it in frame {frame}"
        f" ({share - value:.1%} in the baseline).",
        frame,
    )


def _depth(pair: Pair) -> Metric:
    """A limb whose dressed share changes for good, or whose picture alone changes."""
    base, now = pair.tracks("limbs")
    steady = np.minimum(*pair.tracks("opacity")) >= FULL_OPACITY  # a weak mask covers nothing
    change = np.where(steady[:, None], now - base, np.nan)
    worst, sentence, frame = 0.0, "", None
    for index, limb in enumerate(LIMBS):
        column = change[:, index]
        known = column[np.isfinite(column)]
        if len(known) < LEAST_FRAMES:
            continue
        value = float(np.sort(np.abs(known))[-LEAST_FRAMES])
        if value > worst:
            worst, frame = value, worst_frame(np.abs(column))
            less = frame is not None and column[frame] < 0
            far = np.abs(column) >= value  # not a number stays False
            then, today = float(middle(base[far, index])), float(middle(now[far, index]))
            sentence = (
                f"Depth order: the sleeve is behind the {limb} where it was in front"
                if less
                else f"Depth order: the garment covers the {limb} where it was behind it"
            ) + f" (dressed share of it {then:.2f} then, {today:.2f} now)."
    if worst <= pair.limits.depth:
        swap = _swapped_limb(pair)
        if swap is not None:
            limb, frame = swap
            return judged(
                "depth.order",
                1.0,
                pair.limits.depth,
                "of a limb",
                f"Depth order: only the picture on the {limb} changed, as if a sleeve and another"
                " part changed places.",
                frame,
            )
    return judged("depth.order", worst, pair.limits.depth, "of a limb", sentence, frame)


def _swapped_limb(pair: Pair) -> tuple[str, int] | None:
    """A limb on which the reference pictures differ while the rest of the garment does not."""
    found: dict[str, list[int]] = {}
    for row, then, today in shared_pictures(pair):
        apart = np.linalg.norm(to_lab(today[..., :3]) - to_lab(then[..., :3]), axis=-1)
        both = (then[..., 3] > 250) & (today[..., 3] > 250)
        landmarks = pair.base.tracks.landmarks_px[row]
        scale = then.shape[0] / float(pair.base.clip["size_wh"][1])
        limbs = {
            limb: limb_area(landmarks, limb, then.shape[:2], scale) & both
            for index, limb in enumerate(LIMBS)
            if np.isfinite(pair.base.tracks.limbs[row, index])
        }
        rest = both & ~np.any([*limbs.values()], axis=0) if limbs else both
        if not rest.any() or np.median(apart[rest]) > STEADY_DELTA_E:
            continue
        for limb, area in limbs.items():
            if area.sum() >= LEAST_LIMB_PX and np.median(apart[area]) > SWAPPED_DELTA_E:
                found.setdefault(limb, []).append(row)
    return next(((limb, rows[0]) for limb, rows in found.items() if len(rows) > 1), None)


def _colour(pair: Pair) -> Metric:
    base, now = pair.tracks("lab")
    apart = now - base
    lightness, red, yellow = (float(v) for v in middle(apart))
    value = float(np.linalg.norm([lightness, red, yellow]))
    words = [
        f"{abs(amount):.1f} {up if amount > 0 else down}"
        for amount, up, down in (
            (lightness, "lighter", "darker"),
            (red, "redder", "greener"),
            (yellow, "yellower", "bluer"),
        )
        if abs(amount) > value / 4
    ]
    return judged(
        "picture.colour",
        value,
        pair.limits.colour_delta_e,
        "ΔE",
        f"The garment's colour is off by ΔE {value:.1f} ({', '.join(words)}).",
        worst_frame(np.linalg.norm(apart, axis=1)),
    )


def _local(pair: Pair) -> Metric:
    """The cell whose colour is off most, over the frames in which it is dressed in both."""
    base, now = pair.tracks("cells")
    full = np.minimum(*pair.tracks("cover")) >= FULL_CELL
    apart = np.where(full[..., None], now - base, np.nan).reshape(pair.n, -1, 3)
    often = np.isfinite(apart[..., 0]).sum(axis=0) >= LEAST_FRAMES
    value, frame = np.nan, None
    if often.any():
        sizes = np.linalg.norm(middle(apart[:, often]), axis=-1)
        cell = np.flatnonzero(often)[int(np.argmax(sizes))]
        value = float(sizes.max())
        frame = worst_frame(np.linalg.norm(apart[:, cell], axis=-1))
    return judged(
        "picture.local",
        value,
        LOCAL * pair.limits.colour_delta_e,
        "ΔE",
        f"A part of the garment looks different: ΔE {value:.1f} in one place.",
        frame,
    )


def shared_pictures(pair: Pair) -> list[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Frames of which both have a picture: row, baseline's, now's, each (h, w, 4)."""
    now = dict(zip(pair.now.pictures.rows.tolist(), pair.now.pictures.dressed, strict=True))
    return [
        (row, picture, now[row])
        for row, picture in zip(
            pair.base.pictures.rows.tolist(), pair.base.pictures.dressed, strict=True
        )
        if row in now and now[row].shape == picture.shape
    ]


def _similarity(pair: Pair) -> Metric:
    losses, rows = [], []
    for row, then, today in shared_pictures(pair):
        union = (then[..., 3] > 0) | (today[..., 3] > 0)
        if min(union.shape) < LEAST_SIDE or not union.any():
            continue
        _, likeness = structural_similarity(  # type: ignore[no-untyped-call]
            _on_grey(then), _on_grey(today), channel_axis=-1, full=True, data_range=255
        )
        losses.append(1.0 - float(likeness[union].mean()))
        rows.append(row)
    value = float(np.mean(losses)) if losses else np.nan
    return judged(
        "picture.similarity",
        value,
        pair.limits.ssim,
        "1 − SSIM",
        f"The dressed region looks different: structural similarity {1 - value:.3f}.",
        rows[int(np.argmax(losses))] if losses else None,
    )


def _on_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(picture[..., 3:] > 0, picture[..., :3], np.uint8(GROUND))


def _area(pair: Pair) -> Metric:
    base, now = pair.tracks("area")
    ratio = np.full(pair.n, np.nan)
    np.divide(now, base, out=ratio, where=pair.both & (base > 0))
    change = float(middle(ratio)) - 1
    return judged(
        "picture.area",
        abs(change),
        pair.limits.area,
        "of it",
        f"The dressed area is {abs(change):.1%} {'larger' if change > 0 else 'smaller'}.",
        worst_frame(np.abs(ratio - 1)),
    )


def _opacity(pair: Pair) -> Metric:
    base, now = pair.tracks("opacity")
    apart: Floats = np.where(pair.both, np.abs(now - base), np.nan)
    value = float(middle(apart))
    return judged(
        "picture.opacity",
        value,
        pair.limits.opacity,
        "opacity",
        f"The garment is faded in otherwise: opacity differs by {value:.2f}.",
        worst_frame(apart),
    )
