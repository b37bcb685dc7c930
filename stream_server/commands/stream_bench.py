"""``wearcast bench stream``: the live mirror in a real Chromium, measured through its own eyes.

A clip with a number burnt into every frame plays as the camera. A probe in the page reads the
number from the camera's frame when it reaches the browser, and from the page's own video when that
shows the frame again: the time between the two is the glass-to-glass latency of that frame.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import InputError, WearcastError
from pipeline.structures import Frame
from stream_server.commands.frame_code import write_camera_file

if TYPE_CHECKING:
    from playwright.sync_api import Page

SERVER = ("stream_server.cli", "serve")
PROBE = Path(__file__).with_name("stream_probe.js")
MAX_CLIP_FRAMES = 300
READY_S = 300.0  # the first start compiles the kernels: a minute or two, more on a busy machine
FIRST_PICTURE_MS = 30_000
SWITCHES = 6
SWITCH_WAIT_S = 1.5
MAX_LATENCY_MS = 5_000.0
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class BenchFailed(WearcastError):
    """The measurement itself did not come about."""

    code = "bench_failed"


def measure_stream(
    frames: Iterable[Frame],
    garments: tuple[str, str],
    seconds: float,
    screenshot: Path | None,
    server: Sequence[str] = SERVER,
) -> dict[str, Any]:
    """Run server and browser on this machine and measure what a shopper gets.

    Args:
        frames: the clip for the camera; the first ``MAX_CLIP_FRAMES`` are used.
        garments: a light and a dark garment id, to be told apart by their brightness.
        seconds: how long to watch before the garment is switched.
        screenshot: where to put a picture of the page, or None.
        server: module and arguments that start it; ``--port`` and ``--catalog`` are added.

    Returns:
        ``first_frame_ms``, ``first_dressed_ms`` (from the click on start),
        ``camera_fps`` (what reaches the browser), ``fps`` (frames that came back and that
        the probe looked at), ``presented_fps`` (those that the page's video showed),
        ``latency_p50_ms``, ``latency_p95_ms``, ``latency_slope_ms_per_s``, ``switch_p50_ms``,
        ``switch_max_ms``, ``server_cores``, ``browser_cores`` (busy, before the switching),
        ``server_cpu_ms_per_frame``, ``browser_cpu_ms_per_frame`` (for each frame that came back),
        ``sent_wh``, ``frames``, ``keyframes`` (that networks made) and
        ``keyframe_age_ms`` (mean over the frames that wore one; None without).

    Raises:
        InputError: Chromium or Playwright is missing.
        BenchFailed: no picture came back.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise InputError("There is no chromium on this machine. Install Debian's package chromium.")
    with tempfile.TemporaryDirectory(prefix="wearcast-bench-") as name:
        folder = Path(name)
        camera = folder / "camera.mjpeg"
        written = write_camera_file((f.image for f in islice(frames, MAX_CLIP_FRAMES)), camera)
        if written == 0:
            raise InputError("The clip holds no frame.")
        with _server(server, folder / "catalog") as (address, server_pid):
            return _watch(chromium, camera, address, server_pid, garments, seconds, screenshot)


@contextmanager
def _server(module: Sequence[str], catalog: Path) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", *module, "--port", str(port)]
    process = subprocess.Popen([*command, "--catalog", str(catalog)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_ready(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise BenchFailed("The server did not get ready. Start it by hand with: wearcast serve")


def _watch(
    chromium: str,
    camera: Path,
    address: str,
    server_pid: int,
    garments: tuple[str, str],
    seconds: float,
    screenshot: Path | None,
) -> dict[str, Any]:
    try:
        import psutil
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise InputError(
            "The stream benchmark drives a browser with Playwright. Install it with:"
            " .venv/bin/pip install -e '.[dev]'"
        ) from error
    server = psutil.Process(server_pid)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[*CHROMIUM_FLAGS, f"--use-file-for-fake-video-capture={camera}"],
        )
        try:
            # the probe waits with evaluated expressions, which the page's policy rightly forbids
            page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
            page.add_init_script(path=PROBE)
            page.goto(address)
            started = _start(page)
            _select(page, garments[0])
            cpu = _CpuShare(server, psutil.Process())
            page.wait_for_timeout(seconds * 1000)
            shares = cpu.cores()
            if screenshot is not None:
                page.screenshot(path=screenshot)
            switches = _switch_garments(page, garments)
            seen = page.evaluate("({local: __probe.local, remote: __probe.remote})")
            keyframes = _keyframes(address)
        except Error as error:
            raise BenchFailed(f"The browser gave up: {error.message.splitlines()[0]}") from error
        finally:
            browser.close()
    figures = _figures(seen, started, seconds)
    per_frame = {
        name.replace("cores", "cpu_ms_per_frame"): round(1000 * cores / figures["fps"], 1)
        for name, cores in shares.items()
    }
    return {**figures, **_switch_times(seen, switches), **shares, **per_frame, **keyframes}


def _keyframes(address: str) -> dict[str, Any]:
    """What the server counted of network keyframes."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }
    worn = values["wearcast_keyframe_age_seconds_count"]
    age_s = values["wearcast_keyframe_age_seconds_sum"]
    return {
        "keyframes": round(values["wearcast_keyframes_total"]),
        "keyframe_age_ms": round(1000 * age_s / worn) if worn else None,
    }


def _start(page: Page) -> float:
    page.get_by_role("button", name="Start mirror").click()
    started: float = page.evaluate("performance.now()")
    page.wait_for_function("__probe.remote.length > 0", timeout=FIRST_PICTURE_MS)
    page.wait_for_function("__probe.control?.readyState === 'open'", timeout=FIRST_PICTURE_MS)
    return started


def _select(page: Page, garment: str) -> float:
    moment: float = page.evaluate(
        "garment => { __probe.control.send(JSON.stringify({type: 'select', garment}));"
        " return performance.now(); }",
        garment,
    )
    return moment


def _switch_garments(page: Page, garments: tuple[str, str]) -> list[tuple[float, str]]:
    """Switch back and forth; returns when each was asked for and which garment it was."""
    moments = []
    for turn in range(SWITCHES):
        garment = garments[(turn + 1) % 2]
        moments.append((_select(page, garment), garment))
        page.wait_for_timeout(SWITCH_WAIT_S * 1000)
    return moments


class _CpuShare:
    """Busy cores of the server and of the browser between two moments."""

    def __init__(self, server: Any, own: Any) -> None:
        self._server, self._own = server, own
        self._since = time.monotonic()
        self._before = self._seconds()

    def _seconds(self) -> tuple[float, float]:
        return _cpu_seconds(self._server), _cpu_seconds(self._own) - _cpu_seconds(self._server)

    def cores(self) -> dict[str, float]:
        span = time.monotonic() - self._since
        server, browser = self._seconds()
        return {
            "server_cores": round((server - self._before[0]) / span, 2),
            "browser_cores": round((browser - self._before[1]) / span, 2),
        }


def _cpu_seconds(process: Any) -> float:
    import psutil

    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _figures(seen: dict[str, Any], started: float, seconds: float) -> dict[str, Any]:
    local, remote = seen["local"], seen["remote"]
    if not remote:
        raise BenchFailed("No picture came back from the server.")
    end = started + 1000 * seconds
    latencies = np.array(_latencies(local, [row for row in remote if row["t"] < end]))
    settled = latencies[latencies[:, 0] > started + 3000] if len(latencies) else latencies
    if len(settled) < 2:
        raise BenchFailed("The burnt-in numbers could not be read from the returned picture.")
    shown = [row for row in remote if started + 3000 < row["t"] < end]
    times = [row["t"] for row in shown]
    camera = [row["t"] for row in local if started + 3000 < row["t"] < end]
    slope = np.polyfit(settled[:, 0] / 1000, settled[:, 1], 1)[0]
    return {
        "frames": len(times),
        "first_frame_ms": round(remote[0]["t"] - started),
        "first_dressed_ms": _first_dressed_ms(local, remote, started),
        "camera_fps": round(1000 * (len(camera) - 1) / (camera[-1] - camera[0]), 1),
        "fps": round(1000 * (len(times) - 1) / (times[-1] - times[0]), 1),
        "presented_fps": round(1000 * _presented(shown) / (times[-1] - times[0]), 1),
        "latency_p50_ms": round(float(np.percentile(settled[:, 1], 50)), 1),
        "latency_p95_ms": round(float(np.percentile(settled[:, 1], 95)), 1),
        "latency_slope_ms_per_s": round(float(slope), 2),
        "sent_wh": [remote[-1]["w"], remote[-1]["h"]],
    }


def _presented(rows: list[Any]) -> int:
    """Frames that the page's video showed between the first and the last of these rows."""
    return int(rows[-1]["presented"]) - int(rows[0]["presented"])


def _latencies(local: list[Any], remote: list[Any]) -> list[tuple[float, float]]:
    """(moment, latency) in ms of each frame whose number was read at both ends."""
    shown: dict[int, float] = {}
    found, last_code, upto = [], None, 0
    for row in remote:
        while upto < len(local) and local[upto]["t"] <= row["t"]:
            if local[upto]["code"] is not None:
                shown[local[upto]["code"]] = local[upto]["t"]
            upto += 1
        code = row["code"]
        if code is None or code == last_code or code not in shown:
            continue
        last_code = code
        if row["t"] - shown[code] < MAX_LATENCY_MS:
            found.append((row["t"], row["t"] - shown[code]))
    return found


def _light(rows: list[Any]) -> NDArray[np.float64]:
    return np.array([row["light"] for row in rows], np.float64)


DRESSED_DIFFERENCE = 30.0  # grey levels in the strongest cell; compression alone stays below 10


def _first_dressed_ms(local: list[Any], remote: list[Any], started: float) -> int | None:
    """When the returned picture first differs from the camera's, in any cell below the strip."""
    by_code = {row["code"]: row["light"] for row in local if row["code"] is not None}
    for row in remote:
        camera = by_code.get(row["code"])
        if camera is None:
            continue
        mirrored = np.reshape(row["light"], (12, 16))[2:, ::-1]
        if np.abs(np.reshape(camera, (12, 16))[2:] - mirrored).max() > DRESSED_DIFFERENCE:
            return round(float(row["t"]) - started)
    return None


def _switch_times(seen: dict[str, Any], switches: list[tuple[float, str]]) -> dict[str, Any]:
    """From asking for a garment to the first frame that looks more like it than like the other."""
    remote = seen["remote"]
    times = np.array([row["t"] for row in remote])
    light = _light(remote)
    waits: list[float] = []
    for moment, _garment in switches:
        before = light[(times > moment - 400) & (times <= moment)]
        after = light[(times > moment + 1000) & (times <= moment + 1000 * SWITCH_WAIT_S)]
        if len(before) == 0 or len(after) == 0:
            continue
        old, new = before.mean(0), after.mean(0)
        change = new - old
        # all changed cells together: a hand that passes before one of them is no garment
        change[np.abs(change) < DRESSED_DIFFERENCE] = 0.0
        if not change.any():
            continue
        later = np.nonzero(times > moment)[0]
        done = (light[later] - old) @ change > 0.5 * (change @ change)
        waits.append(float(times[later[done.argmax()]] - moment))
    return {
        "switches": len(waits),
        "switch_p50_ms": round(float(np.median(waits))) if waits else None,
        "switch_max_ms": round(max(waits)) if waits else None,
    }
