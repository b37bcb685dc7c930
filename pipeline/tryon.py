"""The pipeline's front door for Python programs: ``from pipeline import TryOn, load_garment``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pipeline.checkpoints.neural_look import forbidden_weights, missing_weights, what_to_do
from pipeline.errors import NotSupported, WeightsError
from pipeline.keylooks import LookMaker, RecordedKeyframes
from pipeline.live import LiveTryOn
from pipeline.still import dress_photo
from pipeline.structures import Composite, Garment, Image

if TYPE_CHECKING:
    from pipeline.stack import Stack

STACKS = ("auto", "off", "cpu", "cuda")


class TryOn:
    """Dresses photos and live frames.

    ::

        try_on = TryOn.load()
        picture = try_on.photo(image_rgb, load_garment("white-tee")).image
        with try_on.live(load_garment("breton-top")) as mirror:
            for frame in frames:
                show(mirror.process(frame).image)

    Args:
        stack: makes keyframes; None = the photo look.
        notice: a sentence about that choice, for the user; empty when it was theirs.
    """

    def __init__(self, stack: Stack | None = None, notice: str = "") -> None:
        self._maker = None if stack is None else LookMaker(stack)
        self.notice = notice

    @classmethod
    def load(cls, stack: str = "auto", *, commercial: bool = False) -> Self:
        """Make everything ready.

        Args:
            stack: where keyframes are made: "off" (nowhere: the photo look), "cpu", "cuda", or
                "auto": on the GPU when there is one and the weights are here.
            commercial: use no weights that may not be used commercially.

        Raises:
            NotSupported: any other stack.
            InputError: "cuda" without a GPU.
            WeightsError: "cpu" or "cuda" without their weights.
        """
        if stack not in STACKS:
            raise NotSupported(
                f'stack="{stack}" is not available in this version. Use one of {", ".join(STACKS)}.'
            )
        if stack == "off":
            return cls()
        if stack == "auto":
            reason = why_not(commercial)
            if reason:
                return cls(notice=f"Dressing with the photo look: {reason}")
        else:
            missing = missing_weights()
            if missing:
                raise WeightsError(what_to_do(missing))
        from pipeline.stack import Stack

        device = "cuda" if stack == "auto" else stack
        return cls(Stack.load(device, commercial=commercial, repeatable=True))

    def keyframes(self) -> RecordedKeyframes | None:
        """Keyframes for one photo or clip; None when the photo look is worn."""
        return None if self._maker is None else RecordedKeyframes(self._maker)

    def photo(self, image_rgb: Image, garment: Garment) -> Composite:
        """Dress the person of an (H, W, 3) uint8 RGB photo; see ``still.dress_photo``."""
        keyframes = self.keyframes()
        return dress_photo(image_rgb, garment, None if keyframes is None else keyframes.look)

    def live(self, garment: Garment | None = None) -> LiveTryOn:
        """A mirror for one camera, a context manager; see ``live.LiveTryOn``.

        Keyframes are made on the frames' own clock, as in a recorded video.
        """
        keyframes = self.keyframes()
        return LiveTryOn(garment, keyed=None if keyframes is None else keyframes.look)


def why_not(commercial: bool = False) -> str:
    """Why "auto" makes no keyframes here, in a sentence; empty when it does."""
    missing = missing_weights()
    if missing:  # said before torch is imported, which takes seconds
        return f"the neural look's weights are not here ({', '.join(missing)})."
    if commercial and forbidden_weights():
        return "the neural look's weights may not be used commercially."
    import torch

    if not torch.cuda.is_available():
        return "there is no GPU here. --stack cpu makes keyframes all the same, slowly."
    return ""
