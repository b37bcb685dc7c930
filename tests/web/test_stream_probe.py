"""What `wearcast bench stream` injects sees the camera and the mirror of the page."""

from __future__ import annotations

from typing import Any

from steps import garment, start_mirror, wait_for_colour

from stream_server.commands.stream_bench import PROBE

CELLS = 16 * 12
LAST_ROW = 16  # cells


def test_the_probe_sees_both_ends_and_a_change_of_garment(open_page: Any) -> None:
    page = open_page(script=PROBE.read_text())
    page.wait_for_selector(".tile")
    start_mirror(page)
    wait_for_colour(page, "r")
    page.wait_for_function("() => __probe.local.length > 9 && __probe.remote.length > 9")
    local, red = page.evaluate("[__probe.local.at(-1), __probe.remote.at(-1)]")
    assert (local["w"], local["h"]) == (red["w"], red["h"]) == (640, 480)
    assert len(local["light"]) == len(red["light"]) == CELLS
    assert red["presented"] >= page.evaluate("__probe.remote.length") - 1
    assert local["code"] is None  # no number is burnt into this camera's pictures
    garment(page, "Green shirt").click()
    wait_for_colour(page, "g")
    page.wait_for_timeout(300)
    green = page.evaluate("__probe.remote.at(-1)")
    changes = [abs(a - b) for a, b in zip(red["light"], green["light"], strict=True)]
    assert max(changes[-LAST_ROW:]) > 20
    assert page.evaluate("__probe.control.readyState") == "open"
