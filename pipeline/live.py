"""One person, one garment, frame after frame: the pipeline behind every session, photo and clip.

A frame is handled in two steps, so that a server can run them in two threads:

    observe   pose, and whether it can be dressed       (stateful: tracks the person)
    dress     body → deform → draw → compose            (stateful: fit and colours)

Each step must be called in the order of the frames and by one thread at a time; frames may be
left out between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.body import BodyTracker
from pipeline.closing import Closing
from pipeline.compose.compositor import Compositor
from pipeline.compose.warm_up import warm_up as compile_loops
from pipeline.gate import Gate, Verdict, judge
from pipeline.keyframes import KeyedLook
from pipeline.looks.crossfade import CrossFade
from pipeline.looks.photo import PhotoLook
from pipeline.own_parser import OwnParser
from pipeline.part_watch import PartWatch
from pipeline.pose import PoseTracker
from pipeline.structures import Body, Composite, Frame, Garment, Image, Pose, Reason
from pipeline.studied import StudiedPhoto
from pipeline.timing import StageClock


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the first step found in a frame.

    Attributes:
        frame: the camera picture.
        pose: the smoothed pose, None when nobody is there.
        verdict: whether to dress, and how far the look is faded in.
        scene: grows by one at every scene cut; tells the second step to start afresh even when
            the very frame of the cut was dropped in between.
        clock: time spent so far.
    """

    frame: Frame
    pose: Pose | None
    verdict: Verdict
    scene: int
    clock: StageClock


KeyedLooks = Callable[[Frame, Pose, int, Garment], KeyedLook | None]
"""Asked for the newest keyframe at every usable frame, in the frames' order, with the frame, the
person's pose, the scene (as ``Observation.scene``) and what is worn. None: wear the photo look."""


class LiveTryOn(Closing):
    """Dresses the frames of one camera. One instance per session; close it at the end.

    Args:
        garment: what to wear; None passes frames through until ``select``.
        look_of: makes the look of a garment, or hands out one that was made before.
        keyed: where keyframes come from; None = photo looks only.
        on_close: called by ``close``, for what belongs to the session beside it.
        parser: tells the parts of a person apart, in a thread beside the frames: for a live
            camera. None = one of its own, which frames wait for: two runs give the same pixels.
        photo: instead of a parser where every frame is the same picture: there is time for more.
        with_cpu: measure the CPU time of each stage too, see ``timing.StageClock``.

    Raises:
        NotSupported: this kind of garment cannot be dressed yet (also from ``select``), or ONNX
            Runtime is not installed.
        WeightsError: the parser's weights are missing.
    """

    def __init__(
        self,
        garment: Garment | None = None,
        look_of: Callable[[Garment], PhotoLook] = PhotoLook,
        with_cpu: bool = False,
        keyed: KeyedLooks | None = None,
        on_close: Callable[[], None] | None = None,
        parser: OwnParser | None = None,
        photo: StudiedPhoto | None = None,
    ) -> None:
        self._with_cpu = with_cpu
        self._look_of = look_of
        self._look: PhotoLook | None = None
        self._keyed = keyed
        self._on_close = on_close
        self._last: tuple[Garment, KeyedLook] | None = None  # worn on while a person fades out
        self._fade = CrossFade()
        self.select(garment)
        self._photo = photo
        self._parts = PartWatch(photo or parser or OwnParser(), background=parser is not None)
        self._poses = PoseTracker()
        self._gate = Gate()
        self._beside: Pose | None = None
        self._several = False  # whether that somebody could have been dressed as well
        self._scene = 0
        self._dressed_scene = 0
        self._bodies = BodyTracker()
        self._compositor = Compositor(photo is not None)
        self._body: Body | None = None

    def close(self) -> None:
        """Free the pose graph. May be called twice; not while a step is running."""
        if self._on_close is not None:
            self._on_close()
        self._parts.close()
        self._poses.close()

    @property
    def garment_id(self) -> str | None:
        """Id of the garment that the next frame will wear."""
        look = self._look
        return look.garment.id if look else None

    def select(self, garment: Garment | None) -> None:
        """Wear another garment from the next frame on. Safe to call from any thread."""
        self._look = self._look_of(garment) if garment is not None else None

    def economise(self, on: bool) -> bool:
        """Do less per frame, at some cost to edges; True when that is a change. From any thread."""
        self._parts.economise(on)
        return self._compositor.economise(on)

    def process(self, frame: Frame) -> Composite:
        """Both steps at once."""
        return self.dress(self.observe(frame))

    def observe(self, frame: Frame) -> Observation:
        """Find the person in a frame and judge whether they can be dressed."""
        clock = StageClock(self._with_cpu)
        with clock.stage("pose"):
            pose = self._poses.track(frame)
        cut = self._poses.cut
        self._scene += cut
        with clock.stage("gate"):
            verdict = self._gate.update(pose, frame.time_s, cut=cut)
        if self._poses.beside is not self._beside:  # a judgement costs a millisecond
            self._beside = self._poses.beside
            self._several = judge(self._beside) is None
        if verdict.usable and pose is not None and self._look is not None:
            with clock.stage("parts"):
                if self._photo is not None:
                    pose = self._photo.outlined(frame.image, pose)
                self._parts.offer(frame, pose, self._scene)
        return Observation(frame, pose, verdict, self._scene, clock)

    def dress(self, observation: Observation) -> Composite:
        """Put the garment on the person of an observation, or pass its frame untouched."""
        look, clock, verdict = self._look, observation.clock, observation.verdict
        if observation.scene != self._dressed_scene:
            self._dressed_scene = observation.scene
            self._forget_person()
        if look is None:
            return untouched(observation.frame, Reason.NO_GARMENT, clock)
        if verdict.usable and observation.pose is not None:
            with clock.stage("body"):
                self._body = self._bodies.update(
                    observation.pose, observation.frame.time_s, self._compositor.worn_hem
                )
        elif verdict.opacity == 0.0 and verdict.reason is not Reason.SETTLING:
            self._forget_person()
        if self._body is None:
            return untouched(observation.frame, verdict.reason or Reason.HOLD_STILL, clock)
        return self._composite(observation, look, self._body)

    def _forget_person(self) -> None:
        self._body = None
        self._bodies.reset()
        self._compositor.reset()
        self._fade.reset()
        self._last = None

    def _composite(self, observation: Observation, look: PhotoLook, body: Body) -> Composite:
        frame, verdict, clock = observation.frame, observation.verdict, observation.clock
        keyed = self._newest(observation, look.garment)
        with clock.stage("draw"):
            drawn = self._fade.draw(
                keyed or look,
                body,
                frame.size_wh,
                frame.time_s,
                garment=look.garment,
                lit=0.0 if keyed is None else 1.0,
            )
        parts = self._parts.take(observation.scene, frame.time_s)
        if parts is not None:
            self._compositor.saw(parts)
        opacity = verdict.opacity if self._compositor.knows_person else 0.0
        # also while settling, at opacity 0: the colours of the scene are learnt then
        with clock.stage("compose"):
            composite = self._compositor.compose(
                frame,
                body,
                drawn,
                opacity=opacity,
                time_s=frame.time_s,
            )
        if opacity == 0.0:
            return untouched(frame, verdict.reason or Reason.SETTLING, clock)
        return replace(
            composite,
            look="photo" if keyed is None else "neural",
            opacity=opacity,
            # every keyframe has a mesh of its own: its vertices say nothing about the next one's
            vertices_px=drawn.vertices_px if keyed is None else None,
            look_age_ms=None if keyed is None else (frame.time_s - keyed.time_s) * 1e3,
            stage_ms=clock.wall_ms,
            stage_cpu_ms=clock.cpu_ms,
            several_people=self._several,
        )

    def _newest(self, observation: Observation, garment: Garment) -> KeyedLook | None:
        """The keyframe to wear in this frame."""
        if self._keyed is None:
            return None
        pose, frame = observation.pose, observation.frame
        if observation.verdict.usable and pose is not None:
            with observation.clock.stage("keyframe"):
                found = self._keyed(frame, pose, observation.scene, garment)
            fits = found is not None and found.carries(pose)
            self._last = (garment, found) if fits and found is not None else None
        return self._last[1] if self._last is not None and self._last[0] is garment else None


def untouched(frame: Frame, reason: Reason, clock: StageClock | None = None) -> Composite:
    """The camera's own picture, with the reason why it is not dressed."""
    height, width = frame.image.shape[:2]
    times = clock or StageClock()
    return Composite(
        frame.image,
        np.zeros((height, width), np.uint8),
        reason,
        stage_ms=times.wall_ms,
        stage_cpu_ms=times.cpu_ms,
    )


WARM_UP_FRAMES = 8
WARM_UP_FPS = 10  # with 8 frames: past settling and fade-in, so that every stage has run


def warm_up(person: Image, garment: Garment) -> None:
    """Load every model and compile every kernel once, so that the first session starts at once.

    Args:
        person: (H, W, 3) uint8 RGB, a person from the front.
        garment: any garment that can be dressed.
    """
    compile_loops()
    with LiveTryOn(garment) as mirror:
        for step in range(WARM_UP_FRAMES):
            mirror.process(Frame(person, step / WARM_UP_FPS))
