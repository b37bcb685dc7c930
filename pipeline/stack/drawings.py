"""What the networks are told about a pose, drawn by the processor before any network has run.

What ``agnostic.agnostic_image`` and ``agnostic.agnostic_parse`` paint depends on the joints alone;
only what is then kept depends on the parse. So the paint is drawn here, as bits of one plane, and
mixed with the parse where the networks run. The result is theirs to the last pixel.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from pipeline.agnostic import complete_joints, neck_square, painted_body, parse_stroke
from pipeline.labels import Cihp
from pipeline.openpose import draw_skeleton
from pipeline.structures import Image


class Paint(IntFlag):
    """Bits of a plane of paint."""

    BODY = 1  # torso, arms and neck in the agnostic picture
    LEFT_ARM = 2  # the stroke that erases the left arm from the parse
    RIGHT_ARM = 4
    NECK = 8  # where skin of neck and chest may come to light


def draw_paint(joints: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """Paint of a pose.

    Args:
        joints: (25, 3) BODY_25 in pixels of the crop.
        size_hw: of the crop, px.

    Returns:
        (H, W) uint8 of ``Paint``.

    Raises:
        PoseIncomplete: as ``agnostic.complete_joints``.
    """
    whole = complete_joints(joints)
    masks = {
        Paint.BODY: painted_body(joints, size_hw),
        Paint.LEFT_ARM: parse_stroke(whole, Cihp.LEFT_ARM, size_hw),
        Paint.RIGHT_ARM: parse_stroke(whole, Cihp.RIGHT_ARM, size_hw),
        Paint.NECK: neck_square(whole, size_hw),
    }
    plane = np.zeros(size_hw, np.uint8)
    for bit, mask in masks.items():
        plane[mask] |= np.uint8(bit)
    return plane


def draw_pose(joints: NDArray[np.float32], size_hw: tuple[int, int]) -> Image:
    """The skeleton picture, (H, W, 3) uint8 RGB."""
    return draw_skeleton(joints, size_hw=size_hw)
