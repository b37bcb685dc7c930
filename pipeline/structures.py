"""The values that travel through the pipeline: frozen dataclasses around numpy arrays.

Conventions used everywhere, unless a docstring says otherwise:
    * images are (H, W, 3) uint8 RGB; points are (x, y) in pixels of the frame they belong to,
      origin at the centre of the top-left pixel, x to the right, y down;
    * "left" and "right" of a person or a garment are the *wearer's* (as MediaPipe labels them),
      so the right sleeve of a garment photographed from the front is on the left of its picture;
    * nobody changes an array after it was put into one of these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Alpha = NDArray[np.uint8]  # (H, W), 0 = clear, 255 = solid
Points = NDArray[np.float32]  # (n, 2) x, y in px


class Side(StrEnum):
    """The wearer's side."""

    LEFT = "left"
    RIGHT = "right"


class Reason(StrEnum):
    """Why a frame passed untouched. The value travels on the control channel and in reports."""

    NO_GARMENT = "no_garment"  # nothing selected yet
    NO_PERSON = "no_person"  # nobody, or only a hand
    SHOW_FACE = "show_face"  # a body without a visible head
    STEP_BACK = "step_back"  # shoulders are outside the picture or too close
    COME_CLOSER = "come_closer"  # the person is too small to dress well
    TURN_TO_CAMERA = "turn_to_camera"  # profile or back view
    HOLD_STILL = "hold_still"  # the pose was lost or cannot be trusted
    SETTLING = "settling"  # a body was found; the fit is being measured before it is shown
    WORKER_ERROR = "worker_error"  # a fault of ours; the frame passed raw and was counted


class Box(NamedTuple):
    """A pixel rectangle, half open: columns x0..x1-1, rows y0..y1-1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns, px."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows, px."""
        return self.y1 - self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices for ``array[box.slices]``."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)


def _check(
    array: NDArray[np.generic], name: str, shape: tuple[int | None, ...], dtype: type
) -> None:
    wanted = tuple("n" if n is None else n for n in shape)
    good = array.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, array.shape, strict=True)
    )
    if not good or array.dtype != dtype:
        raise ValueError(
            f"{name} must be {wanted} {np.dtype(dtype).name}, got {array.shape} {array.dtype.name}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video and its moment on the source's own clock.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        time_s: presentation time, seconds; grows from frame to frame.
    """

    image: Image
    time_s: float = 0.0

    def __post_init__(self) -> None:
        _check(self.image, "image", (None, None, 3), np.uint8)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A person's landmarks in one frame, in MediaPipe's order (see ``labels.Landmark``).

    Attributes:
        landmarks_px: (33, 2) float32; may lie outside the frame.
        visibility: (33,) float32 in 0..1; below ``labels.MIN_VISIBILITY`` MediaPipe guesses.
        z_px: (33,) float32, depth in about the scale of x, 0 between the hips,
            negative towards the camera. Never a confidence.
        person_alpha: (H, W) uint8, 255 where the pixel belongs to the person.
    """

    landmarks_px: Points
    visibility: NDArray[np.float32]
    z_px: NDArray[np.float32]
    person_alpha: Alpha

    def __post_init__(self) -> None:
        _check(self.landmarks_px, "landmarks_px", (33, 2), np.float32)
        _check(self.visibility, "visibility", (33,), np.float32)
        _check(self.z_px, "z_px", (33,), np.float32)
        _check(self.person_alpha, "person_alpha", (None, None), np.uint8)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the frame, px."""
        return self.person_alpha.shape[1], self.person_alpha.shape[0]


class Category(StrEnum):
    """What a garment covers."""

    UPPER = "upper"
    DRESS = "dress"
    LOWER = "lower"


class Sleeves(StrEnum):
    """How far the sleeves of a garment reach."""

    LONG = "long"
    SHORT = "short"
    SLEEVELESS = "sleeveless"


class Part(StrEnum):
    """The parts of a garment that move on their own."""

    TORSO = "torso"
    LEFT_SLEEVE = "left_sleeve"
    RIGHT_SLEEVE = "right_sleeve"


PART_CODES: Mapping[Part, int] = {Part.TORSO: 1, Part.LEFT_SLEEVE: 2, Part.RIGHT_SLEEVE: 3}
"""Value of each part in a part map; 0 is "no garment here"."""


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """One garment, cut out of its photo and measured. Texture pixels are the unit of all points.

    Attributes:
        id: name in the catalogue, or of the file it came from.
        name: what a shopper reads.
        category: upper, dress or lower.
        sleeves: long, short or sleeveless.
        texture: (h, w, 4) uint8 RGBA, colour premultiplied by alpha; the area above the front
            neckline (inside of the back collar, label) is already clear.
        parts: (h, w) uint8, ``PART_CODES``; 0 outside the garment.
        landmarks: named points, each (2,) float32. Always: ``neck_{left,right}`` (where the
            neckline meets the shoulder seam), ``neck_center`` (lowest point of the front
            neckline), ``shoulder_{left,right}`` (shoulder tip), ``armpit_{left,right}``,
            ``hem_{left,right}``. Per sleeve: ``cuff_outer_*`` (on the shoulder side),
            ``cuff_inner_*`` (on the armpit side).
        neckline: (k, 2) float32, the front neckline from the wearer's right to left
            (left to right in the texture).
        back_collar: (h, w, 4) uint8 premultiplied RGBA or None: the inside of the back collar
            that shows above the front neckline, to be drawn behind the neck.
        notice: what its owner should know about the photo, in a sentence; mostly empty.
    """

    id: str
    name: str
    category: Category
    sleeves: Sleeves
    texture: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    landmarks: Mapping[str, NDArray[np.float32]]
    neckline: Points
    back_collar: NDArray[np.uint8] | None = None
    notice: str = ""

    def __post_init__(self) -> None:
        _check(self.texture, "texture", (None, None, 4), np.uint8)
        _check(self.parts, "parts", self.texture.shape[:2], np.uint8)
        _check(self.neckline, "neckline", (None, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One arm of a body, in frame pixels.

    Attributes:
        shoulder, elbow, wrist, hand: (2,) float32; ``hand`` is the middle of the knuckles.
        shoulder_tip: (2,) where a shoulder seam sits, on the silhouette.
        armpit: (2,).
        visible: smallest visibility of elbow and wrist, 0..1.
        in_front: the forearm and hand are nearer to the camera than the chest.
        behind: the whole arm is clearly behind the torso.
        upper_px, fore_px: lengths of the bones without foreshortening; 0 while unknown.
        thickness_px: (2, k) measured half thickness at ``limbs.STATIONS``, on the outer and on the
            inner side of the bones; None while unknown.
    """

    shoulder: NDArray[np.float32]
    elbow: NDArray[np.float32]
    wrist: NDArray[np.float32]
    hand: NDArray[np.float32]
    shoulder_tip: NDArray[np.float32]
    armpit: NDArray[np.float32]
    visible: float
    in_front: bool
    behind: bool
    upper_px: float = 0.0
    fore_px: float = 0.0
    thickness_px: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A person's build and stance in one frame, steady enough to hang a garment on.

    Attributes:
        pose: the smoothed pose it was measured from.
        mid_shoulder, mid_hip: (2,) float32 px.
        up: (2,) unit vector from hip to shoulder.
        right: (2,) unit vector to the right *in the picture*, perpendicular to ``up``.
        torso_px: distance from hip line to shoulder line. Fits are stated in it.
        half_chest_px: half chest width seen from the front, whatever the present yaw.
        half_chest_seen_px: the same as seen now.
        yaw_rad: turn away from the camera, 0 = frontal, pi/2 = profile.
        levels: (m,) float32, depths below the shoulder line in torso lengths, ascending.
        half_widths_px: per side (m,) float32, body half width from the centre line at each level.
        arms: per side.
        worn_hem: depth of the hem of the garment the person really wears, in torso lengths
            below the shoulder line; None while unknown. A look may stretch to hide it.
        nearer_arm: the arm to draw last where both cross.
        slopes_px: per side (k,) float32, height of the shoulder's slope above the shoulder line
            at ``trunk.SLOPE_STATIONS``; None while unknown.
    """

    pose: Pose
    mid_shoulder: NDArray[np.float32]
    mid_hip: NDArray[np.float32]
    up: NDArray[np.float32]
    right: NDArray[np.float32]
    torso_px: float
    half_chest_px: float
    half_chest_seen_px: float
    yaw_rad: float
    levels: NDArray[np.float32]
    half_widths_px: Mapping[Side, NDArray[np.float32]]
    arms: Mapping[Side, Arm]
    worn_hem: float | None = None
    nearer_arm: Side = Side.RIGHT
    slopes_px: Mapping[Side, NDArray[np.float32]] | None = None


LookKind = Literal["photo", "neural", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLook:
    """A look drawn on a body, before light and before anything is put in front of it.

    Attributes:
        box: the part of the frame all the arrays below cover.
        rgba: (h, w, 4) uint8 RGBA, premultiplied.
        torso_alpha: (h, w) uint8, alpha of the torso part alone (also where a sleeve hides it).
        parts: (h, w) uint8, ``PART_CODES`` of the part on top; 0 = nothing drawn.
        vertices_px: (n, 2) float32 in *frame* pixels.
        neckline_px: (k, 2) float32, front neckline in frame pixels, picture left to right.
        hem_px: (2, 2) float32, hem corners in frame pixels, picture left then right.
        sleeve_reach: per side, how far the sleeve reaches along the arm:
            0 = shoulder, 1 = elbow, 2 = wrist. No entry for a missing sleeve.
        back_collar: (h, w, 4) uint8 premultiplied RGBA or None, lies under everything of the
            person but the worn garment and the neck.
        lit: 0..1, how much of the scene's light its colours hold already: 0 for a garment's photo,
            1 for what networks made from the camera's picture.
    """

    box: Box
    rgba: NDArray[np.uint8]
    torso_alpha: Alpha
    parts: NDArray[np.uint8]
    vertices_px: Points
    neckline_px: Points
    hem_px: Points
    sleeve_reach: Mapping[Side, float]
    back_collar: NDArray[np.uint8] | None = None
    lit: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """The picture that goes out.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8; where it is 0 the pixel of ``image`` is the camera's, bit for bit.
        reason: why the frame is undressed; None when it is dressed.
        look: which kind of look was drawn.
        opacity: 0..1, how far the look is faded in.
        stage_ms: wall milliseconds by stage.
        stage_cpu_ms: CPU milliseconds of the whole process by stage; they mean something only
            while nothing else runs in the process (rendering, benchmarks).
        vertices_px: (n, 2) float32 of the drawn mesh, or None.
        look_age_ms: age of the keyframe behind a neural look; None for a photo look.
        several_people: somebody else could have been dressed as well; the nearest one was.
    """

    image: Image
    mask: Alpha
    reason: Reason | None = None
    look: LookKind = "none"
    opacity: float = 0.0
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    stage_cpu_ms: Mapping[str, float] = field(default_factory=dict)
    vertices_px: Points | None = None
    look_age_ms: float | None = None
    several_people: bool = False

    @property
    def dressed(self) -> bool:
        """True when any of the garment is in the picture."""
        return self.opacity > 0.0
