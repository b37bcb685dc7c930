"""A photo's person: studied once, closely, while the picture is shown again and again."""

from __future__ import annotations

from dataclasses import replace

from pipeline.own_parse import OwnParse
from pipeline.own_parser import OwnParser
from pipeline.structures import Alpha, Image, Pose


class StudiedPhoto:
    """The parser for a live pipeline whose frames are all the same picture.

    A camera's frame has time for one look at the upper body, and its outline is MediaPipe's, drawn
    at 256×256. A photo has time for many looks, and for an outline from them.

    Args:
        parser: None = one of its own.
    """

    def __init__(self, parser: OwnParser | None = None) -> None:
        self._parser = parser or OwnParser()
        self._known: tuple[Image, OwnParse, Alpha] | None = None

    def run(self, image: Image, pose: Pose, *, mirrored: bool = False) -> OwnParse:
        """What the study of this picture said; only a new picture is studied.

        Args:
            image, pose: as for ``OwnParser.study``; mirrored: of no account, both ways are studied.
        """
        return self._studied(image, pose)[0]

    def outlined(self, image: Image, pose: Pose) -> Pose:
        """The pose with the outline that the study of this picture gives."""
        return replace(pose, person_alpha=self._studied(image, pose)[1])

    def _studied(self, image: Image, pose: Pose) -> tuple[OwnParse, Alpha]:
        if self._known is None or self._known[0] is not image:
            parse = self._parser.study(image, pose)
            self._known = image, parse, parse.person(pose.size_wh)
        return self._known[1:]
