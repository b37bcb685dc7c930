"""Running the stages of a flow: one after the other, or recorded once as CUDA graphs and replayed.

The CUDA half has not been run on a GPU by its authors; everything else runs on any processor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from pipeline.stack.flow import Stage, Tensors
from pipeline.stack.keyframe import KeyframeCancelled, StillWanted

logger = logging.getLogger(__name__)

WARM_UP_RUNS = 3  # before recording: libraries choose their kernels and take their memory

GraphPool = Any  # torch's handle of a pool of graphs' memory, which has no public type
Stages = Sequence[tuple[str, Stage]]


class Runner(Protocol):
    """Runs all stages for inputs of the shapes it was made for."""

    def __call__(self, inputs: Mapping[str, Tensor], wanted: StillWanted) -> Tensors:
        """Everything the stages made.

        Raises:
            KeyframeCancelled: ``wanted`` said no between two stages.
        """
        ...

    def stage_ms(self) -> dict[str, float]:
        """How long each stage of the last run took; waits for the device."""
        ...


def check_wanted(wanted: StillWanted) -> None:
    """Stop here when nobody waits any more.

    Raises:
        KeyframeCancelled: nobody does.
    """
    if not wanted():
        raise KeyframeCancelled("The keyframe was cancelled, or came too late.")


class PlainRunner:
    """The stages as they are, on any device.

    Args:
        stages: in their order.
        mark: makes a note of the present moment, see ``Marks``.
    """

    def __init__(self, stages: Stages, cuda: bool = False) -> None:
        self._stages = stages
        self._marks = Marks(cuda)

    def __call__(self, inputs: Mapping[str, Tensor], wanted: StillWanted) -> Tensors:
        """See ``Runner``."""
        made = dict(inputs)
        self._marks.start()
        for name, stage in self._stages:
            check_wanted(wanted)
            made |= stage(made)
            self._marks.after(name)
        return made

    def stage_ms(self) -> dict[str, float]:
        """See ``Runner``."""
        return self._marks.stage_ms()


class GraphRunner:
    """The stages as CUDA graphs, one each, for one set of shapes.

    A graph replays kernels on fixed addresses: inputs are copied to where the first run had them,
    and what is returned is overwritten by the next run.

    Args:
        stages: in their order; none may wait for the device.
        example: inputs of the right shapes and kinds, on the device.
        stream: on which everything runs.
        pool: memory for intermediate results, shared with graphs that never run meanwhile.
    """

    def __init__(
        self,
        stages: Stages,
        example: Mapping[str, Tensor],
        stream: torch.cuda.Stream,
        pool: GraphPool | None = None,
    ) -> None:
        self._inputs = {name: value.clone() for name, value in example.items()}
        self._graphs: list[tuple[str, torch.cuda.CUDAGraph]] = []
        self._marks = Marks(cuda=True)
        self._made: Tensors = dict(self._inputs)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_RUNS):
                PlainRunner(stages, cuda=True)(self._inputs, lambda: True)
        stream.synchronize()
        pool = pool or torch.cuda.graph_pool_handle()
        for name, stage in stages:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(
                graph, pool=pool, stream=stream, capture_error_mode="thread_local"
            ):
                self._made |= stage(self._made)
            self._graphs.append((name, graph))

    def __call__(self, inputs: Mapping[str, Tensor], wanted: StillWanted) -> Tensors:
        """See ``Runner``; must be called with the runner's stream as the current one."""
        for name, kept in self._inputs.items():
            kept.copy_(inputs[name], non_blocking=True)
        self._marks.start()
        for name, graph in self._graphs:
            check_wanted(wanted)
            graph.replay()
            self._marks.after(name)
        return self._made

    def stage_ms(self) -> dict[str, float]:
        """See ``Runner``."""
        return self._marks.stage_ms()


class Marks:
    """Moments between stages, on the clock of the processor or in the stream of a GPU."""

    def __init__(self, cuda: bool) -> None:
        self._cuda = cuda
        self._moments: list[tuple[str, float | torch.cuda.Event]] = []

    def start(self) -> None:
        """Begin a run."""
        self._moments = [("", self._now())]

    def after(self, name: str) -> None:
        """A stage was done, or handed to the device."""
        self._moments.append((name, self._now()))

    def stage_ms(self) -> dict[str, float]:
        """Milliseconds by stage; waits for the device."""
        spent = {}
        for (_, before), (name, after) in zip(self._moments, self._moments[1:], strict=False):
            if isinstance(before, float) and isinstance(after, float):
                spent[name] = (after - before) * 1e3
            elif not isinstance(before, float) and not isinstance(after, float):
                after.synchronize()
                spent[name] = before.elapsed_time(after)
        return spent

    def _now(self) -> float | torch.cuda.Event:
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event


def make_runner(
    stages: Stages,
    example: Mapping[str, Tensor],
    stream: torch.cuda.Stream | None,
    recordable: bool = True,
    pool: GraphPool | None = None,
    on_fallback: Callable[[str], None] = logger.warning,
) -> Runner:
    """The fastest runner that works here.

    Args:
        stages: in their order.
        example: inputs of the right shapes, on the device.
        stream: the CUDA stream; None on the processor.
        recordable: whether every stage may be recorded.
        pool: see ``GraphRunner``.
        on_fallback: told why nothing was recorded, when it should have been.
    """
    if stream is None or not recordable:
        return PlainRunner(stages, cuda=stream is not None)
    try:
        return GraphRunner(stages, example, stream, pool)
    except RuntimeError as error:  # whatever CUDA does not like about recording: run plainly
        on_fallback(f"Keyframes run without CUDA graphs, a little slower ({error}).")
        torch.cuda.synchronize()
        return PlainRunner(stages, cuda=True)


def new_stream(device: torch.device) -> torch.cuda.Stream:
    """A stream of our own on a GPU."""
    stream: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return stream
