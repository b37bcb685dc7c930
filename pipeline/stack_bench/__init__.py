"""Measuring the stack: the published graphs op by op against the fast path, in one run."""

from pipeline.stack_bench.report import BenchOptions, measure_stack

__all__ = ["BenchOptions", "measure_stack"]
