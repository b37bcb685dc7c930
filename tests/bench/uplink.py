"""How soon Chromium sends its camera at a good rate, as its own statistics tell.

python -m tests.bench.uplink [CLIP]

Needs Chromium. The server is the stand-in with the ``lan`` profile.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from pipeline.clips import VideoReader
from pipeline.samples import swaying_astronaut
from stream_server.commands.frame_code import write_camera_file
from stream_server.commands.stream_bench import CHROMIUM_FLAGS, MAX_CLIP_FRAMES
from tests.bench.watch import server

SECONDS = 6
GOOD_BPS, GOOD_WITHIN_S = 1_200_000, 3
CONNECT_MS = 30_000
KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...settings) { super(...settings); window.connections.push(this); }
};
"""
CONNECTED = "connections.some(one => one.connectionState === 'connected')"
SENT = """
async () => {
  const connection = connections.find(one => one.connectionState === 'connected');
  for (const entry of (await connection.getStats()).values())
    if (entry.type === 'outbound-rtp')
      return {at: performance.now(), bytes: entry.bytesSent, width: entry.frameWidth,
        limit: entry.qualityLimitationReason};
}
"""


def measure(clip: Path | None, folder: Path) -> dict[str, Any]:
    """Bits per second of each of the first seconds after the connection stood."""
    camera = folder / "camera.mjpeg"
    _write_camera(clip, camera)
    flags = [*CHROMIUM_FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    with server(folder) as (_, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "google-chrome", args=flags
        )
        try:
            page = browser.new_page(bypass_csp=True)
            page.add_init_script(KEEP_CONNECTIONS)
            page.goto(url)
            page.get_by_role("button", name="Start mirror").click()
            page.wait_for_function(CONNECTED, timeout=CONNECT_MS)
            sent = [page.evaluate(SENT)]
            for _ in range(SECONDS):
                page.wait_for_timeout(1000)
                sent.append(page.evaluate(SENT))
        finally:
            browser.close()
    rates = [
        round(8000 * (b["bytes"] - a["bytes"]) / (b["at"] - a["at"])) for a, b in pairwise(sent)
    ]
    best = max(rates[:GOOD_WITHIN_S])
    return {
        "bits_per_second": rates,
        "width": sent[-1]["width"],
        "limited_by": [entry["limit"] for entry in sent],
        "faults": [f"{best} bit/s at most in {GOOD_WITHIN_S} s"] if best < GOOD_BPS else [],
    }


def _write_camera(clip: Path | None, camera: Path) -> None:
    if clip is None:
        write_camera_file((frame.image for frame in swaying_astronaut(MAX_CLIP_FRAMES)), camera)
        return
    with VideoReader(clip) as reader:
        write_camera_file((c.frame.image for c in islice(reader, MAX_CLIP_FRAMES)), camera)


def main() -> None:
    clip = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(prefix="wearcast-uplink-") as name:
        report = measure(clip, Path(name))
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    sys.exit(1 if report["faults"] else 0)


if __name__ == "__main__":
    main()
