"""Commands that take a picture or a folder of them: which, and on past those that are bad."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from pipeline.errors import ImageTooLarge, ImageUnreadable
from stream_server.commands.display import make_progress

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
NAMED = 5  # of the bad ones, in the last sentence; each was told when it was met


def find_pictures(source: Path) -> list[Path]:
    """The picture itself, or all of a folder, by name.

    Raises:
        ImageUnreadable: nothing is there, or no picture is in the folder.
    """
    if source.is_dir():
        found = sorted(p for p in source.iterdir() if p.suffix.lower() in PICTURES)
        if not found:
            raise ImageUnreadable(f"{source} holds no picture ({', '.join(PICTURES)}).")
        return found
    if not source.exists():
        raise ImageUnreadable(f"There is no picture or folder at {source}. Check the path.")
    return [source]


def result_names(pictures: Collection[Path]) -> Mapping[Path, str]:
    """What the results of each picture are named after: it, with its ending if two share it."""
    stems = Counter(picture.stem for picture in pictures)
    return {p: p.name if stems[p.stem] > 1 else p.stem for p in pictures}


def each_picture(
    pictures: Collection[Path], work: Callable[[Path], None], description: str
) -> list[Path]:
    """Do something with every picture. Of many, those that cannot be read are told and passed over.

    Returns:
        The unreadable ones; hand them to ``raise_if_any`` once the rest is reported.

    Raises:
        ImageUnreadable, ImageTooLarge: the only picture there is.
    """
    unreadable: list[Path] = []
    if len(pictures) == 1:  # no bar: it would show nothing but the end
        work(*pictures)
        return unreadable
    with make_progress() as progress:
        for picture in progress.track(pictures, description=description):
            try:
                work(picture)
            except (ImageUnreadable, ImageTooLarge) as error:
                unreadable.append(picture)
                progress.console.print(str(error), markup=False)
    return unreadable


def raise_if_any(unreadable: list[Path], total: int) -> None:
    """Raises ``ImageUnreadable``, which names them, when there were unreadable pictures."""
    if unreadable:
        names = ", ".join(path.name for path in unreadable[:NAMED])
        more = ", …" if len(unreadable) > NAMED else ""
        raise ImageUnreadable(
            f"{len(unreadable)} of {total} pictures could not be read: {names}{more}."
        )
