"""Train the parser: ``python -m weights.training.train --data FOLDER --steps 4000``.

Stops at any time and goes on from ``FOLDER/parser.pt``, or begins with exported weights
(``--start weights/own_parser.onnx``). ``--shrink 2`` trains at 128×96, four times
as fast; begin so and finish at full size. The rate is constant but for the last ``--settle`` steps,
or falls from the beginning to the end of ``--minutes``.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from pipeline.labels import OwnPart
from weights.training.dataset import (
    IGNORED,
    Batch,
    Library,
    Loader,
    Rendered,
    Stream,
    as_inputs,
)
from weights.training.features import Features
from weights.training.network import OwnParserNet
from weights.training.restore import restore

CHECKPOINT = "parser.pt"
CLASS_WEIGHTS = {
    OwnPart.HAIR: 1.2,
    OwnPart.NECK: 1.4,
    OwnPart.ARMS: 1.1,
    OwnPart.HANDS: 1.4,
    OwnPart.LEGS: 1.3,
    OwnPart.FEET: 1.4,
    OwnPart.ACCESSORY: 1.2,
}
EDGE_WEIGHT = 1.5  # added where two classes meet
OVERLAP_WEIGHT = 0.5  # of what the classes' overlaps miss, beside the mean over pixels
OVERLAP_STEP = 2  # of whose rows and columns it is counted, which is four times as fast
WARM_UP = 80  # steps
WEIGHT_DECAY = 1e-2
CLIP = 5.0
LEAST_RATE = 1e-5
AVERAGE_MOST = 0.996  # of the running mean of weights
AVERAGE_START = 20.0
SAVE_EVERY = 100
REPORT_EVERY = 25
REREAD_EVERY = 500  # steps, after which the folder is looked through again
PREFETCHED = 4  # batches a worker process keeps ready
VALIDATED = 60  # samples
MEASURED = 12  # batches that exported weights are put back to use with

log = logging.getLogger("train")


class Training:
    """Network, optimiser and running mean, and how they are kept.

    Args:
        folder: where the checkpoint is.
        device: torch's name.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._path = folder / CHECKPOINT
        self._device = device
        self._layout = torch.channels_last
        features = Features()
        self.network = OwnParserNet(features).to(device, memory_format=self._layout)
        self.mean = OwnParserNet(features).to(device).eval()
        self.mean.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(self._learnt(), weight_decay=WEIGHT_DECAY, fused=True)
        self.step = 0
        self._weights = torch.tensor([CLASS_WEIGHTS.get(p, 1.0) for p in OwnPart], device=device)
        if self._path.exists():
            kept: dict[str, Any] = torch.load(self._path, map_location=device, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.mean.load_state_dict(kept["mean"])
            self.optimiser.load_state_dict(kept["optimiser"])
            for group in self.optimiser.param_groups:
                group["fused"] = True  # also where the checkpoint is older than that
            self.step = kept["step"]

    def _learnt(self) -> list[nn.Parameter]:
        return [p for p in self.network.parameters() if p.requires_grad]

    def begin_with(self, weights: Path, batches: Iterable[Batch]) -> None:
        """Set the network, and its running mean, to what an exported file computes."""
        inputs = (as_inputs(batch, self._device)[:2] for batch in batches)
        restore(self.network, weights, inputs)
        self.network.train()
        self.mean.load_state_dict(self.network.state_dict())

    def learn(self, batch: Batch, rate: float) -> Tensor:
        """One step; returns the loss, still on the device."""
        picture, pose, label = as_inputs(batch, self._device)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(self._device, torch.bfloat16):
            logits = self.network(picture, pose)
        loss = self._loss(logits.float(), label)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learnt(), CLIP)
        self.optimiser.step()
        self.step += 1
        self._average()
        return loss.detach()

    def _loss(self, logits: Tensor, label: Tensor) -> Tensor:
        pixel = functional.cross_entropy(logits, label, reduction="none", ignore_index=IGNORED)
        known = label != IGNORED
        weight = self._weights[torch.where(known, label, 0)] + EDGE_WEIGHT * edges(label)
        weight = weight * known
        few = (..., slice(None, None, OVERLAP_STEP), slice(None, None, OVERLAP_STEP))
        missed = 1 - overlap(logits[few], label[few], known[few])
        return (pixel * weight).sum() / weight.sum().clamp(min=1) + OVERLAP_WEIGHT * missed

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(AVERAGE_MOST, self.step / (self.step + AVERAGE_START))
        pairs = zip(
            self.mean.state_dict().values(), self.network.state_dict().values(), strict=True
        )
        for mean, now in pairs:
            if mean.is_floating_point():
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)

    def save(self) -> None:
        """Keep everything, whole or not at all."""
        kept = {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        fresh = self._path.with_suffix(".new")
        torch.save(kept, fresh)
        fresh.replace(self._path)


def overlap(logits: Tensor, label: Tensor, known: Tensor) -> Tensor:
    """Dice coefficient, 0 to 1, of guessed and true classes: mean over those of the batch.

    Unlike the mean over pixels it counts a hand as much as a jacket. Source: Milletari et al. 2016,
    V-Net.
    """
    guess = logits.softmax(1) * known[:, None]
    classes = torch.arange(logits.shape[1], device=label.device)
    truth = label[:, None] == classes[:, None, None]
    both = (guess * truth).sum((0, 2, 3))
    true = truth.sum((0, 2, 3))
    dice = 2 * both / (guess.sum((0, 2, 3)) + true).clamp(min=1)
    return dice[true > 0].mean()


def edges(label: Tensor) -> Tensor:
    """(B, H, W) True beside where two classes meet."""
    found = torch.zeros_like(label, dtype=torch.bool)
    for axis in (1, 2):
        many = label.shape[axis] - 1
        differ = label.narrow(axis, 0, many) != label.narrow(axis, 1, many)
        found.narrow(axis, 0, many).logical_or_(differ)
        found.narrow(axis, 1, many).logical_or_(differ)
    return found


@torch.no_grad()
def validate(network: OwnParserNet, samples: list[Rendered], shrink: int) -> np.ndarray:
    """(classes,) intersection over union on held-out samples, spoiled as in training."""
    loader = Loader(samples, seed=0, shrink=shrink)
    counts = np.zeros((len(OwnPart), len(OwnPart)), np.int64)
    device = str(next(network.parameters()).device)
    for sample in samples[:VALIDATED]:
        picture, pose, label = as_inputs(loader.collate([loader.example(sample)]), device)
        guess = network(picture, pose).argmax(1).cpu().numpy()
        truth = label.cpu().numpy()
        known = truth != IGNORED
        np.add.at(counts, (truth[known], guess[known]), 1)
    both = np.diag(counts)
    return both / np.maximum(counts.sum(0) + counts.sum(1) - both, 1)


def main() -> None:
    """Read the command line and train."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    torch.set_num_threads(arguments.threads)
    training = Training(arguments.data, arguments.device)
    library = Library(arguments.data)
    batches = _batches(library, arguments, seed=training.step + 1)
    if training.step:
        log.info("going on from step %d", training.step)
    elif arguments.start:
        log.info("beginning with %s", arguments.start)
        training.begin_with(arguments.start, itertools.islice(batches, MEASURED))
    first, began, losses = training.step, time.monotonic(), []
    while training.step < arguments.steps:
        spent = (time.monotonic() - began) / 60
        if spent > arguments.minutes:
            break
        late = 1 - (arguments.steps - training.step) / max(arguments.settle, 1)
        rate = arguments.rate * schedule(training.step, max(late, spent / arguments.minutes))
        losses.append(training.learn(next(batches), rate + LEAST_RATE))
        if training.step % REPORT_EVERY == 0:
            pictures = (training.step - first) * arguments.batch / (time.monotonic() - began)
            mean = float(torch.stack(losses).mean())
            log.info("step %d, loss %.4f, %.1f pictures/s", training.step, mean, pictures)
            losses.clear()
        if training.step % SAVE_EVERY == 0:
            training.save()
    training.save()
    validation = library.read()[1]
    if validation:
        score = validate(training.mean, validation, arguments.shrink)
        log.info("validation IoU %s", {p.name.lower(): round(float(score[p]), 3) for p in OwnPart})


def schedule(step: int, late: float) -> float:
    """Share of the full rate: soon all of it, then a cosine down to none as ``late`` goes to 1."""
    return min(1.0, (step + 1) / WARM_UP) * float(0.5 + 0.5 * np.cos(np.pi * np.clip(late, 0, 1)))


def _batches(library: Library, arguments: argparse.Namespace, seed: int) -> Iterator[Batch]:
    """Batches for ever, of the pictures there are; new ones are looked for now and then."""
    while True:
        train, _ = library.read()
        log.info("%d pictures to train on", len(train))
        stream = Stream(train, seed, arguments.shrink, arguments.batch)
        workers = arguments.workers
        ahead = PREFETCHED if workers else None
        loader = DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=ahead)
        yield from itertools.islice(loader, REREAD_EVERY)
        seed += REREAD_EVERY


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of pictures and checkpoint"
    )
    parser.add_argument("--steps", type=int, default=4000, help="in all, with those already done")
    parser.add_argument("--settle", type=int, default=0, help="last steps, over which rates fall")
    parser.add_argument("--minutes", type=float, default=np.inf, help="over which rates fall; stop")
    parser.add_argument("--start", type=Path, help="exported weights to begin with")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--shrink", type=int, choices=(1, 2), default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
