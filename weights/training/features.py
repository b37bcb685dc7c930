"""What the parser's network takes from networks that know real people, frozen.

MediaPipe's pose network knows bodies and their parts; its network that tells people from what is
behind them knows hands and arms that the pose network's outline misses. Both come with MediaPipe
(Apache-2.0).
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from pipeline.blazepose.network import model_path
from weights.training.tflite import Taps, TFLiteFeatures

POSE_SHA256 = "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
POSE_TAPS: Taps = {4: (279,), 8: (226, 277), 16: (251, 275), 32: (269,)}
"""Where a stage ends, and where the decoder has brought the stages together again."""
POSE_CHANNELS = {4: 48, 8: 32 + 48, 16: 88 + 48, 32: 144}

OUTLINE_MODEL = "modules/selfie_segmentation/selfie_segmentation.tflite"
OUTLINE_SHA256 = "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
OUTLINE_TAPS: Taps = {2: (245,), 4: (219,), 8: (193,), 16: (157,)}
"""What each stage of the decoder starts from or ends with."""
OUTLINE_CHANNELS = {2: 16, 4: 16, 8: 24, 16: 32}


class Features(nn.Module):
    """Both networks.

    Sources: Bazarevsky et al. 2020, BlazePose; MediaPipe Selfie Segmentation, model card 2021; the
    architectures are read from the files.

    Args:
        pose: ``pose_landmark_full.tflite``, by default that of the installed MediaPipe.
        outline: ``selfie_segmentation.tflite``, the same.

    Raises:
        ModuleNotFoundError: MediaPipe is not installed.
        ValueError: a file is another one.
    """

    def __init__(self, pose: Path | None = None, outline: Path | None = None) -> None:
        super().__init__()
        self.pose = TFLiteFeatures(pose or model_path(), POSE_SHA256, POSE_TAPS)
        self.outline = TFLiteFeatures(
            outline or model_path(OUTLINE_MODEL), OUTLINE_SHA256, OUTLINE_TAPS
        )

    def forward(self, picture: Tensor) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """What each of them sees.

        Args:
            picture: (B, 3, H, W) RGB in 0..1, height and width multiples of 32.

        Returns:
            Of the pose network and of the outline's, by stride s: (B, channels, H / s, W / s).
        """
        return self.pose(picture), self.outline(picture)
