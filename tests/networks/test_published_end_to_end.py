"""A whole keyframe at 1024 x 768 against the published reference output."""

from __future__ import annotations

import numpy as np
import torch
from published import FOLDER, LOG, SALT, check, loaded, module, needs_vectors, output_names, stored

from pipeline.agnostic import agnostic_image, agnostic_parse
from pipeline.labels import VitonGroup
from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.networks.gmm import warp
from pipeline.openpose import draw_skeleton
from pipeline.parsing import parts_to_groups
from pipeline.viton import (
    divide_regions,
    enlarge_probabilities,
    group_tensor,
    image_from_tensor,
    likeliest_groups,
    mask_tensor,
    matching_inputs,
    picture_tensor,
    region_tensor,
    segmentation_input,
    synthesis_input,
)

pytestmark = needs_vectors

FILE = "prep_viton__e2e.npz"
CLOSE = 1e-2  # of a range of 2; a few pixels where two classes tie may take the other one
CLOSE_SHARE = 0.99
CLOSE_BYTES = 2
FAST_ERROR = 1e-4  # of the shortened synthesis against the plain one, same inputs


def segment(inputs: torch.Tensor) -> torch.Tensor:
    network = loaded("viton_seg")
    bias = network.get_parameter("conv9.6.bias")
    shift = module("recipe").E2E_UPPER_BIAS[SALT]
    bias[VitonGroup.UPPER] += shift
    probabilities = network(inputs)
    bias[VitonGroup.UPPER] -= shift
    return probabilities


def test_keyframe() -> None:
    person = module("recipe").scene(SALT, 1024, 768, 0)
    joints = person["keypoints"]
    garment, mask = picture_tensor(person["cloth"]), mask_tensor(person["cloth_mask"])
    agnostic = picture_tensor(agnostic_image(person["image"], person["parse"], joints))
    groups = group_tensor(parts_to_groups(agnostic_parse(person["parse"], joints)))
    pose = picture_tensor(draw_skeleton(person["keypoints"]))
    noise = torch.from_numpy(module("recipe").seg_noise(SALT))
    with torch.inference_mode():
        probabilities = segment(segmentation_input(garment, mask, groups, pose, noise))
        seg = region_tensor(likeliest_groups(enlarge_probabilities(probabilities)))
        theta, grid = loaded("viton_gmm")(*matching_inputs(seg, pose, agnostic, garment))
        warped, warped_mask = warp(garment, grid), warp(mask, grid)
        regions = divide_regions(seg, warped_mask)
        x = synthesis_input(agnostic, pose, warped)
        out = loaded("viton_alias")(x, *regions)
        fast = FastAliasGenerator(loaded("viton_alias"))(x, *regions)
    LOG.info("fast synthesis: max error %s", float((fast - out).abs().max()))
    assert (fast - out).abs().max() <= FAST_ERROR
    outputs = {
        "seg_prob": probabilities,
        "label7": seg[0].argmax(0).to(torch.uint8),
        "theta": theta,
        "warped_c": warped,
        "warped_cm": warped_mask,
        "misalign": regions.misalign,
        "out": out,
        "out_crop": out,
        "u8_crop": image_from_tensor(out),
    }
    assert set(outputs) == output_names(FILE)
    check(FILE, {name: outputs[name] for name in ("seg_prob", "label7", "theta")})
    for name, value in outputs.items():
        assert share_close(name, np.asarray(value)) >= CLOSE_SHARE, name


def share_close(name: str, value: np.ndarray) -> float:
    meta = module("compare").manifest(FOLDER)["files"][FILE]["outputs"][name]
    got, wanted = module("compare").select(value, meta["select"]), stored(FILE, name)
    assert got.shape == wanted.shape
    difference = np.abs(got.astype(np.float64) - wanted)
    share = float((difference <= (CLOSE_BYTES if value.dtype == np.uint8 else CLOSE)).mean())
    LOG.info("%s: max %s, close %s", name, difference.max(), share)
    return share
