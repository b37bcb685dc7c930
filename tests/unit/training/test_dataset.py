"""Rendered people on their way to the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import OwnCrop, picture_planes, pose_planes
from weights.training import camera, dye, texture
from weights.training.camera import Camera
from weights.training.dataset import Library, Loader, Rendered, as_inputs, interest
from weights.training.dye import LIKE_SKIN, NEIGHBOURS, Dyer

SKIN = (190, 140, 110)
SHIRT = (40, 60, 160)
WALL = (90, 120, 90)


def _person() -> tuple[np.ndarray, np.ndarray]:
    """A body whose bare arms hang beside a shirt that is darker on its left."""
    label = np.zeros((120, 90), np.uint8)
    label[5:25, 35:55] = OwnPart.FACE
    label[25:90, 25:65] = OwnPart.UPPER
    label[30:80, 10:25] = label[30:80, 65:80] = OwnPart.ARMS
    image = np.full((120, 90, 3), WALL, np.uint8)
    image[(label == OwnPart.FACE) | (label == OwnPart.ARMS)] = SKIN
    image[label == OwnPart.UPPER] = SHIRT
    image[:, :45][label[:, :45] == OwnPart.UPPER] = np.array(SHIRT) // 2
    return image, label


def _inside(label: np.ndarray, part: OwnPart) -> np.ndarray:
    """Away from borders, where colours mix."""
    return cv2.erode((label == part).astype(np.uint8), np.ones((5, 5))) > 0


def test_dyes_change_colours_and_keep_shade() -> None:
    image, label = _person()
    kept = image.copy()
    inside = _inside(label, OwnPart.UPPER)
    inside[:, 42:48] = False
    colours, darker = [], 0
    for seed in range(40):
        dyed, _ = Dyer(np.random.default_rng(seed)).dye(image, label)
        left, right = (dyed[half & inside].mean(0) for half in (COLUMNS < 45, COLUMNS >= 45))
        colours.append(right)
        darker += left.sum() < right.sum()
    assert np.ptp(np.array(colours), axis=0).min() > 120
    assert darker >= 38
    assert np.array_equal(image, kept)


COLUMNS = np.broadcast_to(np.arange(90), (120, 90))


def test_bare_arms_become_sleeves_of_no_skins_colour() -> None:
    image, label = _person()
    sleeved = 0
    for seed in range(150):
        dyer = Dyer(np.random.default_rng(seed))
        dyed, new = dyer.dye(image, label)
        if (new == OwnPart.ARMS).any():
            continue
        sleeved += 1
        assert ((new == label) | (label == OwnPart.ARMS)).all()
        arm, face, shirt = (
            dyed[_inside(label, p)].mean(0) for p in (OwnPart.ARMS, OwnPart.FACE, OwnPart.UPPER)
        )
        assert np.linalg.norm(arm - face) > LIKE_SKIN / 2
        assert np.linalg.norm(arm - shirt) < np.linalg.norm(arm - face)
    assert 15 <= sleeved <= 60


@pytest.mark.parametrize(("cuff", "wrists"), [(0.0, 0), (0.4, 1), (-0.3, -1)])
def test_sleeves_end_before_the_hand_at_it_or_over_it(
    cuff: float, wrists: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, label = _person()
    label[80:100, 10:25] = label[80:100, 65:80] = OwnPart.HANDS
    image[label == OwnPart.HANDS] = SKIN
    for name, value in {"SHARES": (), "ALIKE": 0.0, "SLEEVED": 1.0, "CUFFED": 1.0}.items():
        monkeypatch.setattr(dye, name, value)
    monkeypatch.setattr(dye, "CUFFS", (cuff, cuff))
    dyed, new = Dyer(np.random.default_rng(0)).dye(image, label)
    arm, sleeve = new == OwnPart.ARMS, (new == OwnPart.UPPER) & (label != OwnPart.UPPER)
    hidden = (label == OwnPart.HANDS) & (new != OwnPart.HANDS)
    assert sleeve[30:60, 10:25].all()
    assert arm[79, 10:25].all() == (wrists > 0)
    assert arm.any() == (wrists > 0)
    assert hidden.any() == (wrists < 0)
    skin = np.linalg.norm(dyed[arm] - np.array(SKIN, float), axis=-1)
    assert not len(skin) or np.median(skin) < 5
    assert np.median(np.linalg.norm(dyed[sleeve] - np.array(SKIN, float), axis=-1)) > LIKE_SKIN / 2


def test_neighbours_come_in_one_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dye, "SHARES", ())
    monkeypatch.setattr(dye, "SLEEVED", 0.0)
    image, label = _person()
    image[label == OwnPart.UPPER] = SHIRT  # of one shade
    label[:5, 35:55] = OwnPart.HAIR
    image[label == OwnPart.HAIR] = (60, 40, 30)

    def apart(picture: np.ndarray, pair: tuple[OwnPart, OwnPart]) -> float:
        one, other = (picture[_inside(label, part)].mean(0) for part in pair)
        return float(np.linalg.norm(one - other))

    pairs = [pair for pair in NEIGHBOURS if (label == pair[0]).any()]
    assert len(pairs) >= 4
    monkeypatch.setattr(dye, "ALIKE", 1.0)
    dyed = [Dyer(np.random.default_rng(seed)).dye(image, label)[0] for seed in range(60)]
    for pair in pairs:
        assert min(apart(d, pair) for d in dyed) < 30 < apart(image, pair)
    monkeypatch.setattr(dye, "ALIKE", 0.0)
    assert np.array_equal(Dyer(np.random.default_rng(0)).dye(image, label)[0], image)


def test_detail_is_drawn_on_its_part_alone_and_keeps_the_colour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texture, "SHARES", ((1.0, (OwnPart.UPPER,)),))
    image, label = _person()
    image[label == OwnPart.UPPER] = (120, 140, 160)
    inside, outside = _inside(label, OwnPart.UPPER), label != OwnPart.UPPER
    outside = cv2.erode(outside.astype(np.uint8), np.ones((5, 5))) > 0
    spreads = []
    for seed in range(12):
        drawn = texture.Detail(np.random.default_rng(seed)).draw(image, label)
        assert np.array_equal(drawn[outside], image[outside])
        assert np.abs(drawn[inside].mean(0) / (120, 140, 160) - 1).max() < 0.2
        spreads.append(drawn[inside].std(0).max())
    assert min(spreads) > 1 and max(spreads) > 15


def _rendered() -> Rendered:
    image, label = _person()
    landmarks = np.zeros((33, 3), np.float32)
    for joint, place in {
        Landmark.LEFT_EYE: (49, 12),
        Landmark.RIGHT_EYE: (41, 12),
        Landmark.LEFT_SHOULDER: (68, 32),
        Landmark.RIGHT_SHOULDER: (22, 32),
        Landmark.LEFT_HIP: (58, 88),
        Landmark.RIGHT_HIP: (32, 88),
    }.items():
        landmarks[joint] = (*place, 1)
    return Rendered(image, label, landmarks)


@pytest.mark.parametrize("shrink", [1, 2])
def test_examples_have_the_networks_shapes(shrink: int) -> None:
    loader = Loader([_rendered()], seed=3, shrink=shrink)
    picture, pose, label = as_inputs(loader.batch(3), "cpu")
    height, width = 256 // shrink, 192 // shrink
    assert picture.shape == (3, 4, height, width) and pose.shape == (3, 12, height // 4, width // 4)
    assert label.shape == (3, height, width)
    assert picture.min() >= -1 and picture.max() <= 1 and pose.min() >= 0 and pose.max() <= 1
    shown = picture[:, 3] > 0
    assert shown[(label == OwnPart.UPPER)].float().mean() > 0.5


def test_clean_examples_are_what_the_product_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = _rendered()
    loader = Loader([sample], seed=0)
    crop = OwnCrop.fit(0, 0, 90, 120)
    monkeypatch.setattr("weights.training.dataset._framed", lambda i, t, m, r: (i, t, m))
    monkeypatch.setattr(loader, "_crop", lambda seen, size: crop)
    monkeypatch.setattr(loader._camera, "landmarks", lambda truth, torso, size: truth)
    monkeypatch.setattr(loader._camera, "photograph", lambda image: image)
    monkeypatch.setattr(loader._dyer, "dye", lambda image, label: (image, label))
    monkeypatch.setattr(loader._detail, "draw", lambda image, label: image)
    monkeypatch.setattr(loader._camera, "outline", lambda label: (label > 0) * np.uint8(255))
    rows = [loader.example(sample) for _ in range(8)]  # some are mirrored
    person = (sample.label > 0) * np.uint8(255)
    wanted = picture_planes(sample.image, person, crop)[0, :3]
    joints = pose_planes(crop.points(sample.landmarks[:, :2]), sample.landmarks[:, 2])[0]
    found = [as_inputs(loader.collate([row]), "cpu") for row in rows]
    offs = [np.abs(f[0][0, :3].numpy() - wanted).max() for f in found]
    assert min(offs) < 0.01
    assert np.abs(found[int(np.argmin(offs))][1][0].numpy() - joints).max() < 0.01


def test_new_pictures_are_found_and_some_held_out(tmp_path: Path) -> None:
    sample = _rendered()
    folder = tmp_path / "train-1"
    folder.mkdir()
    library = Library(tmp_path)
    assert library.read() == ([], [])
    for number in (0, 1, 2):
        path = folder / f"{number:06d}"
        cv2.imwrite(f"{path}.jpg", sample.image[..., ::-1])
        cv2.imwrite(f"{path}.png", sample.label)
        np.save(f"{path}.npy", sample.landmarks)
    train, validation = library.read()
    assert (len(train), len(validation)) == (2, 1)
    assert np.abs(train[0].image.astype(int) - sample.image).mean() < 4
    assert library.read()[0][0] is train[0]


def test_bare_arms_and_legs_are_drawn_more_often_and_hats_less() -> None:
    _, label = _person()
    covered = np.where(label == OwnPart.ARMS, OwnPart.UPPER, label)
    bare = label.copy()
    bare[100:, 30:60] = OwnPart.LEGS
    person = _rendered()
    hatted = covered.copy()
    hatted[:8, 35:55] = OwnPart.ACCESSORY
    samples = [replace(person, label=np.asarray(x, np.uint8)) for x in (covered, bare, hatted)]
    plain, skin, hat = map(interest, samples)
    assert hat < plain == 1 < interest(person) < skin
    loader = Loader(samples[:2], seed=0, shrink=2)
    loader._dyer.dye = lambda image, label: (image, label)
    loader._props.place = lambda image, label, _: (image, label)
    labels = loader.batch(60)[2]
    shown = [(OwnPart.LEGS in row) or (OwnPart.ARMS in row) for row in labels]
    assert np.mean(shown) > 0.65


def test_dresses_are_drawn_more_often() -> None:
    label = np.zeros((120, 90), np.uint8)
    label[20:60, 25:65] = OwnPart.UPPER
    landmarks = np.zeros((33, 3), np.float32)
    landmarks[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], 1] = 20
    landmarks[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP], 1] = 60
    trousers, dress = label.copy(), label.copy()
    trousers[60:110, 25:65], dress[60:110, 25:65] = OwnPart.LOWER, OwnPart.UPPER
    image = np.zeros((120, 90, 3), np.uint8)
    assert interest(Rendered(image, trousers, landmarks)) == 1
    assert interest(Rendered(image, dress, landmarks)) > 1.5


def test_some_pictures_have_light_in_the_lens(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((64, 48, 3), np.uint8)
    image[:32] = 255

    def contrast(share: float) -> float:
        monkeypatch.setattr(camera, "HAZE_SHARE", share)
        pictures = [Camera(np.random.default_rng(s)).photograph(image) for s in range(30)]
        return float(np.median([p[8:24].mean() - p[40:56].mean() for p in pictures]))

    assert contrast(1.0) < 0.85 * contrast(0.0)


def _hand_at_the_lens() -> np.ndarray:
    label = np.zeros((128, 96), np.uint8)
    label[:, 40:80] = OwnPart.UPPER
    label[20:90, 0:30] = OwnPart.HANDS
    return label


def test_a_hand_close_to_the_lens_is_often_out_of_focus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "DEFOCUSED", 1.0)
    label = _hand_at_the_lens()
    image = np.random.default_rng(2).integers(0, 255, (128, 96, 3), np.uint8)
    blurred = Camera(np.random.default_rng(0)).focus(image, label)
    hand, shirt = np.s_[35:75, 8:22], np.s_[35:75, 55:75]
    assert blurred[hand].std() < 0.6 * image[hand].std()
    assert np.array_equal(blurred[shirt], image[shirt])
    small = np.where(label == OwnPart.HANDS, 0, label).astype(np.uint8)
    small[20:30, 0:10] = OwnPart.HANDS
    assert Camera(np.random.default_rng(0)).focus(image, small) is image


def test_hands_may_move_before_what_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "HURRIED", 1.0)
    label = _hand_at_the_lens()
    image = np.random.default_rng(2).integers(0, 255, (128, 96, 3), np.uint8)
    moved = Camera(np.random.default_rng(0)).hurry(image, label)
    hand, shirt = np.s_[45:65, 12:18], np.s_[45:65, 60:75]
    assert moved[hand].std() < 0.6 * image[hand].std()
    assert np.array_equal(moved[shirt], image[shirt])
    monkeypatch.setattr(camera, "HURRIED", 0.0)
    assert Camera(np.random.default_rng(0)).hurry(image, label) is image


def test_some_pictures_are_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(2).integers(0, 255, (128, 96, 3), np.uint8)

    def detail(share: float) -> float:
        monkeypatch.setattr(camera, "COARSE_SHARE", share)
        pictures = [Camera(np.random.default_rng(s)).photograph(image) for s in range(20)]
        assert all(p.shape == image.shape for p in pictures)
        return float(np.median([cv2.Laplacian(p, cv2.CV_32F).std() for p in pictures]))

    assert detail(1.0) < 0.4 * detail(0.0)


def test_a_hand_close_to_the_lens_is_often_missing_from_the_outline() -> None:
    label = _hand_at_the_lens()
    outlines = [Camera(np.random.default_rng(s)).outline(label)[35:75, 8:22] for s in range(60)]
    missing = np.mean([outline.mean() < 60 for outline in outlines])
    assert 0.3 < missing < 0.75


def test_some_outlines_lack_a_piece_of_a_limb_and_some_have_one_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    label = np.zeros((256, 192), np.uint8)
    label[60:200, 70:120] = OwnPart.UPPER
    label[80:110, 120:180] = OwnPart.ARMS
    ball = np.ones((15, 15))
    inside, around = cv2.erode(label, ball) > 0, cv2.dilate(label, ball) > 0

    def holes_and_spills(patch: float, spill: float) -> tuple[float, float]:
        monkeypatch.setattr(camera, "PATCH_SHARE", patch)
        monkeypatch.setattr(camera, "SPILL_SHARE", spill)
        outlines = [Camera(np.random.default_rng(s)).outline(label) for s in range(60)]
        whole = [o for o in outlines if o[inside & (label == OwnPart.UPPER)].mean() > 250]
        arm = inside & (label == OwnPart.ARMS)
        lacks = np.mean([(o[arm] < 60).mean() > 0.2 for o in whole])
        adds = np.mean([(o[~around] > 200).sum() > 40 for o in whole])
        return float(lacks), float(adds)

    assert holes_and_spills(0.0, 0.0) == (0, 0)
    assert holes_and_spills(1.0, 0.0)[0] > 0.5
    assert holes_and_spills(0.0, 1.0)[1] > 0.3
