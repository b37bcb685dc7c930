"""The batched data path gives what the step-by-step one of ``pipeline.viton`` gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline import viton
from pipeline.agnostic import agnostic_image, agnostic_parse
from pipeline.labels import Cihp, VitonGroup
from pipeline.networks.gmm import warp
from pipeline.openpose import to_body25
from pipeline.parsing import DATASETS, Parser, parts_to_groups
from pipeline.stack import FULL_HW, garment_side
from pipeline.stack.drawings import Paint, draw_paint, draw_pose
from pipeline.stack.flow import Flow, plan_taps
from pipeline.stack.networks import Precision, build_flow
from pipeline.stack.parsers import SchpGroups
from tests.networks.small import picture
from tests.stack_stand_in import small_networks
from tests.unit.standing_pose import standing_pose

HEIGHT, WIDTH = FULL_HW


def person() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture, CIHP parts and joints of one scene at full size."""
    pose = standing_pose(centre=(384.0, 300.0), torso_px=430.0, size_wh=(WIDTH, HEIGHT))
    smooth = picture("person", 3, HEIGHT, WIDTH).numpy()
    image = np.clip(128 + 50 * smooth, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    parts = np.zeros((HEIGHT, WIDTH), np.uint8)
    parts[20:220, 280:480] = Cihp.FACE
    parts[220:300, 340:430] = Cihp.TORSO_SKIN
    parts[280:720, 230:540] = Cihp.UPPER_CLOTHES
    parts[300:760, 540:620] = Cihp.LEFT_ARM
    parts[300:760, 150:230] = Cihp.RIGHT_ARM
    parts[720:, 230:540] = Cihp.PANTS
    return np.ascontiguousarray(image), parts, to_body25(pose)


class Fixed(torch.nn.Module):
    """A parser that knows the answer."""

    recordable = True

    def __init__(self, groups: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("groups", torch.from_numpy(groups))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.groups[None].expand(len(pictures), -1, -1)


class AllInputs(torch.nn.Module):
    """In place of the synthesis: a mix of everything it is given."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        planes = torch.cat(inputs, 1)
        return torch.stack([planes[:, k::3].sum(1) for k in range(3)], 1).div(4).tanh()


@pytest.fixture(scope="module")
def flow() -> Flow:
    made = build_flow(small_networks(), FULL_HW, torch.device("cpu"), Precision.FP32, fast=False)
    made.synthesize = AllInputs()
    return made


def test_every_step_is_the_published_one(flow: Flow) -> None:
    image, parts, joints = person()
    cloth = np.clip(128 + 60 * picture("cloth", 3, HEIGHT, WIDTH).numpy(), 0, 255)
    planes = np.concatenate([cloth, 255 * (cloth[:1] > 110)]).astype(np.uint8)
    skeleton = draw_pose(joints, FULL_HW)
    garment = viton.picture_tensor(planes[:3].transpose(1, 2, 0))
    mask = viton.mask_tensor(planes[3])
    agnostic = viton.picture_tensor(agnostic_image(image, parts, joints))
    groups = viton.group_tensor(parts_to_groups(agnostic_parse(parts, joints)))
    pose, noise = viton.picture_tensor(skeleton), viton.noise_plane(3)

    kept = flow.parser
    flow.parser = Fixed(parts_to_groups(parts))
    packed = torch.from_numpy(planes)[None]
    with torch.inference_mode():
        given = {
            "picture": torch.from_numpy(image.transpose(2, 0, 1))[None],
            "skeleton": torch.from_numpy(skeleton)[None],
            "paint": torch.from_numpy(draw_paint(joints, FULL_HW))[None],
            "noise": noise.to(torch.uint8),
            "garment": packed,
            "small": garment_side.small_planes(packed),
            "features": flow.match.garment_features(garment_side.matching_picture(packed)),
        }
        for _, stage in flow.stages:
            given |= stage(given)

        chances = flow.segment(viton.segmentation_input(garment, mask, groups, pose, noise))
        plan = viton.likeliest_groups(viton.enlarge_probabilities(chances))
        seg = viton.region_tensor(plan)
        theta, grid = flow.match(*viton.matching_inputs(seg, pose, agnostic, garment), FULL_HW)
        warped, warped_mask = warp(garment, grid), warp(mask, grid)
        regions = viton.divide_regions(seg, warped_mask)
        out = flow.synthesize(viton.synthesis_input(agnostic, pose, warped), *regions)
    flow.parser = kept

    assert (viton.picture_tensor(given["agnostic"][0].permute(1, 2, 0).numpy()) == agnostic).all()
    assert (given["regions"] != plan).float().mean() < 1e-5  # ties of rounding
    assert torch.allclose(given["theta"], theta, atol=1e-5)
    assert torch.allclose(given["warped"][:, :3], warped, atol=2e-3)
    assert torch.allclose(given["warped"][:, 3:], warped_mask, atol=2e-3)
    assert (given["output"] - out).abs().max() < 5e-3
    assert np.abs(given["image"][0].numpy() - viton.image_from_tensor(out).astype(int)).max() <= 1


def test_enlarging_and_blurring_are_one_matrix() -> None:
    chances = picture("chances", 1, 2, 256, 192).sigmoid()
    wanted = viton.enlarge_probabilities(chances)
    got = plan_taps(1024, 256, 1.0) @ chances @ plan_taps(768, 192, 1.0).T
    assert (got - wanted).abs().max() < 1e-6


def test_the_parser_on_tensors_is_the_parser_on_pictures() -> None:
    image, _, _ = person()
    image = image[::2, ::2]
    network = small_networks(real_parser=True).parser
    dataset = DATASETS["cihp"]
    batch = torch.from_numpy(np.stack([image, image[::-1]])).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        got = SchpGroups(network, dataset.crop_px, image.shape[:2])(batch)
    for picture_, groups in zip((image, image[::-1]), got, strict=True):
        wanted = parts_to_groups(Parser(network, dataset).parse(picture_))
        assert (groups.numpy() != wanted).mean() < 1e-4
    assert len(np.unique(got)) > 3


def shown(groups: np.ndarray, regions: np.ndarray, paint: np.ndarray, flow: Flow) -> np.ndarray:
    tensors = (torch.from_numpy(a.astype(np.uint8))[None] for a in (groups, regions, paint))
    return flow._shown(*tensors)[0].numpy()


def test_only_what_the_networks_dressed_is_shown(flow: Flow) -> None:
    regions = np.zeros(FULL_HW, np.uint8)
    regions[300:700, 200:600] = VitonGroup.UPPER
    regions[300:700, 600:700] = VitonGroup.LEFT_ARM
    groups, paint = np.zeros((2, *FULL_HW), np.uint8)
    groups[300:700, 200:650] = VitonGroup.UPPER  # the worn sleeve ends in the middle of the arm,
    groups[300:700, 650:700] = VitonGroup.LEFT_ARM  # and from there it is bare
    paint[200:700, 600:700] = Paint.LEFT_ARM
    groups[200:300, 350:450] = VitonGroup.UPPER  # a worn collar,
    paint[200:300, 350:450] = Paint.NECK  # where the new garment shows a neck
    groups[400:450, 400:450] = VitonGroup.HAIR
    groups[600:650, 250:300] = VitonGroup.RIGHT_ARM  # a hand in front: beyond the stroke
    alpha = shown(groups, regions, paint, flow)
    assert alpha[350, 300] == 255, "garment"
    assert alpha[350, 625] == 255, "an arm that a sleeve hid"
    assert alpha[350, 680] == 0, "an arm that was bare is the camera's"
    assert alpha[250, 400] == 255, "skin of the neck"
    assert alpha[400:450, 400:450].max() == 0, "hair"
    assert alpha[600:650, 250:300].max() == 0, "hand"
    assert alpha[100, 100] == 0 and alpha[250, 100] == 0, "background"
    assert 0 < alpha[350, 199] < 255, "a soft edge"
