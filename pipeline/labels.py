"""Named numbers: landmark orders, joint orders and parse classes. No magic indices elsewhere."""

from __future__ import annotations

from enum import IntEnum

MIN_VISIBILITY = 0.5
"""Below this MediaPipe guesses: of 17 joints OpenPose left empty it gave 14 less than 0.45."""


class Landmark(IntEnum):
    """MediaPipe Pose's 33 body landmarks; left and right are the person's own."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


class Body25(IntEnum):
    """OpenPose BODY_25 joints."""

    NOSE = 0
    NECK = 1
    R_SHOULDER = 2
    R_ELBOW = 3
    R_WRIST = 4
    L_SHOULDER = 5
    L_ELBOW = 6
    L_WRIST = 7
    MID_HIP = 8
    R_HIP = 9
    R_KNEE = 10
    R_ANKLE = 11
    L_HIP = 12
    L_KNEE = 13
    L_ANKLE = 14
    R_EYE = 15
    L_EYE = 16
    R_EAR = 17
    L_EAR = 18
    L_BIG_TOE = 19
    L_SMALL_TOE = 20
    L_HEEL = 21
    R_BIG_TOE = 22
    R_SMALL_TOE = 23
    R_HEEL = 24


class Lip(IntEnum):
    """Parts of the LIP data set; left and right are the person's own."""

    BACKGROUND = 0
    HAT = 1
    HAIR = 2
    GLOVE = 3
    SUNGLASSES = 4
    UPPER_CLOTHES = 5
    DRESS = 6
    COAT = 7
    SOCKS = 8
    PANTS = 9
    JUMPSUITS = 10
    SCARF = 11
    SKIRT = 12
    FACE = 13
    LEFT_ARM = 14
    RIGHT_ARM = 15
    LEFT_LEG = 16
    RIGHT_LEG = 17
    LEFT_SHOE = 18
    RIGHT_SHOE = 19


class Cihp(IntEnum):
    """Parts of the CIHP data set: LIP's, but 10 is the skin of neck and chest.

    VITON-HD was trained on these; with LIP's labels its neck would never be erased.
    """

    BACKGROUND = 0
    HAT = 1
    HAIR = 2
    GLOVE = 3
    SUNGLASSES = 4
    UPPER_CLOTHES = 5
    DRESS = 6
    COAT = 7
    SOCKS = 8
    PANTS = 9
    TORSO_SKIN = 10
    SCARF = 11
    SKIRT = 12
    FACE = 13
    LEFT_ARM = 14
    RIGHT_ARM = 15
    LEFT_LEG = 16
    RIGHT_LEG = 17
    LEFT_SHOE = 18
    RIGHT_SHOE = 19


class Atr(IntEnum):
    """Parts of the ATR data set; left and right are the person's own."""

    BACKGROUND = 0
    HAT = 1
    HAIR = 2
    SUNGLASSES = 3
    UPPER_CLOTHES = 4
    SKIRT = 5
    PANTS = 6
    DRESS = 7
    BELT = 8
    LEFT_SHOE = 9
    RIGHT_SHOE = 10
    FACE = 11
    LEFT_LEG = 12
    RIGHT_LEG = 13
    LEFT_ARM = 14
    RIGHT_ARM = 15
    BAG = 16
    SCARF = 17


class Pascal(IntEnum):
    """Parts of the Pascal-Person-Part data set."""

    BACKGROUND = 0
    HEAD = 1
    TORSO = 2
    UPPER_ARMS = 3
    LOWER_ARMS = 4
    UPPER_LEGS = 5
    LOWER_LEGS = 6


class OwnPart(IntEnum):
    """Parts that Wearcast's own parser tells apart; left and right are told apart by the pose."""

    BACKGROUND = 0
    HAIR = 1
    FACE = 2  # with ears, beard and glasses
    NECK = 3  # and all other bare skin of the torso
    UPPER = 4  # whatever covers the chest, a dress to its hem
    ARMS = 5  # bare skin from shoulder to wrist
    HANDS = 6
    LOWER = 7
    LEGS = 8
    FEET = 9  # and shoes
    ACCESSORY = 10  # worn or held and no clothes: hat, scarf, lanyard, bag, phone


class GarmentClass(IntEnum):
    """Classes of the garment segmentation network."""

    BACKGROUND = 0
    UPPER = 1
    LOWER = 2
    FULL_BODY = 3


class VitonGroup(IntEnum):
    """The 13 groups of CIHP parts that VITON-HD's segmentation generator works with."""

    BACKGROUND = 0
    HAIR = 1
    FACE = 2
    UPPER = 3
    BOTTOM = 4
    LEFT_ARM = 5
    RIGHT_ARM = 6
    LEFT_LEG = 7
    RIGHT_LEG = 8
    LEFT_SHOE = 9
    RIGHT_SHOE = 10
    SOCKS = 11
    NOISE = 12


class VitonRegion(IntEnum):
    """The 7 regions that VITON-HD's synthesis works with; "paste" is what it need not invent."""

    BACKGROUND = 0
    PASTE = 1
    UPPER = 2
    HAIR = 3
    LEFT_ARM = 4
    RIGHT_ARM = 5
    NOISE = 6
