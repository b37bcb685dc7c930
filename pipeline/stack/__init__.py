"""The neural stack. Needs torch and the published weights; neither MediaPipe nor a display.

``Stack.load(device)`` → ``keyframe(frame, pose, garment)`` → ``Keyframe``.
"""

from pipeline.checkpoints.neural_look import missing_weights
from pipeline.stack.crop import FULL_HW, HALF_HW, PersonCrop, find_crop
from pipeline.stack.keyframe import Keyframe, KeyframeCancelled, KeyframeFailed, Order
from pipeline.stack.networks import Precision, StackNetworks
from pipeline.stack.parsers import GroupParser
from pipeline.stack.stack import Stack

__all__ = [
    "FULL_HW",
    "HALF_HW",
    "GroupParser",
    "Keyframe",
    "KeyframeCancelled",
    "KeyframeFailed",
    "Order",
    "PersonCrop",
    "Precision",
    "Stack",
    "StackNetworks",
    "find_crop",
    "missing_weights",
]
