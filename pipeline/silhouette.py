"""Rays through the person mask: how wide a body is seen from its own centre line and limbs.

Everything here is compiled, to be called from other compiled code or from Python.
"""

from __future__ import annotations

import numpy as np

from pipeline.compiled import compiled, inner

INSIDE = 127  # alpha above which a pixel belongs to the person


@compiled
def cast(alpha, start, direction, length_px, step_px):  # type: ignore[no-untyped-def]
    """Walk from ``start`` until the person ends.

    Args:
        alpha: (H, W) uint8, the person.
        start, direction: x and y; the direction has length 1.
        length_px, step_px: of the walk.

    Returns:
        Distance to the last pixel of the person, px, refined below one step by the slope of the
        soft mask; whether the start lies on the person; and whether the ray left the person
        before its end and inside the picture.
    """
    steps = int(np.ceil(length_px / step_px))
    before, inside = 0, False
    for step in range(steps):
        x = start[0] + direction[0] * (step * step_px)
        y = start[1] + direction[1] * (step * step_px)
        here, in_picture = _alpha_at(alpha, x, y)
        if not (in_picture and here > INSIDE):
            falls = step > 0 and before > INSIDE and here <= INSIDE
            fraction = (before - INSIDE) / (before - here) if falls else 0.0
            return (max(step - 1, 0) + fraction) * step_px, inside, in_picture
        before, inside = here, True
    return (steps - 1.0) * step_px, inside, False


@inner
def _alpha_at(alpha, x, y):  # type: ignore[no-untyped-def]
    """Alpha of the nearest pixel, and whether the place lies in the picture."""
    column, row = int(np.rint(x)), int(np.rint(y))
    nearest_column = min(max(column, 0), alpha.shape[1] - 1)
    nearest_row = min(max(row, 0), alpha.shape[0] - 1)
    in_picture = column == nearest_column and row == nearest_row
    return int(alpha[nearest_row, nearest_column]), in_picture


@compiled
def share_covered(alpha, corners, places):  # type: ignore[no-untyped-def]
    """How much of a quadrilateral the person covers, counted at some places.

    Args:
        alpha: (H, W) uint8, the person.
        corners: (4, 2) px: two above, two below, each pair from the same side.
        places: (n, 2), shares of the way from the first corner of a pair to the second, and down.

    Returns:
        0..1; places outside of the picture do not count.
    """
    seen, covered = 0, 0
    for k in range(places.shape[0]):
        across, down = places[k, 0], places[k, 1]
        x, y = _inside_quad(corners, across, down, 0), _inside_quad(corners, across, down, 1)
        here, in_picture = _alpha_at(alpha, x, y)
        seen += in_picture
        covered += in_picture and here > INSIDE
    return covered / max(seen, 1)


@inner
def _inside_quad(corners, across, down, axis):  # type: ignore[no-untyped-def]
    above = corners[0, axis] + across * (corners[1, axis] - corners[0, axis])
    below = corners[2, axis] + across * (corners[3, axis] - corners[2, axis])
    return above + down * (below - above)


@inner
def distance_to_segment(point, start, end):  # type: ignore[no-untyped-def]
    """Distance of a point to a segment; all x and y."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    share = (x * along_x + y * along_y) / (along_x * along_x + along_y * along_y + 1e-6)
    share = min(max(share, 0.0), 1.0)
    return np.hypot(x - share * along_x, y - share * along_y)


@compiled
def evened(rows):  # type: ignore[no-untyped-def]
    """Each number of ``rows`` (n, k) mixed with its neighbours in the row: a new array."""
    out = np.empty(rows.shape)
    last = rows.shape[1] - 1
    for n in range(rows.shape[0]):
        for k in range(last + 1):
            around = rows[n, max(k - 1, 0)] + rows[n, min(k + 1, last)]
            out[n, k] = 0.5 * rows[n, k] + 0.25 * around
    return out
