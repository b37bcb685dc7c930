"""What goes wrong from frame to frame: lag, flicker, unsteadiness."""

from __future__ import annotations

import numpy as np

from pipeline.regression.findings import Floats, Metric, Pair, judged, middle, worst_frame
from pipeline.regression.judge_geometry import mesh_points

LAG_RANGE = 15  # frames searched either way
LEAST_OVERLAP = 8  # frames
EXPLAINED = 0.5  # a lag is one when it explains this share of the distance
LEAST_MOTION_TORSO = 0.006  # nobody sees a lag of what hardly moves
LEAST_MOTION_DELTA_E = 0.8
FLICKER_REACH = 2  # frames on either side that a flicker is judged against
LEAST_NEIGHBOURS = 4  # of five frames: with fewer an odd one would pull the middle to itself
FULL_CELL = 0.6
CELL_FACTOR = 2.5  # one cell may jump so much more than the whole garment
STEADY_SHARE = 90  # percentile over the frames


def judge_time(pair: Pair) -> list[Metric]:
    """Lag, flicker and steadiness."""
    return [_lag(pair), _flicker(pair), _steadiness(pair)]


def _lag(pair: Pair) -> Metric:
    lag, frame = 0, None
    for (base, now), least in _motions(pair):
        lag = best_lag(base, now, least)
        if lag:
            apart = now - base
            frame = worst_frame(np.linalg.norm(apart - middle(apart), axis=1))
            break
    ms = abs(lag) * 1000 / pair.fps
    when = "later" if lag > 0 else "earlier"
    return judged(
        "temporal.lag",
        abs(lag),
        pair.limits.lag_frames,
        "frames",
        f"The garment lags: it follows the person {abs(lag)} frames ({ms:.0f} ms) {when} than in"
        " the baseline.",
        frame,
    )


def _motions(pair: Pair) -> list[tuple[tuple[Floats, Floats], float]]:
    """What may lag: the mesh, the mask, the picture; each with the least motion that shows one."""
    torso = float(np.median(pair.torso_px))
    base, now = mesh_points(pair)
    mask_base, mask_now = pair.tracks("centroid_px")
    cells_base, cells_now = (t[..., 0].reshape(pair.n, -1) for t in pair.tracks("cells"))
    return [
        ((middle(base, axis=1), middle(now, axis=1)), LEAST_MOTION_TORSO * torso),
        ((mask_base, mask_now), LEAST_MOTION_TORSO * torso),
        ((cells_base, cells_now), LEAST_MOTION_DELTA_E),
    ]


def best_lag(base: Floats, now: Floats, least: float) -> int:
    """By how many frames ``now`` runs behind ``base``; 0 when a delay explains nothing.

    Args:
        base, now: (n, d), not-a-number where unknown. A constant distance does not matter.
        least: distance from which two frames differ at all, in the unit of the values.
    """
    apart = _distance_at(base, now, 0)
    if not apart > least:
        return 0
    reach = min(LAG_RANGE, len(base) - LEAST_OVERLAP)
    lags = [lag for lag in range(-reach, reach + 1) if lag]
    distances = [_distance_at(base, now, lag) for lag in lags]
    known = [(d, abs(lag), lag) for d, lag in zip(distances, lags, strict=True) if np.isfinite(d)]
    if not known:
        return 0
    distance, _, lag = min(known)
    return lag if distance < EXPLAINED * apart else 0


def _distance_at(base: Floats, now: Floats, lag: int) -> float:
    """Typical distance when ``now`` is moved back by ``lag`` frames."""
    n = len(base)
    then = base[max(0, -lag) : n - max(0, lag)]
    today = now[max(0, lag) : n - max(0, -lag)]
    apart = today - then
    known = np.isfinite(apart).any(axis=1)
    if known.sum() < LEAST_OVERLAP:
        return np.nan
    apart = apart[known] - middle(apart[known])
    share = np.isfinite(apart).mean(axis=1)
    squares = np.where(np.isfinite(apart), apart, 0) ** 2
    size = np.sqrt(squares.sum(axis=1) / share / apart.shape[1])
    return float(size.mean())  # not the median: a short motion must count too


def _flicker(pair: Pair) -> Metric:
    limits = pair.limits
    excess = {
        "colour": _excess(pair, "lab", 1.0) / limits.flicker_delta_e,
        "dressed area": _area_excess(pair) / limits.flicker_area,
        "place": _place_excess(pair) / (2 * limits.shift_torso),
        "colour of one part": _cell_excess(pair) / (CELL_FACTOR * limits.flicker_delta_e),
    }
    worst = {what: float(np.nanmax(e, initial=0.0)) for what, e in excess.items()}
    what = max(worst, key=lambda key: worst[key])
    frame = worst_frame(excess[what])
    flickering = _flickering(np.nanmax(np.stack([*excess.values()]), axis=0, initial=0.0))
    where = ", ".join(map(str, flickering[:6])) + (" …" if len(flickering) > 6 else "")
    return judged(
        "temporal.flicker",
        worst[what],
        1.0,
        "of the limit",
        f"Flicker in frame {where}: for a moment the {what} jumps,"
        f" {worst[what]:.1f} times as far as allowed.",
        frame,
    )


def _flickering(excess: Floats) -> list[int]:
    """Frames beyond the limit; not those that only look odd beside a much odder one."""
    rows = []
    for row in np.flatnonzero(excess > 1):
        around = excess[max(0, row - FLICKER_REACH) : row + FLICKER_REACH + 1]
        if excess[row] > around.max() / 2:
            rows.append(int(row))
    return rows


def leap(track: Floats) -> Floats:
    """Distance of every frame from the middle of its neighbourhood, (n,); tracks are (n, d).

    A change that stays leaves the middle with it and is no leap; one or two odd frames are.
    """
    n = len(track)
    padded = np.pad(track, ((FLICKER_REACH, FLICKER_REACH), (0, 0)), mode="edge")
    windows = np.stack([padded[i : i + n] for i in range(2 * FLICKER_REACH + 1)])
    distance = np.linalg.norm(track - middle(windows), axis=1)
    known = np.isfinite(windows).all(axis=-1).sum(axis=0)
    return np.where(known >= LEAST_NEIGHBOURS, distance, np.nan)


def _excess(pair: Pair, name: str, scale: float) -> Floats:
    base, now = pair.tracks(name)
    return (leap(now) - np.nan_to_num(leap(base))) / scale


def _area_excess(pair: Pair) -> Floats:
    base, now = (t[:, None] for t in pair.tracks("area"))
    dressed = base[base > 0]
    typical = float(np.median(dressed)) if len(dressed) else 1.0
    return (leap(now) - leap(base)) / typical


def _place_excess(pair: Pair) -> Floats:
    base, now = (middle(points, axis=1) for points in mesh_points(pair))
    return (leap(now) - np.nan_to_num(leap(base))) / pair.torso_px


def _cell_excess(pair: Pair) -> Floats:
    """Of the cell that jumps most in each frame, ΔE."""
    leaps = []
    for cells, cover in zip(pair.tracks("cells"), pair.tracks("cover"), strict=True):
        full = cells.reshape(pair.n, -1, 3).astype(np.float64)
        full[cover.reshape(pair.n, -1) < FULL_CELL] = np.nan
        leaps.append(np.stack([leap(full[:, cell]) for cell in range(full.shape[1])], axis=1))
    excess = leaps[1] - np.nan_to_num(leaps[0])
    return np.asarray(np.where(np.isfinite(excess), excess, 0.0).max(axis=1))


def _steadiness(pair: Pair) -> Metric:
    base, now = pair.tracks("warp_delta_e")
    rise = now - base
    known = rise[np.isfinite(rise)]
    value = float(np.percentile(known, STEADY_SHARE)) if len(known) else np.nan
    gain = -float(np.median(known)) if len(known) else 0.0
    return judged(
        "temporal.steadiness",
        value,
        pair.limits.warp_delta_e,
        "ΔE",
        f"The dressed picture changes by ΔE {value:.1f} more from frame to frame than the person's"
        " motion explains.",
        worst_frame(rise),
        gain=gain,
    )
