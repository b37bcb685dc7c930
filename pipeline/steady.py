"""Small memories of a session: estimates that settle, peaks that fade, switches with a dead band.

All of them run on seconds, not on frames, so that a 10 Hz and a 30 Hz stream behave alike.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.compiled import compiled

FIRST_LOOK_S = 0.1  # evidence that the very first measurement counts for
PRIOR_S = 0.004  # evidence that the starting guess counts for: about 1/25 of a first look


class Estimate:
    """A confidence weighted running mean of numbers measured again and again.

    It starts as a plain average of what was seen (so the first frame is already a good answer)
    and turns into an exponential mean with the time constant ``tau_s``.
    """

    def __init__(self, prior: ArrayLike, tau_s: float) -> None:
        """Start from ``prior`` (any shape), which the first confident measurement overrules."""
        self.value: NDArray[np.float64] = np.array(prior, np.float64)
        self._evidence_s = np.full(self.value.shape, PRIOR_S)
        self._tau_s = tau_s
        self._started = False

    def update(
        self, measured: ArrayLike, dt_s: float, confidence: ArrayLike = 1.0
    ) -> NDArray[np.float64]:
        """Take in one measurement.

        Args:
            measured: same shape as the prior.
            dt_s: time since the last update, s.
            confidence: 0..1, broadcast to the shape; 0 leaves the estimate as it is.

        Returns:
            The new estimate.
        """
        value = self.value.copy()
        sure = np.empty_like(value)
        sure[...] = confidence
        _settle(
            value.reshape(-1),
            self._evidence_s.reshape(-1),
            np.asarray(measured, np.float64).reshape(-1),
            sure.reshape(-1),
            dt_s if self._started else FIRST_LOOK_S,
            self._tau_s,
        )
        self._started = True
        self.value = value
        return value


@compiled
def _settle(value, evidence_s, measured, confidence, step_s, tau_s):  # type: ignore[no-untyped-def]
    """Move ``value`` and ``evidence_s``, (n,) both, on by one measurement."""
    for k in range(value.size):
        sure_s = confidence[k] * step_s
        averaging = sure_s / (evidence_s[k] + sure_s)
        forgetting = 1.0 - math.exp(-sure_s / tau_s)
        evidence_s[k] += sure_s
        value[k] += max(averaging, forgetting) * (measured[k] - value[k])


class Peak:
    """The largest value seen, approached softly and forgotten slowly.

    A young peak forgets fast, since a tracker's first frames are its worst: the time constant
    grows with the square of the age (in seconds) up to ``decay_s``.
    """

    YOUNG_DECAY_S = 0.15  # time constant at age 0

    def __init__(
        self, prior: float, low: float, high: float, rise_s: float, decay_s: float
    ) -> None:
        """Start from ``prior`` and stay within ``low``..``high``."""
        self.value = prior
        self._low, self._high = low, high
        self._rise_s, self._decay_s = rise_s, decay_s
        self._age_s: float | None = None

    def update(self, measured: float, dt_s: float, confidence: float = 1.0) -> float:
        """Take in one measurement after ``dt_s`` seconds and return the peak."""
        limited = min(max(measured, self._low), self._high)
        if self._age_s is None:
            self._age_s = 0.0
            gain = 1.0
        else:
            self._age_s += dt_s * confidence
            decay_s = min(self._decay_s, self.YOUNG_DECAY_S + self._age_s**2)
            tau_s = self._rise_s if limited > self.value else decay_s
            gain = 1.0 - math.exp(-dt_s / tau_s)
        self.value += confidence * gain * (limited - self.value)
        return self.value


class Latch:
    """A switch that turns on above one threshold and off below a lower one."""

    def __init__(self, on_above: float, off_below: float) -> None:
        """Between the two thresholds the switch stays as it is."""
        self.on = False
        self._on_above, self._off_below = on_above, off_below
        self._started = False

    def update(self, value: float) -> bool:
        """Return the switch after seeing ``value``."""
        if not self._started:
            self.on = value > 0.5 * (self._on_above + self._off_below)
            self._started = True
        elif value > self._on_above:
            self.on = True
        elif value < self._off_below:
            self.on = False
        return self.on
