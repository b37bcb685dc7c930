"""What to tell a person whose picture was not dressed, one sentence per reason."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.structures import Reason

ADVICE: Mapping[Reason, str] = {
    Reason.NO_GARMENT: "No garment is chosen. Choose one.",
    Reason.NO_PERSON: "Nobody who faces the camera was found. Face it, in view from head to hips.",
    Reason.SHOW_FACE: "The head is not in the picture. Show the face.",
    Reason.STEP_BACK: "The camera is too close, or a shoulder is out of the picture. Step back.",
    Reason.COME_CLOSER: "The person is too small in the picture. Come closer or crop it.",
    Reason.TURN_TO_CAMERA: "The shoulders are turned away. Turn them to the camera.",
    Reason.HOLD_STILL: "The pose could not be followed. Hold still for a moment.",
    Reason.SETTLING: "The fit is still being measured. Hold still for a moment.",
    Reason.WORKER_ERROR: "A fault on our side; the picture passed unchanged.",
}
