"""When to dress a frame, and when rather not: a judge of poses and a fader with a memory.

``judge`` looks at one pose alone (photos). ``Gate`` follows a video: it gives every limit two
thresholds so that nothing flickers, waits until a fit could be measured, and fades.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pipeline.labels import MIN_VISIBILITY
from pipeline.stance import Stance, measure_stance
from pipeline.structures import Pose, Reason


class Limit(NamedTuple):
    """Two thresholds of one measure: ``enter`` to begin dressing, ``keep`` to go on."""

    enter: float
    keep: float

    def at(self, dressed: bool) -> float:
        """The one that holds now."""
        return self.keep if dressed else self.enter


# What a person looks like, in torso lengths; measured on the clips, then widened by a third.
UPRIGHT = Limit(0.64, 0.5)  # tilt of 50° and 60°
MAX_SHOULDER_WIDTH = Limit(1.35, 1.5)
HEAD_HEIGHT = Limit(0.06, 0.0)
MAX_HEAD_HEIGHT = Limit(1.0, 1.2)
MASK_SUPPORT = Limit(0.5, 0.35)
VISIBILITY = Limit(0.65, MIN_VISIBILITY)

FACE_POINTS = Limit(5, 4)  # of nose, two eyes, two mouth corners; a cut forehead is fine
TORSO_SHARE = Limit(0.10, 0.085)  # 48 and 41 px at 480p: below, a garment is a coloured blob
YAW_DEG = Limit(44.0, 53.0)
SHOULDERS_INSIDE = Limit(0.02, -0.03)
CHEST_INSIDE = Limit(0.22, 0.15)  # less of the chest than this is a collar, not a garment
MAX_SHOULDERS_SHARE = Limit(0.80, 0.86)
# Who leans into the lens for a selfie is near it with one shoulder, far with the other, and the
# chin hides the collar: the little of a garment that could be seen would sit on nothing.
NEAR_CHEST = Limit(0.55, 0.45)  # a picture that ends so soon below the shoulders is a close one
NEAR_UPRIGHT = Limit(0.978, 0.961)  # tilt of 12° and 16°

SETTLE_S = 0.33  # the fit is measured meanwhile; shown earlier, the garment would visibly grow
FADE_IN_S = 0.25
FADE_OUT_S = 0.15
GRACE_S = 0.07  # a frame or two without a pose are bridged, not faded
REMEMBER_S = GRACE_S + FADE_OUT_S  # until the look has faded, its fit holds: no pop on return
LOST_S = 0.6  # for so long a lost person is asked to hold still, then there is nobody
MAX_STEP_S = 0.5  # after a longer pause of the stream everything starts afresh
MIN_OPACITY = 1e-3  # below, it is 0: no byte of the picture would change


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a frame.

    Attributes:
        reason: why the frame stays undressed; None exactly when ``opacity`` > 0.
        opacity: 0..1, how far the look is faded in.
        usable: the present pose may be used to measure the body. False while fading out after
            the pose was lost: draw with the last body then.
    """

    reason: Reason | None
    opacity: float
    usable: bool


def judge(pose: Pose | None, dressed: bool = False) -> Reason | None:
    """Tell why a pose cannot be dressed, from this one frame alone.

    Args:
        pose: of the frame, None when nobody was found.
        dressed: the person is already dressed, so the more forgiving thresholds hold.

    Returns:
        The reason, or None when the person can be dressed. Never ``SETTLING``.
    """
    if pose is None:
        return Reason.NO_PERSON
    stance = measure_stance(pose)
    return _credibility(stance, dressed) or _view(stance, dressed)


def _credibility(stance: Stance, dressed: bool) -> Reason | None:
    """Is this a body at all? MediaPipe sees people in hands and furniture."""
    if _turned_away(stance) and stance.torso_share > TORSO_SHARE.keep and stance.upright > 0:
        return None  # a back hides the face and shortens the shoulders: no sign of a mistake
    lost = Reason.HOLD_STILL if dressed else Reason.NO_PERSON
    if stance.shoulder_visibility < VISIBILITY.at(dressed):
        return lost
    if stance.mask_support < MASK_SUPPORT.at(dressed):
        return lost
    if stance.shoulder_width > MAX_SHOULDER_WIDTH.at(dressed):
        return lost
    if stance.upright < UPRIGHT.at(dressed):
        # lying down or a hand; who was dressed a moment ago is no hand
        return lost
    if not HEAD_HEIGHT.at(dressed) <= stance.head_height <= MAX_HEAD_HEIGHT.at(dressed):
        return lost
    return None


def _view(stance: Stance, dressed: bool) -> Reason | None:
    """A body, but does it stand well for a garment? The first obstacle to name comes first."""
    if stance.torso_share < TORSO_SHARE.at(dressed):
        return Reason.COME_CLOSER
    if _turned_away(stance) or stance.yaw_deg > YAW_DEG.at(dressed):
        return Reason.TURN_TO_CAMERA
    if (
        stance.shoulders_inside < SHOULDERS_INSIDE.at(dressed)
        or stance.chest_depth_inside < CHEST_INSIDE.at(dressed)
        or stance.shoulders_share > MAX_SHOULDERS_SHARE.at(dressed)
        or _leans_into_lens(stance, dressed)
    ):
        return Reason.STEP_BACK
    if stance.face_points_inside < FACE_POINTS.at(
        dressed
    ) or stance.face_visibility < VISIBILITY.at(dressed):
        return Reason.SHOW_FACE
    return None


def _leans_into_lens(stance: Stance, dressed: bool) -> bool:
    near = stance.chest_depth_inside < NEAR_CHEST.at(dressed)
    return near and stance.upright < NEAR_UPRIGHT.at(dressed)


def _turned_away(stance: Stance) -> bool:
    return stance.shoulder_width <= 0.0 or stance.back_of_head


class Gate:
    """Judges the frames of one session, one after the other."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start afresh: nobody is dressed and everybody settles anew."""
        self._time_s: float | None = None
        self._good_since_s: float | None = None  # start of the present stay, short gaps included
        self._last_good_s: float | None = None
        self._obstacle = Reason.HOLD_STILL  # the last one seen with a credible body
        self._opacity = 0.0

    def update(self, pose: Pose | None, time_s: float, *, cut: bool = False) -> Verdict:
        """Judge the next frame.

        Args:
            pose: the followed person in this frame, smoothed; None when not found.
            time_s: the frame's time on the source's clock, seconds.
            cut: this frame begins a new scene; the look vanishes at once.
        """
        step_s = 0.0 if self._time_s is None else time_s - self._time_s
        if cut or not 0.0 <= step_s <= MAX_STEP_S:
            self.reset()
            step_s = 0.0
        self._time_s = time_s
        obstacle = judge(pose, dressed=self._good_since_s is not None)
        if obstacle is None:
            return self._on_good(time_s, step_s)
        return self._on_bad(obstacle, pose is not None, time_s, step_s)

    def _has_settled(self) -> bool:
        since_s, last_s = self._good_since_s, self._last_good_s
        return since_s is not None and last_s is not None and last_s - since_s >= SETTLE_S

    def _on_good(self, time_s: float, step_s: float) -> Verdict:
        self._last_good_s = time_s
        self._obstacle = Reason.HOLD_STILL
        if self._good_since_s is None:
            self._good_since_s = time_s
        if not self._has_settled():
            return Verdict(Reason.SETTLING, 0.0, True)
        self._opacity = min(1.0, self._opacity + max(step_s / FADE_IN_S, 2 * MIN_OPACITY))
        return Verdict(None, self._opacity, True)

    def _on_bad(self, obstacle: Reason, found: bool, time_s: float, step_s: float) -> Verdict:
        lost_s = time_s - self._last_good_s if self._last_good_s is not None else LOST_S
        mistrusted = obstacle in (Reason.NO_PERSON, Reason.HOLD_STILL)
        faded_s = min(step_s, max(0.0, lost_s - GRACE_S)) if mistrusted else step_s
        self._opacity -= faded_s / FADE_OUT_S
        if self._opacity < MIN_OPACITY:
            self._opacity = 0.0
        if (
            not self._has_settled()
            or lost_s > REMEMBER_S
            or (self._opacity == 0.0 and not mistrusted)
        ):
            self._good_since_s = None  # a flash of a body never adds up to a settled one
        if not mistrusted:
            self._obstacle = obstacle
        if self._opacity > 0.0:
            # a body that only turned or moved away is followed while its look fades
            return Verdict(None, self._opacity, found and not mistrusted)
        if mistrusted:
            # who was there a moment ago is lost, not gone, and walked out the way we last saw
            obstacle = Reason.NO_PERSON if lost_s >= LOST_S else self._obstacle
        return Verdict(obstacle, 0.0, False)
