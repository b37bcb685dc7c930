"""How far a check may be from its baseline before it counts as a regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pipeline.errors import InputError


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Limits by metric. Every default leaves room for another machine's rounding.

    Another machine may differ by ±1 grey level in every pixel and 0.3 px in every vertex without
    an alarm. Lengths are in torso lengths (shoulder line to hip line), colours in CIE76 ΔE.

    Attributes:
        landmarks_torso: median distance of the face's and torso's landmarks.
        shift_torso: median shift of the whole garment.
        shape_torso: distance of the vertex at the 95th percentile, once the shift is taken out.
        jitter_torso: rise of the shaking of the vertices against the landmarks.
        lag_frames: frames the garment may follow later (or earlier) than it did.
        flicker_delta_e: colour jump that is there for one or two frames only.
        flicker_area: the same for the dressed area, as share of it.
        warp_delta_e: rise of the flow-warped error of one frame, ΔE.
        ssim: loss of structural similarity on the dressed region.
        colour_delta_e: median shift of the dressed region's mean colour.
        area: median change of the dressed area, as share of it.
        opacity: change of how far a frame is faded in.
        face: share of the face the mask may touch beyond the baseline's.
        depth: change of the dressed share of a forearm or an upper arm.
        outside_px: pixels outside of the mask that are not the camera's.
        reason_frames: frames that a reason may come or go earlier or later.
        speed: CPU time of a stage against the calibration kernel, now by then.
        speed_other_machine: the same where the baseline is from another kind of processor.
    """

    landmarks_torso: float = 0.03
    shift_torso: float = 0.02
    shape_torso: float = 0.035
    jitter_torso: float = 0.004
    lag_frames: float = 1
    flicker_delta_e: float = 4.0
    flicker_area: float = 0.06
    warp_delta_e: float = 2.0
    ssim: float = 0.04
    colour_delta_e: float = 1.5
    area: float = 0.05
    opacity: float = 0.1
    face: float = 0.005
    depth: float = 0.15
    outside_px: float = 0
    reason_frames: float = 2
    speed: float = 1.15
    speed_other_machine: float = 2.5


NAMES = tuple(field.name for field in fields(Tolerances))


def read_tolerances(table: Mapping[str, Any], base: Tolerances, where: str) -> Tolerances:
    """Override some tolerances by a table of a suite.

    Args:
        table: as read from TOML.
        base: what holds where the table says nothing.
        where: how to name the table in an error.

    Raises:
        InputError: an unknown name, or not a number of 0 or more.
    """
    for name, value in table.items():
        if name not in NAMES:
            raise InputError(
                f"{where} names {name}, which is no tolerance. Use one of {', '.join(NAMES)}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InputError(f"{where} sets {name} to {value!r}; expected a number of 0 or more.")
    return replace(base, **{name: float(value) for name, value in table.items()})
