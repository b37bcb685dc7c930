"""Rendered samples as the network's inputs: cropped by the product's own code, then spoiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import (
    INPUT_HW,
    MIDDLE,
    OwnCrop,
    close_boxes,
    person_box,
    pose_planes,
    sampled,
)
from weights.training.camera import Camera, is_near
from weights.training.dye import Dyer
from weights.training.props import Props
from weights.training.texture import Detail

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Batch = tuple[Tensor, Tensor, Tensor]
"""Bytes: pictures (B, h, w, 4), poses (B, h/4, w/4, 12), labels (B, h, w)."""

IGNORED = 255  # label of what lies outside the frame
VALIDATION_EVERY = 40  # every so many-th sample is never trained on
MUCH_ARM = 0.22  # of the upper garment's pixels: sleeveless or nearly so
BARE_ARM_INTEREST = 2.5  # added to 1, how often others are drawn
LEG_SHARE = 0.006  # of the picture
LEG_INTEREST = 1.5  # the same
EYES = [Landmark.LEFT_EYE, Landmark.RIGHT_EYE]
DRESS_SHARE = 0.3  # of what shows of a person below the hips
DRESS_FROM = 0.35  # torso lengths below them
DRESS_LEAST = 300  # px that must show there
DRESS_INTEREST = 1.0  # the same
NEAR_INTEREST = 4.0  # the same
HAT_SHARE = 0.003  # of the picture
HAT_INTEREST = 0.3  # few people wear one indoors, and short dark hair is soon taken for it
CLOSE_SHARE = 0.35  # of crops that show a part of the body closely
CLOSE_JITTER = (0.2, 0.12)  # as below
WHOLE_SHARE = 0.5  # of the others, that go down to the feet
CUT_SHARE = 0.4
JITTER = (0.1, 0.05)  # of a crop's logarithmic size, and of its place in its own size
TILT_RAD = 0.12
WORKERS_MOST = 1000  # seeds of workers of different runs do not meet


@dataclass(frozen=True, slots=True)
class Rendered:
    """One sample in memory: (H, W, 3) RGB, (H, W) classes, (33, 3) landmarks."""

    image: Bytes
    label: Bytes
    landmarks: Floats


class Library:
    """What has been rendered so far; pictures may still be in the making.

    Args:
        folder: whose folders ``train-*`` are read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, Rendered] = {}

    def read(self) -> tuple[list[Rendered], list[Rendered]]:
        """All whole samples: to train on, and to validate with."""
        train, validation = [], []
        for path in sorted(self._folder.glob("train-*/*.npy")):
            if path not in self._known:
                self._known[path] = read_rendered(path)
            held_out = int(path.stem) % VALIDATION_EVERY == 0
            (validation if held_out else train).append(self._known[path])
        return train, validation


def read_rendered(landmarks: Path) -> Rendered:
    """One sample by the file of its landmarks."""
    image = _decoded(landmarks.with_suffix(".jpg"), cv2.IMREAD_COLOR)
    return Rendered(
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
        _decoded(landmarks.with_suffix(".png"), cv2.IMREAD_GRAYSCALE),
        np.load(landmarks).astype(np.float32),
    )


class Loader:
    """Makes batches for ever.

    Args:
        samples: to draw from.
        seed: of everything random here.
        shrink: 1 for 256×192, 2 for 128×96.
    """

    def __init__(self, samples: list[Rendered], seed: int, shrink: int = 1) -> None:
        self.samples = samples
        self._rng = np.random.default_rng(seed)
        self._camera, self._dyer = Camera(self._rng), Dyer(self._rng)
        self._props, self._detail = Props(self._rng), Detail(self._rng)
        self._shrink = shrink
        self._sum = np.cumsum([interest(sample) for sample in samples])

    def batch(self, size: int) -> Batch:
        """So many examples of samples drawn at random."""
        chosen = np.searchsorted(self._sum, self._rng.uniform(0, self._sum[-1], size))
        return self.collate([self.example(self.samples[i]) for i in chosen])

    def collate(self, rows: list[tuple[Bytes, Bytes, Bytes]]) -> Batch:
        """Stack examples."""
        picture, pose, label = (torch.from_numpy(np.stack(r)) for r in zip(*rows, strict=True))
        return picture, pose, label

    def example(self, sample: Rendered) -> tuple[Bytes, Bytes, Bytes]:
        """One spoiled crop: picture (h, w, 4), pose (h/4, w/4, 12) in bytes, labels (h, w)."""
        rng = self._rng
        image, label = self._props.place(sample.image, sample.label, sample.landmarks)
        image, label, truth = _framed(image, label, sample.landmarks.copy(), rng)
        image, label = self._props.lens_hand(image, label, truth)
        size_wh = (label.shape[1], label.shape[0])
        seen = self._camera.landmarks(truth, _torso_px(truth), size_wh)
        crop = self._crop(seen, size_wh)
        height, width = (n // self._shrink for n in INPUT_HW)
        to_small = _shrinking(self._shrink) @ np.vstack([crop.to_crop, [0, 0, 1]])
        small = cv2.warpAffine(
            label, to_small, (width, height), flags=cv2.INTER_NEAREST, borderValue=IGNORED
        )
        colours = sampled(image, to_small, (width, height), MIDDLE)
        outline = self._camera.outline(small)
        outline[small == IGNORED] = 0
        colours, small = self._dyer.dye(colours, small)
        colours = self._camera.focus(self._detail.draw(colours, small), small)
        colours = self._camera.photograph(self._camera.hurry(colours, small))
        colours[small == IGNORED] = int(MIDDLE)
        picture = np.dstack([colours, outline])
        pose = self._shrunk(pose_planes(crop.points(seen[:, :2]), seen[:, 2])[0])
        if rng.random() < 0.5:
            picture, pose, small = (a[:, ::-1] for a in (picture, pose, small))
        return picture, pose, small

    def _crop(self, seen: Floats, size_wh: tuple[int, int]) -> OwnCrop:
        rng = self._rng
        close = close_boxes(seen[:, :2], seen[:, 2], size_wh)
        if close and rng.random() < CLOSE_SHARE:
            box, jitter = close[rng.integers(len(close))], CLOSE_JITTER
        else:
            whole = bool(rng.random() < WHOLE_SHARE)
            box, jitter = person_box(seen[:, :2], seen[:, 2], size_wh, whole), JITTER
        x0, y0, x1, y1 = box
        grow, shift = np.exp(rng.normal(0, jitter[0])), rng.normal(0, jitter[1], 2)
        half_x, half_y = (x1 - x0) / 2 * grow, (y1 - y0) / 2 * grow
        x, y = (x0 + x1) / 2 + shift[0] * half_x * 2, (y0 + y1) / 2 + shift[1] * half_y * 2
        crop = OwnCrop.fit(x - half_x, y - half_y, x + half_x, y + half_y)
        height, width = INPUT_HW
        tilt = cv2.getRotationMatrix2D(
            (width / 2, height / 2), np.rad2deg(rng.normal(0, TILT_RAD)), 1
        )
        together = tilt @ np.vstack([crop.to_crop, [0, 0, 1]])
        return OwnCrop(together.astype(np.float32))

    def _shrunk(self, planes: Floats) -> Bytes:
        """(depth, H, W) in 0..1 → (H/shrink, W/shrink, depth) in bytes."""
        depth, height, width = planes.shape
        step = self._shrink
        blocks = planes.reshape(depth, height // step, step, width // step, step).mean((2, 4))
        return np.asarray(blocks.transpose(1, 2, 0) * 255 + 0.5, np.uint8)


def as_inputs(batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """A batch as the network wants it: two inputs (B, C, H, W), channels last, and int64 labels."""
    picture, pose, label = (t.to(device, non_blocking=True) for t in batch)
    return (
        picture.permute(0, 3, 1, 2).float() / MIDDLE - 1,
        pose.permute(0, 3, 1, 2).float() / 255,
        label.long(),
    )


class Stream(IterableDataset[Batch]):
    """Batches from a worker process of torch's ``DataLoader``, every worker with its own chance.

    Args:
        samples: to draw from.
        seed: of the run; shrink, size: as for ``Loader``.
    """

    def __init__(self, samples: list[Rendered], seed: int, shrink: int, size: int) -> None:
        self._samples, self._seed, self._shrink, self._size = samples, seed, shrink, size

    def __iter__(self) -> Iterator[Batch]:
        """Never ends."""
        worker = get_worker_info()
        number = worker.id if worker else 0
        loader = Loader(self._samples, self._seed * WORKERS_MOST + number, self._shrink)
        while True:
            yield loader.batch(self._size)


def interest(sample: Rendered) -> float:
    """How much more often than others a sample is drawn: more for rare skin, less for hats."""
    label = sample.label
    many = np.bincount(label.ravel(), minlength=len(OwnPart))
    much_arm = many[OwnPart.ARMS] > MUCH_ARM * many[OwnPart.UPPER]
    legs = many[OwnPart.LEGS] > LEG_SHARE * label.size
    above_eyes = label[: max(0, int(sample.landmarks[EYES, 1].min()))]
    hat = np.count_nonzero(above_eyes == OwnPart.ACCESSORY) > HAT_SHARE * label.size
    rare = BARE_ARM_INTEREST * much_arm + LEG_INTEREST * legs
    rare += DRESS_INTEREST * _dressed(label, sample.landmarks) + NEAR_INTEREST * is_near(label)
    return (1.0 + rare) * (HAT_INTEREST if hat else 1)


def _dressed(label: Bytes, landmarks: Floats) -> bool:
    """Whether the upper garment is a dress, or nearly as long."""
    hips = landmarks[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP], 1].mean()
    start = int(np.clip(hips + DRESS_FROM * _torso_px(landmarks), 0, len(label)))
    below = label[start:]
    shown = np.count_nonzero((below > 0) & (below != IGNORED))
    return shown > DRESS_LEAST and bool((below == OwnPart.UPPER).sum() > DRESS_SHARE * shown)


def _decoded(path: Path, flag: int) -> Bytes:
    return np.asarray(cv2.imread(str(path), flag), np.uint8)


def _shrinking(step: int) -> NDArray[np.float64]:
    """(2, 3) @ from pixels of the full crop to those of one ``step`` times as small."""
    offset = 0.5 / step - 0.5
    return np.array([[1 / step, 0, offset], [0, 1 / step, offset]])


def _torso_px(landmarks: Floats) -> float:
    shoulders = landmarks[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], :2].mean(0)
    hips = landmarks[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP], :2].mean(0)
    return float(np.hypot(*(shoulders - hips)))


def _framed(
    image: Bytes, label: Bytes, landmarks: Floats, rng: np.random.Generator
) -> tuple[Bytes, Bytes, Floats]:
    """Some of the pictures are cut, so that people leave the frame on every side."""
    if rng.random() > CUT_SHARE:
        return image, label, landmarks
    height, width = label.shape
    x0, x1 = int(rng.uniform(0, 0.25) * width), int(rng.uniform(0.75, 1) * width)
    y0, y1 = int(rng.uniform(0, 0.12) * height), int(rng.uniform(0.6, 1) * height)
    moved = landmarks.copy()
    moved[:, :2] -= (x0, y0)
    return image[y0:y1, x0:x1], label[y0:y1, x0:x1], moved
