"""Whether a photo shows a person wearing the garment."""

from __future__ import annotations

import numpy as np

from pipeline.garments.regions import Mask
from pipeline.native_log import without_native_noise
from pipeline.structures import Box, Image

FULL_RANGE = 1  # MediaPipe's model for faces up to 5 m away; it is inside the wheel
SURE = 0.6  # confidence; hoods, prints and shoes stay below
SURROUND = 0.6  # of the face's size: how far around it is looked
PRINTED = 0.9  # a face surrounded by garment is printed on it


def find_faces(image: Image) -> list[Box]:
    """Faces in an (H, W, 3) uint8 RGB picture.

    Source: BlazeFace full range, as shipped with MediaPipe.
    """
    from mediapipe.python.solutions.face_detection import FaceDetection  # slow to import

    height, width = image.shape[:2]
    with without_native_noise():
        detector = FaceDetection(min_detection_confidence=SURE, model_selection=FULL_RANGE)
        try:
            found = detector.process(np.ascontiguousarray(image)).detections or []
        finally:
            detector.close()
    boxes = []
    for detection in found:
        if detection.score[0] < SURE:  # the graph has a lower bound of its own
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


def _is_print(face: Box, mask: Mask) -> bool:
    reach_x, reach_y = round(SURROUND * face.width), round(SURROUND * face.height)
    rows = slice(max(0, face.y0 - reach_y), max(0, face.y1 + reach_y))
    columns = slice(max(0, face.x0 - reach_x), max(0, face.x1 + reach_x))
    around = mask[rows, columns]
    return bool(around.size) and float(around.mean()) > PRINTED
