"""Clocks and memory of a device."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch

KIB = 1024

Result = TypeVar("Result")


def spent_ms(
    work: Callable[[], Result], rounds: int, device: torch.device
) -> tuple[dict[str, float], list[Result]]:
    """Median and 95th percentile of the time that ``work`` takes after one warm-up; its results.

    On a GPU wall time from call to finished result; on a processor CPU time of the process, which
    other programs do not disturb.
    """
    work()
    clock = _cuda_clock if device.type == "cuda" else time.process_time
    times, results = [], []
    for _ in range(rounds):
        begin = clock()
        results.append(work())
        times.append((clock() - begin) * 1e3)
    p50, p95 = np.percentile(times, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}, results


def _cuda_clock() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def forget_peak(device: torch.device) -> None:
    """Start measuring memory anew, where the system can."""
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def held_mb(device: torch.device) -> float:
    """GPU memory held at present; 0 on a processor."""
    return torch.cuda.memory_reserved() / KIB**2 if device.type == "cuda" else 0.0


def peak_mb(device: torch.device, before_mb: float = 0.0) -> float:
    """Most memory held since ``forget_peak``: of the GPU, or of the process since its start.

    Args:
        device: whose.
        before_mb: of a GPU, what was held before and is not to be counted.
    """
    if device.type == "cuda":
        return round(torch.cuda.max_memory_reserved() / KIB**2 - before_mb, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (KIB**2 if sys.platform == "darwin" else KIB), 1)


def machine(device: torch.device) -> str:
    """Which device that is."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads"
