"""What machines read of a check: JSON, JUnit XML, and one line per case for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from pipeline.regression.compare import Comparison
from pipeline.regression.findings import Metric
from pipeline.regression.runner import Outcome, exit_code, verdict_of
from pipeline.regression.suite import Suite


def to_json(suite: Suite, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything a check found, as plain values."""
    return {
        "suite": suite.name,
        "exit_code": exit_code(outcomes),
        "cases": [
            {
                "id": outcome.case.id,
                "verdict": verdict_of(outcome),
                "problem": outcome.problem or None,
                "resumed": outcome.resumed,
                "notes": list(outcome.now.notes) if outcome.now else [],
                **_compared(outcome.comparison),
            }
            for outcome in outcomes
        ],
    }


def _compared(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return {"regressions": [], "gains": [], "metrics": [], "changes": {}}
    return {
        "regressions": [_plain(metric) for metric in comparison.regressions],
        "gains": [_plain(metric) for metric in comparison.gains],
        "metrics": [_plain(metric) for metric in comparison.metrics],
        "changes": {name: list(pair) for name, pair in comparison.changes.items()},
    }


def _plain(metric: Metric) -> dict[str, Any]:
    table = asdict(metric) | {"verdict": metric.verdict.value}
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in table.items()}


def to_junit(suite: Suite, outcomes: Sequence[Outcome]) -> bytes:
    """One test case per case: a regression is a failure, a case not judged is an error."""
    root = ElementTree.Element("testsuites")
    group = ElementTree.SubElement(
        root,
        "testsuite",
        name=suite.name,
        tests=str(len(outcomes)),
        failures=str(sum(outcome.failed for outcome in outcomes)),
        errors=str(sum(bool(outcome.problem) for outcome in outcomes)),
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            group, "testcase", classname=f"wearcast.{suite.name}", name=outcome.case.id
        )
        if outcome.problem:
            ElementTree.SubElement(case, "error", message=outcome.problem)
        elif outcome.failed:
            lines = tell(outcome)
            failure = ElementTree.SubElement(case, "failure", message=lines[0])
            failure.text = "\n".join(lines)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def tell(outcome: Outcome) -> list[str]:
    """What happened to a case, a line each: causes first, what follows from them in short."""
    if outcome.problem:
        return [outcome.problem]
    if outcome.comparison is None:
        return []
    lines = [f"{m.name}: {m.sentence}" for m in outcome.comparison.regressions if not m.follows]
    along = [m.name for m in outcome.comparison.regressions if m.follows]
    if along:
        lines.append(f"Along with it: {', '.join(along)}.")
    lines += [f"{m.name}: {m.sentence}" for m in outcome.comparison.gains]
    lines += list(outcome.now.notes) if outcome.now else []
    changes = outcome.comparison.changes
    if changes and outcome.failed:
        lines.append(
            "Changed since: " + ", ".join(f"{n} {a} → {b}" for n, (a, b) in changes.items())
        )
    return lines
