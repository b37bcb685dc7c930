"""What the parser's training calls good."""

from __future__ import annotations

import pytest
import torch

from weights.training.train import overlap

CLASSES = 3


def sure_of(guess: torch.Tensor) -> torch.Tensor:
    """Logits (1, classes, H, W) that leave no doubt."""
    return 50.0 * torch.nn.functional.one_hot(guess, CLASSES).permute(0, 3, 1, 2).float()


def test_overlap_counts_a_small_class_as_much_as_a_large_one() -> None:
    label = torch.zeros(1, 8, 8, dtype=torch.int64)
    label[0, 0, 0] = 2  # one pixel; class 1 is not there
    known = torch.ones_like(label, dtype=torch.bool)
    assert float(overlap(sure_of(label), label, known)) == pytest.approx(1.0)
    missed = overlap(sure_of(torch.zeros_like(label)), label, known)
    assert float(missed) == pytest.approx(0.5, abs=0.01)


def test_overlap_leaves_out_what_is_not_known() -> None:
    label = torch.zeros(1, 8, 8, dtype=torch.int64)
    label[0, :, 4:] = 255
    nought = sure_of(torch.zeros_like(label))
    assert float(overlap(nought, label, label != 255)) == pytest.approx(1.0)
