"""Another opinion on where the garment is: U2-Net's, when its weights are here."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pipeline.checkpoints.manifest import FOLDER, load_manifest
from pipeline.errors import WeightsError
from pipeline.garments.regions import Mask, largest
from pipeline.structures import Image

FILES = {  # the first that is here; names as in ``pipeline.weights``, which would import torch
    "u2net": "u2net.pth",
    "u2netp": "u2netp.pth",
    "u2net_cloth": "cloth_segm_u2net_latest.pth",  # learned from people wearing garments
}
SALIENT = "u2net", "u2netp"
SOLID_ALPHA = 127

logger = logging.getLogger(__name__)


def network_mask(image: Image, folder: Path = FOLDER, *, commercial: bool = False) -> Mask | None:
    """Find the main object of a photo with whichever U2-Net is here.

    The network is loaded for this one photo and let go: uploads are rare, and it is large.

    Args:
        image: (H, W, 3) uint8 RGB.
        folder: where checkpoints are.
        commercial: ask only networks whose licence states that commercial use is allowed.

    Returns:
        (H, W) bool; None without usable weights, which is said in the log when they are damaged.
    """
    known = load_manifest() if commercial else {}
    for name, file in FILES.items():
        if not (folder / file).is_file() or (commercial and not known[name].commercial):
            continue
        try:
            return largest(_segment(image, name, folder))
        except WeightsError as error:
            logger.warning("Garments are cut out without %s. %s", name, error)
    return None


def _segment(image: Image, name: str, folder: Path) -> Mask:
    import torch

    from pipeline import masks
    from pipeline.networks import build_network
    from pipeline.weights import load_state_dict

    network = load_state_dict(name, build_network(name), folder=folder)
    size_wh = image.shape[1], image.shape[0]
    with torch.inference_mode():
        if name in SALIENT:
            alpha = masks.salient_alpha(network(masks.prepare_salient(image))[0], size_wh)
            return np.asarray(alpha > SOLID_ALPHA, np.bool_)
        classes = masks.garment_classes(network(masks.prepare_garment(image))[0], size_wh)
        return np.asarray(classes > 0, np.bool_)
