"""Libraries that would spin on the cores that frames need are kept to one thread."""

from __future__ import annotations

import os
import subprocess
import sys

SMALL_PRODUCTS = """
import {first}, time
import numpy as np
a, b = np.ones((600, 80), np.float32), np.ones((80, 80), np.float32)
a @ b
wall, cpu = time.perf_counter(), time.process_time()
while time.perf_counter() - wall < 0.5:
    a @ b
print((time.process_time() - cpu) / (time.perf_counter() - wall))
"""


def cores_used(first: str) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    code = SMALL_PRODUCTS.format(first=first)
    run = [sys.executable, "-c", code]
    return float(subprocess.run(run, env=environment, capture_output=True, check=True).stdout)


def test_matrix_products_of_a_frame_use_one_core() -> None:
    assert cores_used("stream_server") < 1.2
