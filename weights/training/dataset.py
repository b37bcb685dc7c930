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

from pipeline.labels import Landmark
from pipeline.own_parser import INPUT_HW, OwnCrop, person_box, picture_planes, pose_planes
from weights.training.camera import Camera

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

IGNORED = 255  # label of what lies outside the frame
VALIDATION_EVERY = 40  # every so many-th sample is never trained on
WHOLE_SHARE = 0.35  # of crops that go down to the feet
JITTER = (0.1, 0.05)  # of a crop's logarithmic size, and of its place in its own size
TILT_RAD = 0.12
WORKERS_MOST = 1000  # seeds of workers of different runs do not meet


@dataclass(frozen=True, slots=True)
class Packed:
    """One sample as it lies on the disk: two encoded pictures and the landmarks (33, 3)."""

    image: bytes
    label: bytes
    landmarks: Floats


def read_packed(folders: list[Path]) -> tuple[list[Packed], list[Packed]]:
    """All whole samples of some folders: to train on, and to validate with."""
    train, validation = [], []
    for folder in folders:
        for path in sorted(folder.glob("*.npy")):
            sample = Packed(
                path.with_suffix(".jpg").read_bytes(),
                path.with_suffix(".png").read_bytes(),
                np.load(path).astype(np.float32),
            )
            held_out = int(path.stem) % VALIDATION_EVERY == 0
            (validation if held_out else train).append(sample)
    return train, validation


class Loader:
    """Makes batches for ever.

    Args:
        samples: to draw from.
        seed: of everything random here.
        shrink: 1 for 256×192, 2 for 128×96.
    """

    def __init__(self, samples: list[Packed], seed: int, shrink: int = 1) -> None:
        self.samples = samples
        self._rng = np.random.default_rng(seed)
        self._camera = Camera(self._rng)
        self._shrink = shrink

    def batch(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (B, 4, h, w), poses (B, 12, h/4, w/4), labels (B, h, w) int64."""
        chosen = self._rng.integers(len(self.samples), size=size)
        return self.collate([self.example(self.samples[i]) for i in chosen])

    def collate(self, rows: list[tuple[Floats, Floats, Bytes]]) -> tuple[Tensor, Tensor, Tensor]:
        """Stack examples."""
        picture, pose, label = zip(*rows, strict=True)
        return (
            torch.from_numpy(np.concatenate(picture)),
            torch.from_numpy(np.concatenate(pose)),
            torch.from_numpy(np.stack(label).astype(np.int64)),
        )

    def example(self, sample: Packed) -> tuple[Floats, Floats, Bytes]:
        """One spoiled crop: picture (1, 4, h, w), pose (1, 12, h/4, w/4), labels (h, w)."""
        rng = self._rng
        image = cv2.cvtColor(_decoded(sample.image, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        label = _decoded(sample.label, cv2.IMREAD_GRAYSCALE)
        truth = sample.landmarks.copy()
        image, label, truth = _framed(image, label, truth, rng)
        size_wh = (label.shape[1], label.shape[0])
        seen = self._camera.landmarks(truth, _torso_px(truth), size_wh)
        crop = self._crop(seen, size_wh)
        height, width = INPUT_HW
        small = cv2.warpAffine(
            label, crop.to_crop, (width, height), flags=cv2.INTER_NEAREST, borderValue=IGNORED
        )
        outline = self._camera.outline(small)
        outline[small == IGNORED] = 0
        picture = picture_planes(image, np.zeros_like(label), crop)
        colours = ((picture[0, :3].transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
        colours = self._camera.photograph(np.ascontiguousarray(colours))
        colours[small == IGNORED] = 127
        picture[0, :3] = colours.transpose(2, 0, 1) / np.float32(127.5) - 1
        picture[0, 3] = outline / np.float32(127.5) - 1
        pose = pose_planes(crop.points(seen[:, :2]), seen[:, 2])
        if rng.random() < 0.5:
            picture, pose, small = picture[..., ::-1], pose[..., ::-1], small[:, ::-1]
        return self._shrunk(picture), self._shrunk(pose), self._shrunk_label(small)

    def _crop(self, seen: Floats, size_wh: tuple[int, int]) -> OwnCrop:
        rng = self._rng
        whole = bool(rng.random() < WHOLE_SHARE)
        x0, y0, x1, y1 = person_box(seen[:, :2], seen[:, 2], size_wh, whole)
        grow, shift = np.exp(rng.normal(0, JITTER[0])), rng.normal(0, JITTER[1], 2)
        half_x, half_y = (x1 - x0) / 2 * grow, (y1 - y0) / 2 * grow
        x, y = (x0 + x1) / 2 + shift[0] * half_x * 2, (y0 + y1) / 2 + shift[1] * half_y * 2
        crop = OwnCrop.fit(x - half_x, y - half_y, x + half_x, y + half_y)
        height, width = INPUT_HW
        tilt = cv2.getRotationMatrix2D(
            (width / 2, height / 2), np.rad2deg(rng.normal(0, TILT_RAD)), 1
        )
        together = tilt @ np.vstack([crop.to_crop, [0, 0, 1]])
        return OwnCrop(together.astype(np.float32))

    def _shrunk(self, planes: Floats) -> Floats:
        if self._shrink == 1:
            return np.ascontiguousarray(planes)
        batch, depth, height, width = planes.shape
        step = self._shrink
        blocks = planes.reshape(batch, depth, height // step, step, width // step, step)
        return np.asarray(blocks.mean((3, 5)), np.float32)

    def _shrunk_label(self, label: Bytes) -> Bytes:
        offset = self._shrink // 2
        return np.ascontiguousarray(label[offset :: self._shrink, offset :: self._shrink])


class Stream(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches from a worker process of torch's ``DataLoader``, every worker with its own chance.

    Args:
        samples: to draw from.
        seed: of the run; shrink, size: as for ``Loader``.
    """

    def __init__(self, samples: list[Packed], seed: int, shrink: int, size: int) -> None:
        self._samples, self._seed, self._shrink, self._size = samples, seed, shrink, size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Never ends."""
        worker = get_worker_info()
        number = worker.id if worker else 0
        loader = Loader(self._samples, self._seed * WORKERS_MOST + number, self._shrink)
        while True:
            yield loader.batch(self._size)


def _decoded(data: bytes, flag: int) -> Bytes:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), flag), np.uint8)


def _torso_px(landmarks: Floats) -> float:
    shoulders = landmarks[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], :2].mean(0)
    hips = landmarks[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP], :2].mean(0)
    return float(np.hypot(*(shoulders - hips)))


def _framed(
    image: Bytes, label: Bytes, landmarks: Floats, rng: np.random.Generator
) -> tuple[Bytes, Bytes, Floats]:
    """Half of the pictures are cut, so that people leave the frame on every side."""
    if rng.random() < 0.5:
        return image, label, landmarks
    height, width = label.shape
    x0, x1 = int(rng.uniform(0, 0.25) * width), int(rng.uniform(0.75, 1) * width)
    y0, y1 = int(rng.uniform(0, 0.12) * height), int(rng.uniform(0.6, 1) * height)
    moved = landmarks.copy()
    moved[:, :2] -= (x0, y0)
    return image[y0:y1, x0:x1], label[y0:y1, x0:x1], moved
