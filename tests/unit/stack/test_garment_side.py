"""A garment's cut-out as a shop's picture, and the mask the networks get."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline import load_garment
from pipeline.stack import FULL_HW, HALF_HW, Stack, garment_side
from pipeline.stack.garment_side import lay_out
from pipeline.structures import Garment
from tests.networks.small import small
from tests.stack_stand_in import small_networks


@pytest.fixture(scope="module")
def garment() -> Garment:
    return load_garment("breton-top")


@pytest.mark.parametrize("size_hw", [FULL_HW, HALF_HW])
def test_it_lies_in_the_middle_on_white(garment: Garment, size_hw: tuple[int, int]) -> None:
    made = lay_out(garment, size_hw)
    rows, columns = np.nonzero(made.mask)
    height, width = size_hw
    assert made.image.shape == (height, width, 3)
    assert abs(rows.min() - (height - 1 - rows.max())) <= 3
    assert abs(columns.min() - (width - 1 - columns.max())) <= 3
    assert columns.min() >= 0.05 * width
    assert (made.image[: rows.min() - 2] == 255).all()
    assert set(np.unique(made.mask)) == {0, 255}


def test_its_shape_and_colours_are_kept(garment: Garment) -> None:
    flat = np.zeros((200, 100, 4), np.uint8)
    flat[20:180, 10:90] = (200, 30, 60, 255)
    made = lay_out(replace(garment, texture=flat, parts=flat[..., 3], back_collar=None), HALF_HW)
    rows, columns = np.nonzero(made.mask)
    assert np.ptp(rows) / np.ptp(columns) == pytest.approx(2.0, abs=0.02)
    assert tuple(made.image[256, 192]) == (200, 30, 60)


def test_the_inside_of_the_back_collar_shows(garment: Garment) -> None:
    flat = np.zeros((200, 100, 4), np.uint8)
    collar = flat.copy()
    flat[60:180, 10:90] = (200, 30, 60, 255)
    collar[20:90, 30:70] = (10, 20, 30, 255)
    worn = replace(garment, texture=flat, parts=flat[..., 3], back_collar=collar)
    made = lay_out(worn, HALF_HW)
    top = int(np.nonzero(made.mask[:, 192])[0].min()) + 4
    assert tuple(made.image[top, 192]) == (10, 20, 30)
    assert tuple(made.image[256, 192]) == (200, 30, 60)


def test_a_networks_mask_is_used_where_it_is_about_the_garment(garment: Garment) -> None:
    own = lay_out(garment, HALF_HW).mask
    smaller = own.copy()
    smaller[: own.nonzero()[0].min() + 5] = 0
    assert np.array_equal(lay_out(garment, HALF_HW, lambda image: smaller).mask, smaller)
    elsewhere = np.roll(own, 150, axis=0)
    assert np.array_equal(lay_out(garment, HALF_HW, lambda image: elsewhere).mask, own)


def test_a_stack_with_u2net_asks_it_once_per_garment(garment: Garment) -> None:
    stack = Stack(replace(small_networks(), masker=small("u2net")), size_hw=HALF_HW)
    asked: list[torch.Tensor] = []
    stack._masker.register_forward_pre_hook(lambda layer, inputs: asked.append(inputs[0]))
    assert stack.garment(garment) is stack.garment(garment)
    assert [tuple(picture.shape) for picture in asked] == [(1, 3, 320, 320)]


def test_planes_are_the_picture_in_unit_range(garment: Garment) -> None:
    made = lay_out(garment, HALF_HW)
    planes = torch.from_numpy(garment_side.picture_planes(made))[None]
    colour, mask = garment_side.unit_planes(planes)
    assert colour.min() >= -1 and colour.max() == 1
    assert torch.equal(mask[0, 0] > 0, torch.from_numpy(made.mask > 0))
    assert garment_side.small_planes(planes).shape == (1, 4, 256, 192)
    assert garment_side.matching_picture(planes).shape == (1, 3, 256, 192)
