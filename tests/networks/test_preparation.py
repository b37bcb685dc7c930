"""Pre- and post-processing on small made-up pictures; runs anywhere."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from pipeline.agnostic import (
    GRAY,
    agnostic_image,
    agnostic_parse,
    complete_joints,
    stretch_hips,
)
from pipeline.errors import PoseIncomplete
from pipeline.labels import Body25, Cihp, GarmentClass, VitonGroup, VitonRegion
from pipeline.masks import (
    garment_classes,
    prepare_garment,
    prepare_salient,
    prepare_salient_lanczos,
    salient_alpha,
)
from pipeline.networks.schp import Schp
from pipeline.parsing import (
    CIHP_GROUPS,
    DATASETS,
    GROUP_REGIONS,
    ParseDataset,
    Parser,
    ParserCrop,
    encode_parse_png,
    groups_to_regions,
    palette,
    parts_to_groups,
)
from pipeline.resample import apply_taps, corner_aligned_taps, linear_taps, sample_linear
from pipeline.viton import (
    NOISE_SHARE,
    blur_kernel,
    divide_regions,
    enlarge_probabilities,
    image_from_tensor,
    mask_tensor,
    noise_plane,
    picture_tensor,
    region_tensor,
)

HEIGHT, WIDTH = 1024, 768


def joints(*missing: str) -> np.ndarray:
    placed = {
        Body25.NECK: (384, 300),
        Body25.R_SHOULDER: (270, 310),
        Body25.R_ELBOW: (215, 500),
        Body25.R_WRIST: (235, 680),
        Body25.L_SHOULDER: (498, 310),
        Body25.L_ELBOW: (556, 500),
        Body25.L_WRIST: (530, 690),
        Body25.R_HIP: (315, 700),
        Body25.L_HIP: (453, 700),
    }
    whole = np.zeros((25, 3))
    for joint, (x, y) in placed.items():
        if joint.name.lower() not in missing:
            whole[joint] = x, y, 0.9
    return whole


def person() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    parse = np.full((HEIGHT, WIDTH), Cihp.UPPER_CLOTHES, np.uint8)
    parse[:250] = Cihp.FACE
    parse[900:] = Cihp.PANTS
    parse[300:700, 160:300] = Cihp.RIGHT_ARM
    return image, parse


def test_arguments_stay_as_they_are() -> None:
    image, parse = person()
    points = joints()
    copies = image.copy(), parse.copy(), points.copy()
    for array in (image, parse, points):
        array.flags.writeable = False
    painted, erased = agnostic_image(image, parse, points), agnostic_parse(parse, points)
    assert not np.shares_memory(painted, image)
    assert not np.shares_memory(erased, parse)
    for array, copy in zip((image, parse, points), copies, strict=True):
        assert np.array_equal(array, copy)


def test_head_and_lower_body_are_not_painted() -> None:
    image, parse = person()
    painted = agnostic_image(image, parse, joints())
    gray = (painted == GRAY).all(2)
    assert gray[500, 384] and gray[320, 384]
    assert not gray[:250].any() and not gray[900:].any()
    assert np.array_equal(painted[~gray], image[~gray])


def test_every_missing_arm_joint_takes_its_strokes_away_only() -> None:
    image, parse = person()
    whole = (agnostic_image(image, parse, joints()) == GRAY).all(2)
    armless = (agnostic_image(image, parse, joints("r_elbow", "r_wrist")) == GRAY).all(2)
    assert whole[600, 180] and not armless[600, 180]
    assert not (armless & ~whole).any()


@pytest.mark.parametrize(
    "missing", [("r_hip",), ("l_hip",), ("r_hip", "l_hip"), ("neck",), ("l_shoulder",)]
)
def test_torso_is_painted_with_joints_missing(missing: tuple[str, ...]) -> None:
    image, parse = person()
    points = joints(*missing)
    painted = agnostic_image(image, parse, points)
    gray = (painted == GRAY).all(2)
    assert gray[600, 384] and gray[310, 498]
    assert not gray[250:300, :40].any()  # nothing is pulled towards the origin
    assert (agnostic_parse(parse, points)[450, 384]) == Cihp.BACKGROUND


def test_missing_joints_are_completed_from_their_neighbours() -> None:
    whole = complete_joints(joints("l_shoulder"))
    assert whole[Body25.L_SHOULDER].tolist() == [498, 290]
    assert complete_joints(joints("neck"))[Body25.NECK].tolist() == [384, 310]
    assert complete_joints(joints("l_hip"))[Body25.L_HIP].tolist() == [543, 700]
    hips = complete_joints(joints("l_hip", "r_hip"))[[Body25.R_HIP, Body25.L_HIP]]
    assert hips.tolist() == [[270, 652], [498, 652]]


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("l_shoulder", "r_shoulder"), "right shoulder"),
        (("r_shoulder", "neck"), "right shoulder"),
        (("l_shoulder", "neck"), "left shoulder"),
    ],
)
def test_a_missing_shoulder_is_named(missing: tuple[str, ...], named: str) -> None:
    with pytest.raises(PoseIncomplete, match=f"The {named} is not visible"):
        complete_joints(joints(*missing))


def test_hips_are_stretched_about_their_middle() -> None:
    wide = stretch_hips(joints())
    assert wide[Body25.R_HIP].tolist() == [270, 700]
    assert wide[Body25.L_HIP].tolist() == [498, 700]
    points = joints()
    points[Body25.L_HIP] = points[Body25.R_HIP]
    assert np.isfinite(stretch_hips(points)).all()
    assert stretch_hips(points)[Body25.L_HIP, 0] - 315 == pytest.approx(114)


def test_radii_follow_the_width() -> None:
    image, parse = person()
    large = (agnostic_image(image, parse, joints()) == GRAY).all(2)
    half = (agnostic_image(image[::2, ::2], parse[::2, ::2], joints() / 2) == GRAY).all(2)
    assert (large[::2, ::2] != half).mean() < 0.01


def test_arms_are_erased_from_the_parse_but_not_the_hands() -> None:
    _, parse = person()
    parse[650:760, 200:280] = Cihp.RIGHT_ARM  # the hand, beyond the wrist
    parse[310, 384] = Cihp.LEFT_ARM  # a hand on the chest
    erased = agnostic_parse(parse, joints())
    assert erased[310, 384] == Cihp.BACKGROUND
    assert erased[400, 240] == Cihp.BACKGROUND
    assert erased[750, 240] == Cihp.RIGHT_ARM
    assert erased[950, 384] == Cihp.PANTS
    assert not np.isin(erased, [Cihp.UPPER_CLOTHES, Cihp.TORSO_SKIN]).any()


def test_every_part_has_a_group_and_every_group_a_region() -> None:
    assert set(CIHP_GROUPS) == set(Cihp) and set(GROUP_REGIONS) == set(VitonGroup)
    assert set(CIHP_GROUPS.values()) == set(VitonGroup)
    assert set(GROUP_REGIONS.values()) == set(VitonRegion)
    parts = np.array([[Cihp.SCARF, Cihp.TORSO_SKIN, Cihp.DRESS]], np.uint8)
    groups = parts_to_groups(parts)
    assert groups.tolist() == [[VitonGroup.NOISE, VitonGroup.BACKGROUND, VitonGroup.UPPER]]
    assert groups_to_regions(torch.from_numpy(groups)).tolist() == [
        [VitonRegion.NOISE, VitonRegion.BACKGROUND, VitonRegion.UPPER]
    ]


def test_palette_is_that_of_pascal_voc() -> None:
    colours = palette(20)
    assert colours[:4].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    assert colours[8].tolist() == [64, 0, 0]
    assert colours[13].tolist() == [192, 0, 128]
    parse = np.arange(20, dtype=np.uint8).reshape(4, 5)
    picture = Pil.open(io.BytesIO(encode_parse_png(parse)))
    assert picture.mode == "P"
    assert np.array_equal(np.asarray(picture), parse)
    assert np.array_equal(np.asarray(picture.convert("RGB")), palette(20)[parse])


@pytest.mark.parametrize("size_wh", [(30, 40), (51, 22), (9, 9), (1, 1), (1, 7)])
def test_parser_crop_and_its_inverse_cancel(size_wh: tuple[int, int]) -> None:
    crop = ParserCrop(size_wh, 65)
    there = np.vstack((crop.to_crop, [0, 0, 1]))
    back = np.vstack((crop.to_picture, [0, 0, 1]))
    assert np.allclose(there @ back, np.eye(3))
    image = np.full((size_wh[1], size_wh[0], 3), 200, np.uint8)
    planes = crop.prepare(image)
    assert planes.shape == (1, 3, 65, 65)
    assert torch.isfinite(planes).all()


def test_parser_crop_is_bgr_letterboxed_and_exact() -> None:
    image = np.zeros((65, 33, 3), np.uint8)
    image[..., 0] = 255  # red
    planes = ParserCrop((33, 65), 65).prepare(image)[0]
    black = torch.tensor([-0.406 / 0.225, -0.456 / 0.224, -0.485 / 0.229])
    assert torch.allclose(planes[:, 30, 5], black)
    assert torch.allclose(planes[:2, 30, 32], black[:2])
    assert float(planes[2, 30, 32]) == pytest.approx((1 - 0.485) / 0.229)


def test_classes_return_to_the_pixels_they_came_from() -> None:
    logits = torch.zeros(3, 17, 17)
    logits[1, :9], logits[2, 9:] = 1, 1
    crop = ParserCrop((33, 65), 65)
    classes = crop.classes(logits)
    assert classes.shape == (65, 33) and classes.dtype == np.uint8
    assert (classes[:33] == 1).all() and (classes[36:] == 2).all()
    assert np.array_equal(classes, crop.restore(logits).argmax(0).numpy())


def test_parser_runs_a_network_on_a_picture() -> None:
    torch.manual_seed(0)
    kind = ParseDataset("schp_pascal", DATASETS["pascal"].labels, 65)
    network = Schp(7, width=4, blocks=(1, 1, 1, 1)).eval()
    image = np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)
    parser = Parser(network, kind)
    logits = parser.logits(image)
    assert logits.shape == (40, 30, 7) and logits.dtype == np.float32
    assert np.array_equal(parser.parse(image), logits.argmax(2))


def test_linear_taps_fade_to_zero_beyond_the_ends() -> None:
    taps = linear_taps(torch.tensor([-1.5, -0.25, 0.5, 2.0, 2.75]).double(), 3)
    line = torch.tensor([4.0, 8.0, 16.0]).double()
    assert (taps @ line).tolist() == [0, 3, 6, 16, 4]
    positions = torch.tensor([-1.5, -0.25, 0.5, 2.0, 2.75])
    assert sample_linear(line.float()[None], positions, -1)[0].tolist() == [0, 3, 6, 16, 4]
    assert sample_linear(line.float()[:, None], positions, -2)[:, 0].tolist() == [0, 3, 6, 16, 4]


def test_corner_aligned_taps_are_torchs_resize() -> None:
    maps = torch.randn(2, 9, 7, generator=torch.Generator().manual_seed(0))
    rows, columns = corner_aligned_taps(31, 9), corner_aligned_taps(12, 7)
    wanted = torch.nn.functional.interpolate(
        maps[None], (31, 12), mode="bilinear", align_corners=True
    )[0]
    assert torch.allclose(apply_taps(rows, columns, maps), wanted, atol=1e-5)


def test_salient_inputs_divide_by_the_brightest_value() -> None:
    dark = np.full((50, 60, 3), 51, np.uint8)
    for prepare in (prepare_salient, prepare_salient_lanczos):
        planes = prepare(dark)
        assert planes.shape == (1, 3, 320, 320) and planes.dtype == torch.float32
        assert float(planes[0, 0, 160, 160]) == pytest.approx((1 - 0.485) / 0.229, abs=1e-5)
        assert torch.isfinite(prepare(np.zeros((5, 5, 3), np.uint8))).all()


def test_salient_alpha_uses_the_full_range() -> None:
    prediction = torch.full((1, 1, 32, 32), 0.4)
    prediction[..., 16:] = 0.6
    alpha = salient_alpha(prediction, (64, 48))
    assert alpha.shape == (48, 64) and alpha.min() == 0 and alpha.max() >= 254
    flat = salient_alpha(torch.full((1, 1, 8, 8), 0.5), (8, 8))
    assert not flat.any()


def test_garment_classes_follow_the_photo() -> None:
    assert prepare_garment(np.zeros((9, 5, 3), np.uint8)).shape == (1, 3, 768, 768)
    logits = torch.zeros(1, 4, 8, 8)
    logits[:, GarmentClass.LOWER, 4:] = 2
    classes = garment_classes(logits, (10, 16))
    assert classes.shape == (16, 10)
    assert (classes[:7] == GarmentClass.BACKGROUND).all()
    assert (classes[9:] == GarmentClass.LOWER).all()


def test_noise_is_binary_and_repeatable() -> None:
    plane = noise_plane(3)
    assert plane.shape == (1, 1, 256, 192)
    assert set(plane.unique().tolist()) == {0.0, 1.0}
    assert float(plane.mean()) == pytest.approx(NOISE_SHARE, abs=0.01)
    assert torch.equal(plane, noise_plane(3)) and not torch.equal(plane, noise_plane(4))


def test_blur_has_a_zero_border() -> None:
    assert float(blur_kernel().sum()) == pytest.approx(1)
    blurred = enlarge_probabilities(torch.ones(1, 1, 256, 192))
    assert float(blurred[0, 0, 512, 384]) == pytest.approx(1, abs=1e-5)
    assert 0.2 < float(blurred[0, 0, 0, 0]) < 0.4


def test_misaligned_garment_is_set_apart() -> None:
    groups = torch.full((1, 2, 2), int(VitonGroup.UPPER))
    groups[0, 0, 0] = VitonGroup.HAIR
    seg = region_tensor(groups)
    warped = torch.tensor([[[[0.5, 0.25], [1.0, 0.0]]]])
    regions = divide_regions(seg, warped)
    assert regions.misalign[0, 0].tolist() == [[0, 0.75], [0, 1]]
    assert regions.seg_div[0, VitonRegion.UPPER].tolist() == [[0, 0.25], [1, 0]]
    assert torch.equal(regions.seg, region_tensor(groups))


def test_pictures_go_in_and_out() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    planes = picture_tensor(image)
    assert float(planes.min()) == -1
    assert np.abs(image_from_tensor(planes).astype(int) - image).max() <= 1  # truncation
    assert mask_tensor(np.array([[127, 128]], np.uint8)).flatten().tolist() == [0, 1]
