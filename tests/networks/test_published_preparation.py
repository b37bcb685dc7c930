"""Pre- and post-processing of every network against the published reference outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pil
from published import SALT, check, module, needs_vectors, output_names

from pipeline.agnostic import agnostic_image, agnostic_parse, complete_joints, stretch_hips
from pipeline.labels import Body25
from pipeline.masks import (
    garment_classes,
    prepare_garment,
    prepare_salient,
    prepare_salient_lanczos,
    salient_alpha,
)
from pipeline.networks.layers import resize_nearest
from pipeline.openpose import draw_skeleton
from pipeline.parsing import DATASETS, ParserCrop, parts_to_groups
from pipeline.viton import (
    NETWORK_HW,
    blur_kernel,
    divide_regions,
    enlarge_probabilities,
    group_tensor,
    likeliest_groups,
    mask_tensor,
    picture_tensor,
    region_tensor,
    segmentation_input,
)

pytestmark = needs_vectors

GRAY = 128  # the scenes' pictures have no such pixel


def scene(variant: int) -> dict[str, np.ndarray]:
    return module("recipe").scene(SALT, 1024, 768, variant)


def photo(name: str, height: int, width: int) -> np.ndarray:
    """RGB."""
    bgr = module("recipe").bgr_photo(name, height, width, SALT)
    return np.ascontiguousarray(bgr[..., ::-1])


def smooth(name: str, shape: tuple[int, ...], **options: float) -> np.ndarray:
    return module("recipe").smooth(name, shape, SALT, **options)


def check_all(file: str, outputs: dict[str, object]) -> None:
    assert set(outputs) == output_names(file)
    check(file, outputs)


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_agnostic(variant: int) -> None:
    person = scene(variant)
    before = {name: value.copy() for name, value in person.items()}
    painted = agnostic_image(person["image"], person["parse"], person["keypoints"])
    erased = agnostic_parse(person["parse"], person["keypoints"])
    hips = stretch_hips(complete_joints(person["keypoints"]))[[Body25.R_HIP, Body25.L_HIP]]
    gray = (painted == GRAY).all(2)
    check_all(
        f"prep_viton__agnostic_v{variant}.npz",
        {
            "parse_agnostic": erased,
            "label13": parts_to_groups(erased),
            "gray_mask": np.packbits(gray, axis=1),
            "hips_after": hips,
        },
    )
    assert np.array_equal(painted[~gray], person["image"][~gray])
    assert all(np.array_equal(before[name], person[name]) for name in before)


def test_segmentation_and_matching_inputs() -> None:
    person = scene(0)
    garment, mask = picture_tensor(person["cloth"]), mask_tensor(person["cloth_mask"])
    groups = parts_to_groups(agnostic_parse(person["parse"], person["keypoints"]))
    painted = agnostic_image(person["image"], person["parse"], person["keypoints"])
    pose = picture_tensor(draw_skeleton(person["keypoints"]))
    noise = torch.from_numpy(module("recipe").seg_noise(SALT))
    small = [mask, pose, picture_tensor(painted), garment]
    check_all(
        "prep_viton__inputs.npz",
        {
            "seg_input": segmentation_input(garment, mask, group_tensor(groups), pose, noise),
            "nearest_down": resize_nearest(torch.cat(small, 1), NETWORK_HW),
        },
    )


def test_segmentation_output() -> None:
    raw = smooth("segpost", (1, 13, 256, 192))
    warped = np.clip(0.5 + smooth("segpost:warped", (1, 1, 1024, 768), noise=0.0), 0, 1)
    blurred = enlarge_probabilities(torch.sigmoid(2 * torch.from_numpy(raw)))
    groups = likeliest_groups(blurred)
    seg = region_tensor(groups)
    regions = divide_regions(seg, torch.from_numpy(warped))
    kernel = blur_kernel()
    check_all(
        "prep_viton__segpost.npz",
        {
            "blurred": blurred,
            "blurred_corner": blurred,
            "label13": groups[0].to(torch.uint8),
            "label7": seg[0].argmax(0).to(torch.uint8),
            "misalign": regions.misalign,
            "div2": regions.seg_div[:, 2:3],
            "kernel": kernel[:, None] * kernel[None],
        },
    )


@pytest.mark.parametrize(
    ("dataset", "size_hw", "logits_px"), [("lip", (400, 300), 119), ("atr", (230, 512), 128)]
)
def test_parser_crop(dataset: str, size_hw: tuple[int, int], logits_px: int) -> None:
    kind = DATASETS[dataset]
    shape = (len(kind.labels), logits_px, logits_px)
    logits = torch.from_numpy(smooth(f"schp-logits:{dataset}", shape))
    crop = ParserCrop((size_hw[1], size_hw[0]), kind.crop_px)
    middle = (kind.crop_px - 1) / 2
    side = (kind.crop_px - 1) / crop.scale
    check_all(
        f"prep_schp__{dataset}.npz",
        {
            "trans": crop.to_crop,
            "trans_inv": crop.to_picture,
            "center": crop.to_picture @ [middle, middle, 1],
            "scale": np.array([side, side]),
            "input": crop.prepare(photo(f"schp:{dataset}", *size_hw))[0],
            "back": crop.restore(logits).permute(1, 2, 0),
            "label": crop.classes(logits),
        },
    )


def test_salient_masks() -> None:
    image = photo("u2net", 480, 720)
    prediction = 1 / (1 + np.exp(-smooth("u2net:post", (1, 320, 320))))
    check_all(
        "prep_u2net__salient.npz",
        {
            "input_aa": prepare_salient(image, antialias=True)[0],
            "input_noaa": prepare_salient(image)[0],
            "input_lanczos": prepare_salient_lanczos(image)[0],
            "mask": salient_alpha(torch.from_numpy(prediction), (720, 480)),
        },
    )


def test_garment_masks() -> None:
    image = photo("u2net", 480, 720)
    labels = garment_classes(torch.from_numpy(smooth("cloth:post", (1, 4, 768, 768))))
    bicubic = np.array(Pil.fromarray(labels).resize((720, 480), Pil.Resampling.BICUBIC))
    check_all(
        "prep_u2net__cloth.npz",
        {
            "input": prepare_garment(image)[0],
            "label": labels,
            "label_bicubic": bicubic,
            "seed_mask": ((bicubic > 0) * 255).astype(np.uint8),
        },
    )
