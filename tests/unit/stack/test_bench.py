"""The benchmark of the stack: what it measures, and that it says what it could not."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from pipeline.labels import VitonGroup
from pipeline.stack import HALF_HW, Precision, find_crop
from pipeline.stack_bench import BenchOptions, measure_stack, scene
from pipeline.stack_bench.emulate import ProductsInSingle
from pipeline.stack_bench.floors import GFLOP, floor_ms
from pipeline.stack_bench.report import compare, emulating
from pipeline.stack_bench.timing import spent_ms
from stream_server.commands import bench
from tests.stack_stand_in import small_networks, small_stack
from tests.unit.standing_pose import standing_pose

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    options = BenchOptions(size_hw=HALF_HW, batches=(1, 2), rounds=1, reduced=True, reference=False)
    return measure_stack(options)


def test_every_batch_has_its_figures(result: dict[str, object]) -> None:
    fast = result["fast"]
    assert isinstance(fast, dict) and list(fast) == ["1", "2"]
    for batch, row in fast.items():
        assert row["keyframe_ms"]["p50"] > 0
        expected = 1e3 * int(batch) / row["keyframe_ms"]["p50"]
        assert row["keyframes_per_s"] == pytest.approx(expected, abs=0.01)
        assert set(row["stage_ms"]) == {"parse", "segment", "warp", "synthesize", "finish"}
        assert row["peak_mb"] > 100
    json.dumps(result)


def test_it_says_whose_weights_and_which_clock(result: dict[str, object]) -> None:
    assert "only to try" in str(result["weights"])
    assert result["clock"] == "CPU time of the process"
    assert "CPU" in str(result["machine"])


def test_errors_are_counted_in_levels() -> None:
    stack = small_stack()
    frame, pose = scene.sample_frame(), scene.sample_pose()
    made = stack.keyframe(frame, pose, scene.sample_garment())
    assert compare(made, made)["max"] == 0
    other = emulating(small_networks(), Precision.BF16, HALF_HW)
    with ProductsInSingle():
        rough = other.keyframe(frame, pose, scene.sample_garment())
    error = compare(made, rough)
    assert 0 < error["mean"] < 10 and error["share_within_4"] < 1


def test_times_are_of_the_work_alone() -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return sum(range(200_000))

    times, results = spent_ms(work, 5, CPU)
    assert len(calls) == 6 and len(results) == 5
    assert 0 < times["p50"] <= times["p95"] < 1000


def test_the_drawn_map_has_the_parts_a_person_has() -> None:
    crop = find_crop(scene.sample_pose(), HALF_HW)
    camera, plan = (scene.drawn_groups(crop, dressed) for dressed in (False, True))
    parts = {VitonGroup.HAIR, VitonGroup.FACE, VitonGroup.UPPER, VitonGroup.BOTTOM}
    assert parts <= set(np.unique(camera).tolist())
    assert 0.2 < (camera == VitonGroup.UPPER).mean() < 0.6
    assert (camera != plan).any()


def test_the_floor_of_a_keyframe_is_that_of_its_networks() -> None:
    names = ["schp_cihp", "viton_seg", "viton_gmm", "viton_alias@1024x768"]
    assert floor_ms(*names) == pytest.approx(sum(GFLOP[name] for name in names) / 790)
    assert floor_ms(*names) == pytest.approx(2.40, abs=0.01)


def run(*words: str) -> tuple[int, str]:
    answer = CliRunner().invoke(bench.app, ["stack", *words])
    return answer.exit_code, str(answer.exception)


def test_the_command_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BenchOptions] = []

    def measured(options: BenchOptions, say: object) -> dict[str, object]:
        seen.append(options)
        return {"machine": "none"}

    monkeypatch.setattr("pipeline.stack_bench.measure_stack", measured)
    answer = CliRunner().invoke(
        bench.app, ["stack", "--device", "cpu", "--batch", "1,4", "--precision", "bf16", "--json"]
    )
    assert json.loads(answer.stdout) == {"machine": "none"}
    assert (seen[0].device, seen[0].batches, seen[0].size_hw) == ("cpu", (1, 4), HALF_HW)
    assert seen[0].precision is Precision.BF16


@pytest.mark.parametrize("batch", ["0", "9", "two", ""])
def test_impossible_batches_are_refused(batch: str) -> None:
    code, error = run("--device", "cpu", "--batch", batch or ",")
    assert code != 0 and "--batch takes sizes" in error


def test_a_pose_of_the_benchmark_can_be_dressed() -> None:
    small_stack().prepare(scene.sample_frame(), standing_pose(), scene.sample_garment())
