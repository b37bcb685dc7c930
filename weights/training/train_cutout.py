"""Train the garment cut-out: ``python -m weights.training.train_cutout --out FOLDER --minutes 30``.

U2NetP from random numbers, on scenes drawn as it goes. Stops at any time and goes on from
``FOLDER/cutout.pt``; the weights alone are in ``FOLDER/u2netp.pth``, where the product and
``evaluate_cutout --weights FOLDER`` look for them. The rate falls over ``--minutes``. Begin at
``--size 128`` and finish at 320, the size the product gives the network.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.masks import MEAN_RGB, STD_RGB
from pipeline.networks import build_network
from pipeline.networks.u2net import U2Net
from weights.training.garment_scenes import Scenes
from weights.training.train import schedule

CHECKPOINT, WEIGHTS = "cutout.pt", "u2netp.pth"
WEIGHT_DECAY = 1e-2
CLIP = 5.0
LEAST_RATE = 1e-5
SAVE_EVERY, REPORT_EVERY = 50, 10
HELD_OUT_SEED, HELD_OUT = 999_983, 32

log = logging.getLogger("train_cutout")


def as_input(images: list[np.ndarray]) -> Tensor:
    """(S, S, 3) uint8 RGB pictures → (B, 3, S, S), normalised as ``masks.prepare_salient`` does."""
    planes = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    planes = planes / planes.amax((1, 2, 3), keepdim=True).clamp(min=1)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN_RGB, STD_RGB))
    return ((planes - mean) / std).contiguous(memory_format=torch.channels_last)


def loss_of(maps: tuple[Tensor, ...], truth: Tensor) -> Tensor:
    """Cross-entropy of all seven predictions, and overlap of the fused one."""
    pixel = sum(
        (functional.binary_cross_entropy_with_logits(m.float(), truth) for m in maps),
        start=torch.zeros(()),
    )
    guess = maps[0].float().sigmoid()
    both = (guess * truth).sum((1, 2, 3))
    either = (guess + truth - guess * truth).sum((1, 2, 3))
    return pixel + (1 - both / either.clamp(min=1)).mean()


class Training:
    """Network and optimiser, and how they are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        network = build_network("u2netp")
        assert isinstance(network, U2Net)
        network.activation = None  # the loss wants logits
        self.network = network.requires_grad_(True).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), weight_decay=WEIGHT_DECAY)
        self.step = 0
        if (folder / CHECKPOINT).exists():
            kept: dict[str, Any] = torch.load(folder / CHECKPOINT, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.step = kept["step"]

    def learn(self, scenes: Scenes, batch: int, rate: float) -> float:
        """One step; returns the loss."""
        self.network.train()
        images, masks = zip(*(scenes.draw() for _ in range(batch)), strict=True)
        truth = torch.from_numpy(np.stack(masks)[:, None]).float() / 255
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            maps = self.network(as_input(list(images)))
        loss = loss_of(maps, truth)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    @torch.no_grad()
    def held_out_iou(self, size: int) -> float:
        """Mean overlap on scenes of a seed of their own."""
        self.network.eval()
        scenes = Scenes(np.random.default_rng(HELD_OUT_SEED), size)
        scores = []
        for _ in range(HELD_OUT):
            image, mask = scenes.draw()
            guess = self.network(as_input([image]))[0][0, 0].numpy() > 0
            truth = mask > 127
            scores.append((guess & truth).sum() / max((guess | truth).sum(), 1))
        return float(np.mean(scores))

    def save(self) -> None:
        """Keep everything, whole or not at all."""
        kept = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        for name, content in ((CHECKPOINT, kept), (WEIGHTS, kept["network"])):
            fresh = self._folder / f"{name}.new"
            torch.save(content, fresh)
            fresh.replace(self._folder / name)


def main() -> None:
    """Read the command line and train."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    training = Training(arguments.out)
    scenes = Scenes(np.random.default_rng(training.step), arguments.size)
    began, losses = time.monotonic(), []
    while (spent := (time.monotonic() - began) / 60 / arguments.minutes) < 1:
        rate = arguments.rate * schedule(training.step, spent) + LEAST_RATE
        losses.append(training.learn(scenes, arguments.batch, rate))
        if training.step % REPORT_EVERY == 0:
            cpu = time.process_time()
            log.info("step %d, loss %.4f, %.0f CPU-s", training.step, np.mean(losses), cpu)
            losses.clear()
        if training.step % SAVE_EVERY == 0:
            training.save()
    training.save()
    log.info("held-out IoU %.3f", training.held_out_iou(arguments.size))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint and weights")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--size", type=int, default=128, help="px, a multiple of 32")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
