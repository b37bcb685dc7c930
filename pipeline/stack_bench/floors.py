"""How fast the arithmetic alone could be: counted once, of the published graphs.

FLOPs are two per multiply-add of convolutions and matrix products, counted on shapes with
``torch.utils.flop_counter``; resizing, normalising and sampling are not in them. The fast path does
less arithmetic than that, since most of the synthesis' modulation is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping

GFLOP: Mapping[str, float] = {
    "u2net": 117.196,  # at 320 × 320
    "u2net_cloth": 678.168,  # at 768 × 768
    "schp_cihp": 152.969,  # at 473 × 473
    "viton_seg": 99.770,  # at 256 × 192
    "viton_gmm": 8.955,
    "viton_alias@1024x768": 1636.505,
    "viton_alias@512x384": 409.126,
}
PEAK_TFLOPS = 790.0
"""Dense half precision matrix product measured on an H200; other devices have other floors."""

MODULATION_SHARE = 0.82  # of the synthesis' arithmetic depends on its segmentation alone


def floor_ms(*names: str) -> float:
    """Milliseconds for one picture through these networks at ``PEAK_TFLOPS``."""
    return sum(GFLOP[name] for name in names) / PEAK_TFLOPS
