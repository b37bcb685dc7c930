"""Whether a photo shows a person wearing the garment."""

from __future__ import annotations

import numpy as np

from pipeline.garments.regions import Mask
from pipeline.native_log import without_native_noise
from pipeline.structures import Box, Image

NEAR_RANGE, FULL_RANGE = 0, 1  # MediaPipe's models for faces up to 2 and 5 m away
SURE = 0.6  # confidence; hoods, prints and shoes stay below
LIKELY = 0.7  # of both models, once a photo is refused anyway; an elephant reaches 0.63
BODY_SEEN = 0.8  # visibility; flat hoodies have a face and shoulders, but knees of 0.5
SURROUND = 0.6  # of the face's size: how far around it is looked
PRINTED = 0.9  # a face surrounded by garment is printed on it


def find_faces(image: Image, reach: int = FULL_RANGE, least: float = SURE) -> list[Box]:
    """Faces in an (H, W, 3) uint8 RGB picture.

    Args:
        image: to look at.
        reach: ``NEAR_RANGE`` or ``FULL_RANGE``.
        least: confidence, 0..1.

    Source: BlazeFace, as shipped with MediaPipe.
    """
    from mediapipe.python.solutions.face_detection import FaceDetection  # slow to import

    height, width = image.shape[:2]
    with without_native_noise():
        detector = FaceDetection(min_detection_confidence=least, model_selection=reach)
        try:
            found = detector.process(np.ascontiguousarray(image)).detections or []
        finally:
            detector.close()
    boxes = []
    for detection in found:
        if detection.score[0] < least:  # the graph has a lower bound of its own
            continue
        area = detection.location_data.relative_bounding_box
        x0, y0 = round(area.xmin * width), round(area.ymin * height)
        boxes.append(Box(x0, y0, x0 + round(area.width * width), y0 + round(area.height * height)))
    return boxes


def shows_person(image: Image, mask: Mask) -> bool:
    """Whether there is a face that is not just printed on the garment.

    Args:
        image: (h, w, 3) uint8 RGB.
        mask: (h, w) bool, what was cut out of it.
    """
    return any(not _is_print(face, mask) for face in find_faces(image))


def hints_at_person(image: Image) -> bool:
    """Whether a photo that is refused anyway seems to show a person: a face, or a whole body.

    It takes less to be told so than to be refused for it: prints and hoods count as faces here.

    Args:
        image: (h, w, 3) uint8 RGB.
    """
    faces = (find_faces(image, reach, LIKELY) for reach in (FULL_RANGE, NEAR_RANGE))
    return any(map(bool, faces)) or _shows_body(image)


def _shows_body(image: Image) -> bool:
    """Somebody from the face down to the knees, also from the side."""
    from mediapipe.python.solutions.pose import Pose, PoseLandmark  # slow to import

    with without_native_noise(), Pose(static_image_mode=True) as pose:
        found = pose.process(np.ascontiguousarray(image)).pose_landmarks
    if found is None:
        return False
    points = PoseLandmark.NOSE, PoseLandmark.LEFT_KNEE, PoseLandmark.RIGHT_KNEE
    return bool(np.mean([found.landmark[point].visibility for point in points]) > BODY_SEEN)


def _is_print(face: Box, mask: Mask) -> bool:
    reach_x, reach_y = round(SURROUND * face.width), round(SURROUND * face.height)
    rows = slice(max(0, face.y0 - reach_y), max(0, face.y1 + reach_y))
    columns = slice(max(0, face.x0 - reach_x), max(0, face.x1 + reach_x))
    around = mask[rows, columns]
    return bool(around.size) and float(around.mean()) > PRINTED
