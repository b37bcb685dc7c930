"""Everything that can go wrong in a way a user can answer, as one tree.

WearcastError
├── InputError             the user gave something we cannot work with (exit code 2, HTTP 4xx)
│   ├── ImageUnreadable    not a picture, truncated, empty
│   ├── ImageTooLarge      too many pixels or bytes
│   ├── VideoUnreadable    not a video, no picture stream, truncated before the first frame
│   ├── GarmentRefused     the photo does not show one garment we can dress
│   ├── GarmentUnknown     no such garment in the catalogue
│   └── NotSupported       understood, but not something this version does
├── PoseIncomplete         a landmark that is needed is not visible
└── WeightsError           a checkpoint is missing, damaged, wrong or not allowed

Every message is one sentence or two for a person: what is wrong, what was expected, what to do.
``code`` is the stable word that machines read (HTTP error bodies, reports).
"""

from __future__ import annotations


class WearcastError(Exception):
    """Base of all errors that carry a message meant for a user."""

    code = "error"


class InputError(WearcastError):
    """The input is at fault, not the program."""

    code = "bad_input"


class ImageUnreadable(InputError):
    """The bytes are not a picture we can decode."""

    code = "image_unreadable"


class ImageTooLarge(InputError):
    """The picture has more pixels or bytes than allowed."""

    code = "image_too_large"


class VideoUnreadable(InputError):
    """The file holds no video we can decode."""

    code = "video_unreadable"


class GarmentRefused(InputError):
    """The photo does not show one garment that can be put on a person."""

    code = "garment_refused"


class GarmentUnknown(InputError):
    """There is no garment with this id."""

    code = "garment_unknown"


class NotSupported(InputError):
    """Understood, but this version does not do it."""

    code = "not_supported"


class PoseIncomplete(WearcastError):
    """A landmark that is needed is not visible; the message names it."""

    code = "pose_incomplete"


class WeightsError(WearcastError):
    """A checkpoint is missing, damaged, of another network, or not allowed here."""

    code = "weights"
