"""The stack as its users see it: orders in, keyframes out."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline import load_garment
from pipeline.errors import InputError, PoseIncomplete, WeightsError
from pipeline.labels import Landmark
from pipeline.networks.seg_generator import SegGenerator
from pipeline.stack import (
    HALF_HW,
    Keyframe,
    KeyframeCancelled,
    KeyframeFailed,
    Precision,
    Stack,
    missing_weights,
)
from pipeline.structures import Frame, Garment
from tests.stack_stand_in import small_networks, small_stack
from tests.unit.standing_pose import standing_pose

POSE = standing_pose()
MOVED = standing_pose(centre=(250.0, 190.0), torso_px=150.0)


def frame(seed: int = 0) -> Frame:
    coarse = np.random.default_rng(seed).integers(0, 255, (15, 20, 3), np.uint8)
    return Frame(np.ascontiguousarray(coarse.repeat(32, 0).repeat(32, 1)), seed / 10)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return small_stack()


@pytest.fixture(scope="module")
def garment() -> Garment:
    return load_garment("breton-top")


def same(first: Keyframe, second: Keyframe) -> bool:
    return all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("image", "alpha", "groups")
    )


def alike(first: Keyframe, second: Keyframe) -> bool:
    """The same but for rounding: threads may differ in how many others torch gives them."""
    apart = np.abs(first.image.astype(int) - second.image.astype(int)).mean()
    return bool(apart < 0.5 and (first.groups == second.groups).mean() > 0.999)


def test_a_keyframe_says_what_it_shows(stack: Stack, garment: Garment) -> None:
    made = stack.keyframe(frame(4), POSE, garment, seed=7)
    assert made.image.shape == (*HALF_HW, 3) and made.image.dtype == np.uint8
    assert made.alpha.shape == made.groups.shape == HALF_HW
    assert (made.garment_id, made.time_s, made.seed) == ("breton-top", 0.4, 7)
    assert made.alpha.max() == 255 and (made.alpha == 0).mean() > 0.3
    chest = made.crop.to_crop(POSE.landmarks_px[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_HIP]])
    x, y = chest.mean(axis=0).round().astype(int)
    assert made.alpha[y, x] == 255
    assert list(made.stage_ms) == ["parse", "segment", "warp", "synthesize", "finish"]


def test_the_same_order_gives_the_same_pixels(stack: Stack, garment: Garment) -> None:
    first, second = (stack.keyframe(frame(), POSE, garment, seed=1) for _ in range(2))
    assert same(first, second)


def test_the_seed_matters(garment: Garment) -> None:
    plain = small_stack()
    torch.manual_seed(0)
    plain.flow.segment = SegGenerator(width=4)  # listens to its noise
    groups = [plain.keyframe(frame(), POSE, garment, seed=seed).groups for seed in (1, 2)]
    assert not np.array_equal(*groups)


def test_a_batch_is_its_members(stack: Stack, garment: Garment) -> None:
    other = load_garment("white-tee")
    orders = [
        stack.prepare(frame(1), POSE, garment),
        stack.prepare(frame(2), MOVED, other, seed=5),
    ]
    with torch.inference_mode():
        together = stack._make_batch(orders, lambda: True)
    alone = [stack.make([order])[0] for order in orders]
    for first, second in zip(together, alone, strict=True):
        assert np.abs(first.image.astype(int) - second.image).max() <= 1
        assert np.array_equal(first.alpha, second.alpha)
    assert [k.garment_id for k in together] == ["breton-top", "white-tee"]


def test_nothing_of_the_caller_is_changed(stack: Stack, garment: Garment) -> None:
    picture = frame()
    before = picture.image.copy(), POSE.landmarks_px.copy(), garment.texture.copy()
    stack.keyframe(picture, POSE, garment)
    after = picture.image, POSE.landmarks_px, garment.texture
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_garment_is_laid_out_once(stack: Stack, garment: Garment) -> None:
    assert stack.garment(garment) is stack.garment(garment)


def test_work_nobody_wants_ends_between_networks(stack: Stack, garment: Garment) -> None:
    asked: list[int] = []
    order = stack.prepare(frame(), POSE, garment)

    def wanted() -> bool:
        asked.append(1)
        return len(asked) < 3

    with pytest.raises(KeyframeCancelled):
        stack.make([order], wanted)
    assert len(asked) == 3
    assert stack.make([order]), "the stack goes on"


def test_a_deadline_ends_the_work(stack: Stack, garment: Garment) -> None:
    order = stack.prepare(frame(), POSE, garment)
    with pytest.raises(KeyframeCancelled, match="too late"):
        stack.make([order], deadline_s=time.monotonic() - 1)


def test_threads_get_their_own_keyframes(stack: Stack, garment: Garment) -> None:
    poses = [POSE, MOVED]
    wanted = [stack.keyframe(frame(k), pose, garment) for k, pose in enumerate(poses)]
    got: dict[int, Keyframe] = {}

    def work(k: int) -> None:
        got[k] = stack.keyframe(frame(k), poses[k], garment)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not alike(*wanted)
    assert all(alike(got[k], wanted[k]) for k in range(2))


def test_a_missing_shoulder_is_named(stack: Stack, garment: Garment) -> None:
    blind = POSE.visibility.copy()
    blind[Landmark.LEFT_SHOULDER] = 0
    pose = type(POSE)(POSE.landmarks_px, blind, POSE.z_px, POSE.person_alpha)
    with pytest.raises(PoseIncomplete, match="left shoulder"):
        stack.keyframe(frame(), pose, garment)


def test_overflow_is_no_picture(garment: Garment) -> None:
    stack = small_stack()
    stack.flow.synthesize.conv_img.bias[0] = float("nan")
    with pytest.raises(KeyframeFailed, match="bf16"):
        stack.keyframe(frame(), POSE, garment)


def test_a_plan_without_room_is_made_the_exact_way(
    stack: Stack, garment: Garment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where the work is recorded before the picture is known."""
    wanted = stack.keyframe(frame(), POSE, garment)
    recorded = small_stack()
    recorded.flow.fixed_room = True
    roomy = recorded.keyframe(frame(), POSE, garment)
    monkeypatch.setattr("pipeline.networks.regions.ROOM", 1)
    cramped = recorded.keyframe(frame(), POSE, garment)
    for made in (roomy, cramped):
        assert np.abs(made.image.astype(int) - wanted.image).max() <= 1
        assert np.array_equal(made.alpha, wanted.alpha)


def test_bf16_is_close_to_fp32(stack: Stack, garment: Garment) -> None:
    half = small_stack(precision=Precision.BF16)
    exact, rounded = (s.keyframe(frame(), POSE, garment) for s in (stack, half))
    assert (exact.groups == rounded.groups).mean() > 0.98
    error = np.abs(exact.image.astype(int) - rounded.image)[exact.groups == rounded.groups]
    assert error.mean() < 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "cpu or cuda"),
        ({"precision": Precision.FP16}, "fp16 needs a GPU"),
        ({"size_hw": (640, 480)}, "1024×768 or 512×384"),
    ],
)
def test_impossible_stacks_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Stack(small_networks(), **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_without_a_gpu_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="none was found here"):
        Stack.load("cuda")


def test_missing_weights_are_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "seg_final.pth").write_bytes(b"x")
    missing = missing_weights(tmp_path, own_parser_too=False)
    assert missing == ("schp_cihp", "viton_gmm", "viton_alias")
    with pytest.raises(WeightsError, match=r"weights fetch .*viton_gmm viton_alias"):
        Stack.load(folder=tmp_path)


def test_it_needs_neither_mediapipe_nor_a_server() -> None:
    program = (
        "import sys\n"
        "for name in ('mediapipe', 'aiortc', 'aiohttp', 'av', 'numba'):\n"
        "    sys.modules[name] = None\n"
        "import pipeline.stack\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
