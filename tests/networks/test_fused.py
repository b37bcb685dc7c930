"""Kernels for a GPU: the same numbers as torch, and machine code, both without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pipeline.networks import fused
from pipeline.networks.statistics import Normal, standardise

triton = pytest.importorskip("triton", reason="Triton comes with torch for NVIDIA GPUs")
HOPPER = 90  # compute capability of an H100 or H200, times ten
HALF = {"x": "*fp16", "out": "*fp16", "table": "*fp16", "rows": "*i32"}
SINGLE = {"sums": "*fp32", "mean": "*fp32", "scale": "*fp32", "slope": "fp32", "eps": "fp32"}


def test_interpreted_kernels_agree_with_torch() -> None:
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fused_in_interpreter.py"))],
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["_sum_chunk", "_finish_sums", "_modulate"])
def test_kernels_compile_for_hopper(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from pipeline.networks import fused_kernels

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel = getattr(fused_kernels, name)
    constants = {"HAS_TABLE": True, "PIXELS": 64, "CHANNELS": 16, "CHUNKS": 256}
    kinds = {**HALF, **SINGLE, **dict.fromkeys(constants, "constexpr")}
    names = kernel.arg_names
    source = ASTSource(
        fn=kernel,
        signature={arg: kinds.get(arg, "i32") for arg in names},
        constexprs={(names.index(arg),): v for arg, v in constants.items() if arg in names},
        attrs={(k,): [["tt.divisibility", 16]] for k, arg in enumerate(names) if arg in HALF},
    )
    made = triton.compile(
        source, target=GPUTarget("cuda", HOPPER, 32), options={"enable_fp_fusion": True}
    )
    assert len(made.asm["cubin"]) > 1000


def test_without_a_gpu_everything_runs_op_by_op() -> None:
    x = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(0))
    assert not fused.available(x)
    rows = torch.arange(30, dtype=torch.int32).view(1, 6, 5) % 3
    table = torch.arange(24.0).view(3, 8)
    picked = table[rows.long()].permute(0, 3, 1, 2)
    wanted = torch.nn.functional.leaky_relu(standardise(x) * picked[:, :4] + picked[:, 4:], 0.2)
    assert torch.allclose(Normal(x).looked_up(rows, table, 0.2), wanted, atol=1e-5)
